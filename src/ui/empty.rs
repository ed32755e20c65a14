//! The empty state of a list.

use leptos::prelude::*;

/// Says that there is nothing yet, and in `children` how to add the first item.
#[component]
pub fn Empty(
    /// The heading, such as "Nothing here yet."
    #[prop(into)]
    title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p><strong>{title}</strong></p>
            {children.map(|children| children())}
        </div>
    }
}
