//! A short label beside something.

use leptos::prelude::*;

/// A short label, as in `<Badge>"Expired"</Badge>`. Its colour is decoration: the word must say it all.
#[component]
pub fn Badge<C: IntoView + 'static>(children: TypedChildren<C>) -> impl IntoView {
    view! { <span class="badge">{children.into_inner()()}</span> }
}
