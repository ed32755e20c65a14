//! From one page of a list to the next.

use leptos::prelude::*;

/// Links to the newer and the older ones. Lists are paged by cursor, so there are no page numbers.
#[component]
pub fn Pagination(
    /// Where the newer ones are, if there are any.
    #[prop(optional_no_strip)]
    newer: Option<String>,
    /// Where the older ones are, if there are any.
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
