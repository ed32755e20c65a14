//! A word about something, beside it.

use leptos::prelude::*;

/// `<Badge>"Expired"</Badge>`. Never the only sign of a state that matters: colour alone says nothing.
#[component]
pub fn Badge(children: Children) -> impl IntoView {
    view! { <span class="badge">{children()}</span> }
}
