//! What the pages of notes look like, around their islands.

use leptos::prelude::*;
use uuid::Uuid;

use super::{
    Note, NotesPage,
    island::{NoteBoard, NoteEditor},
};
use crate::ui::{Confirm, FormState, Time};

#[component]
pub(super) fn NotesView(account: Uuid, first: NotesPage, q: String, form: FormState) -> impl IntoView {
    view! {
        <header>
            <h1>"Notes"</h1>
        </header>
        <NoteBoard account first q form />
    }
}

#[component]
pub(super) fn NoteView(account: Uuid, note: Note, version: i64, form: FormState, overtaken: bool) -> impl IntoView {
    let theirs = overtaken.then(|| {
        let href = format!("/notes/{}", note.id);
        view! { <p><a href=href target="_blank">"See their version in a new tab"</a></p> }
    });
    view! {
        <header>
            <p class="back"><a href="/notes">"All notes"</a></p>
            <h1>"Edit note"</h1>
        </header>
        <section class="card">
            {theirs}
            <NoteEditor account id=note.id version form />
            <p class="hint">"Made " <Time at=note.created_at /> ", changed " <Time at=note.updated_at /></p>
        </section>
        <div class="deed">
            <Confirm
                id="delete"
                open="Delete this note…"
                title=format!("Delete “{}”?", note.title)
                action=format!("/notes/{}/delete", note.id)
                confirm="Delete for good"
            >
                "Nobody can bring it back."
            </Confirm>
        </div>
    }
}
