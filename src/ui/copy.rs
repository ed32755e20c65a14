//! Copying to the clipboard.

use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A text shown once, and a button that copies it. Without JavaScript the text can be selected.
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
) -> impl IntoView {
    let (label, set_label) = signal("Copy");
    let copied = text.clone();
    let copy = move |_| {
        let text = copied.clone();
        leptos::task::spawn_local(async move {
            set_label.set(if write_to_clipboard(&text).await { "Copied" } else { "Select and copy by hand" });
        });
    };
    view! {
        <div class="secret">
            <code id="secret">{text}</code>
            <button type="button" class="quiet" on:click=copy aria-live="polite">{move || label.get()}</button>
        </div>
    }
}

/// Runs in the browser only: the server renders the button but never presses it.
async fn write_to_clipboard(text: &str) -> bool {
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
