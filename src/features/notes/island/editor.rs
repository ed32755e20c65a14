//! The form that edits a note.

use leptos::{ev, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::fields::{Fields, Inputs};
use crate::{
    features::notes::server_fns::save_note,
    ui::{FormErrors, FormGuard, FormNotice, FormState},
};

const SAVING: &str = "Saving…";

/// Edits one note, and saves it in place: by the button, or by Ctrl+S.
#[island]
pub fn NoteEditor(
    /// The account the page was rendered for.
    account: Uuid,
    /// The note's id.
    id: Uuid,
    /// The version that is being edited.
    version: i64,
    /// The note's text, or what was typed and is wrong with it.
    form: FormState,
) -> impl IntoView {
    let inputs = Inputs::default();
    let errors = FormErrors::of(&form);
    let (version, set_version) = signal(version);
    let (status, set_status) = signal("");

    let save = move || {
        let Some(draft) = inputs.draft() else { return };
        if status.get_untracked() == SAVING {
            return;
        }
        set_status.set(SAVING);
        spawn_local(async move {
            let result = save_note(id, version.get_untracked(), draft, Some(account)).await;
            set_status.set(if result.is_ok() { "Saved" } else { "Not saved" });
            errors.show(result.as_ref().err());
            if let Ok(version) = result {
                set_version.set(version);
            }
        });
    };
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let on_keydown = move |event: ev::KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key() == "s" {
            event.prevent_default();
            save();
        }
    };
    let on_input = move |_| {
        if status.get_untracked() != SAVING {
            set_status.set("Not saved yet");
        }
    };

    view! {
        <FormNotice class="notice" errors back=format!("/notes/{id}") />
        <form
            method="post"
            action=format!("/notes/{id}")
            on:submit=on_submit
            on:keydown=on_keydown
            on:input=on_input
        >
            <FormGuard />
            <input type="hidden" name="version" value=version.get_untracked() prop:value=move || version.get() />
            <Fields inputs form errors rows="14" />
            <div class="row">
                <button aria-busy=move || (status.get() == SAVING).then_some("true")>"Save"</button>
                <span class="hint" role="status">{move || status.get()}</span>
            </div>
        </form>
    }
}
