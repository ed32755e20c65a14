//! A button that shows the text of a password field.

use leptos::{ev, prelude::*};

/// Shows the password in a field, and hides it again. The button appears only with JavaScript. The password is hidden
/// before the form is submitted.
#[island]
pub fn Reveal(
    /// The id of the field.
    field: String,
    /// The field's label, for screen readers that list buttons.
    label: String,
) -> impl IntoView {
    let (hydrated, set_hydrated) = signal(false);
    let (shown, set_shown) = signal(false);
    let show = move |show: bool| {
        if let Some(input) = document().get_element_by_id(&field) {
            let _ = input.set_attribute("type", if show { "text" } else { "password" });
            set_shown.set(show);
        }
    };
    let toggle = {
        let show = show.clone();
        move |_| show(!shown.get_untracked())
    };
    Effect::new(move |_| {
        set_hydrated.set(true);
        let show = show.clone();
        let handle = window_event_listener(ev::submit, move |_| show(false));
        on_cleanup(move || handle.remove());
    });
    view! {
        <button
            type="button"
            class="reveal"
            hidden=move || !hydrated.get()
            aria-pressed=move || shown.get().to_string()
            on:click=toggle
        >
            "Show"<span class="unseen">" "{label}</span>
        </button>
    }
}
