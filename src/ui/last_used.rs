//! "Last used here", beside the way to sign in that this browser used last.

use leptos::prelude::*;

use super::Badge;

/// The way that this browser used last: the name of its factor. In the context of every page.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastWay(pub Option<&'static str>);

/// Says so, if it is `way`.
#[component]
pub fn LastUsed(way: &'static str) -> impl IntoView {
    let last = use_context::<LastWay>().unwrap_or_default();
    (last.0 == Some(way)).then(|| view! { <p class="hint"><Badge>"Last used here"</Badge></p> })
}
