//! A short label beside something.

use leptos::prelude::*;

/// A short label, as in `<Badge>"Expired"</Badge>`. Its colour is decoration: the word must say it all.
#[component]
pub fn Badge(children: Children) -> impl IntoView {
    view! { <span class="badge">{children()}</span> }
}
