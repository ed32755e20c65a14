//! Text to take along.

use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::toast::toast;

/// Code, or a secret that is shown once, and a button that copies it. Without JavaScript the text can be selected.
#[island]
pub fn CodeBlock(
    /// What is shown and copied.
    text: String,
    /// An id, if something refers to it.
    #[prop(optional)]
    id: Option<String>,
) -> impl IntoView {
    let (label, set_label) = signal("Copy");
    let copied = text.clone();
    let copy = move |_| {
        let text = copied.clone();
        leptos::task::spawn_local(async move {
            let done = write_to_clipboard(&text).await;
            set_label.set(if done { "Copied" } else { "Copy" });
            toast(if done {
                "Copied"
            } else {
                "The browser did not let us copy. Select the text and copy it by hand."
            });
        });
    };
    view! {
        <div class="code">
            <pre tabindex="0"><code id=id>{text}</code></pre>
            <button type="button" class="quiet" on:click=copy>{move || label.get()}</button>
        </div>
    }
}

/// Runs in the browser only: the server renders the button but never presses it.
async fn write_to_clipboard(text: &str) -> bool {
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
