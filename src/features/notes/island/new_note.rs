//! The form for a new note.

use leptos::{ev, prelude::*, task::spawn_local};
use uuid::Uuid;

use super::fields::{Fields, Inputs};
use crate::{
    features::notes::{Note, server_fns::create_note},
    ui::{FormErrors, FormGuard, FormNotice, FormState, toast},
};

#[component]
pub(super) fn NewNote(account: Uuid, form: FormState, on_created: Callback<Note>) -> impl IntoView {
    let inputs = Inputs::default();
    let errors = FormErrors::of(&form);
    let (busy, set_busy) = signal(false);

    let create = move || {
        let Some(draft) = inputs.draft() else { return };
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        spawn_local(async move {
            let result = create_note(draft, Some(account)).await;
            set_busy.set(false);
            errors.show(result.as_ref().err());
            if let Ok(note) = result {
                on_created.run(note);
                toast("Note added");
                inputs.clear();
            }
        });
    };
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        create();
    };
    let on_keydown = move |event: ev::KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key() == "Enter" {
            event.prevent_default();
            create();
        }
    };

    view! {
        <section class="card">
            <h2>"New note"</h2>
            <FormNotice class="notice" errors back="/notes" />
            <form method="post" action="/notes" on:submit=on_submit on:keydown=on_keydown>
                <FormGuard />
                <Fields inputs form errors rows="4" />
                <div class="row">
                    <button aria-busy=move || busy.get().then_some("true")>"Add note"</button>
                    <span class="hint keys">"or " <kbd>"Ctrl"</kbd> " " <kbd>"Enter"</kbd></span>
                </div>
            </form>
        </section>
    }
}
