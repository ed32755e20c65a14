//! What a link that is over looks like.

use leptos::prelude::*;

/// Says so, and where to get another.
#[component]
pub fn DeadLink(
    /// Where.
    another: &'static str,
    /// How that is called.
    label: &'static str,
) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"This link is over"</h1>
            <p>"It was used, its time is up, or a newer one has taken its place. If your mail program broke it in two, copy the whole of it."</p>
            <p><a class="button" href=another>{label}</a></p>
        </section>
    }
}
