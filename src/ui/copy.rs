//! Text with a button that copies it.

use leptos::prelude::*;

/// Code, or a secret that is shown once, with a button that copies it (`public/page.js`). Without JavaScript the button
/// is hidden, and the text can be selected.
#[component]
pub fn CodeBlock(
    /// The text to show and copy.
    text: String,
    /// The id of the `<code>` element, if something refers to it.
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
