//! Small pieces of text.

use leptos::prelude::*;

use crate::timestamp::Timestamp;

/// An instant for people, with the exact one for machines.
#[component]
pub fn Time(
    /// When.
    at: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.to_string()>{at.to_minute()}</time> }
}

/// What is wrong with a whole form, announced as soon as it is there.
#[component]
pub fn Notice(
    /// What to say; nothing is no notice.
    text: Option<String>,
) -> impl IntoView {
    text.map(|text| view! { <p class="notice" role="alert">{text}</p> })
}
