//! Seeing what one types into a password field.

use leptos::{ev, prelude::*};

/// A button that shows what is in the field, and hides it again. It is there only where it works, with JavaScript, and
/// what it shows is hidden before the form is sent.
#[island]
pub fn Reveal(
    /// The id of the field.
    field: String,
    /// How the field is called, for screen readers that list buttons.
    label: String,
) -> impl IntoView {
    let (alive, set_alive) = signal(false);
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
        set_alive.set(true);
        let show = show.clone();
        let handle = window_event_listener(ev::submit, move |_| show(false));
        on_cleanup(move || handle.remove());
    });
    view! {
        <button
            type="button"
            class="reveal"
            hidden=move || !alive.get()
            aria-pressed=move || shown.get().to_string()
            on:click=toggle
        >
            "Show"<span class="unseen">" "{label}</span>
        </button>
    }
}
