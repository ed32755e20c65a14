//! Links between the pages of a list. A part of the kit; no page of ours uses it.

use leptos::prelude::*;

/// Links to newer and older items. Lists are paged by cursor, so there are no page numbers.
#[component]
pub fn Pagination(
    /// The URL of newer items, if there are any.
    #[prop(optional_no_strip)]
    newer: Option<String>,
    /// The URL of older items, if there are any.
    #[prop(optional_no_strip)]
    older: Option<String>,
) -> impl IntoView {
    view! {
        <nav class="pages" aria-label="Pages">
            {newer.map(|href| view! { <a class="button quiet" rel="prev" href=href>"Newer"</a> })}
            {older.map(|href| view! { <a class="button quiet" rel="next" href=href>"Older"</a> })}
        </nav>
    }
}
