//! The HTML of the pages, around their islands.

use leptos::prelude::*;
use uuid::Uuid;

use super::{
    Note, NotesPage,
    island::{board::NoteBoard, editor::NoteEditor},
};
use crate::ui::{Confirm, FormState, Time};

#[component]
pub(super) fn NotesView(account: Uuid, first: NotesPage, q: String, form: FormState) -> impl IntoView {
    view! {
        <header data-events="notes">
            <h1>"Notes"</h1>
        </header>
        <NoteBoard account first q form />
    }
}

#[component]
pub(super) fn NoteView(
    account: Uuid,
    note: Note,
    form: FormState,
    /// Whether somebody else has changed the note since the form was rendered.
    changed_elsewhere: bool,
) -> impl IntoView {
    let theirs = changed_elsewhere.then(|| {
        let href = format!("/notes/{}", note.id);
        view! { <p><a href=href target="_blank">"View the other version in a new tab"</a></p> }
    });
    view! {
        <header data-events="notes">
            <p class="back"><a href="/notes">"All notes"</a></p>
            <h1>"Edit note"</h1>
        </header>
        <section class="card">
            {theirs}
            <NoteEditor account id=note.id version=note.version form />
            <p class="hint">"Created " <Time at=note.created_at /> ", last changed " <Time at=note.updated_at /></p>
        </section>
        <div class="page-actions">
            <Confirm
                id="delete"
                open="Delete this note…"
                title=format!("Delete “{}”?", note.title)
                action=format!("/notes/{}/delete", note.id)
                confirm="Delete for good"
            >
                "You cannot undo this."
            </Confirm>
        </div>
    }
}
