//! A message about a form as a whole.

use leptos::prelude::*;

/// A message above a form. Screen readers announce it when the page opens.
#[component]
pub fn Notice(
    /// The message. Without one, nothing is rendered.
    text: Option<String>,
) -> impl IntoView {
    text.map(|text| view! { <p class="notice" role="alert">{text}</p> })
}
