//! A section of a page in a frame of its own.

use leptos::prelude::*;

/// A section, usually with a heading, by which screen readers list it.
#[component]
pub fn Card<C: IntoView + 'static>(
    /// The heading. Without one, the card has none.
    #[prop(optional, into)]
    title: String,
    /// The id of the section, for links to it.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Its CSS classes.
    #[prop(default = "card")]
    class: &'static str,
    /// Its ARIA role, if it is more than a section.
    #[prop(optional)]
    role: Option<&'static str>,
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <section class=class id=id role=role>
            {(!title.is_empty()).then(|| view! { <h2>{title}</h2> })}
            {children.into_inner()()}
        </section>
    }
}
