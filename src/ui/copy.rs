//! Text to take along.

use leptos::prelude::*;

/// Code, or a secret that is shown once, and a button that copies it (`public/page.js`). Without JavaScript there is no
/// button, and the text can be selected.
#[component]
pub fn CodeBlock(
    /// What is shown and copied.
    text: String,
    /// An id, if something refers to it.
    #[prop(optional)]
    id: Option<String>,
) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0"><code id=id>{text}</code></pre>
            <button type="button" class="quiet" data-copy="">"Copy"</button>
        </div>
    }
}
