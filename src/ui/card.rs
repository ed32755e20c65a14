//! A piece of a page that stands for itself.

use leptos::prelude::*;

/// A section with a heading, by which screen readers list it.
#[component]
pub fn Card(
    /// What it is about.
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
