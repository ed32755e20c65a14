//! What stands where nothing is yet.

use leptos::prelude::*;

/// Says what will be here, and in `children` how to get there.
#[component]
pub fn Empty(
    /// What is missing.
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
