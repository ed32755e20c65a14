//! What is wrong with a whole form.

use leptos::prelude::*;

/// Stands above the form and is announced as soon as it is there.
#[component]
pub fn Notice(
    /// What to say; nothing is no notice.
    text: Option<String>,
) -> impl IntoView {
    text.map(|text| view! { <p class="notice" role="alert">{text}</p> })
}
