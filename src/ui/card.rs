//! A section of a page in a frame of its own.

use leptos::prelude::*;

/// A framed section with a heading.
#[component]
pub fn Card(
    /// The heading.
    #[prop(into)]
    title: String,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            <h2>{title}</h2>
            {children()}
        </section>
    }
}
