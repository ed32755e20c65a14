//! The placeholder of a list that is loading.

use leptos::prelude::*;

/// Grey rows in place of items that are loading. Set `aria-busy` on the list as well.
#[component]
pub fn Skeleton(
    /// The number of rows.
    rows: usize,
) -> impl IntoView {
    let row = |_| view! { <span></span> };
    view! { <div class="skeleton" aria-hidden="true">{(0..rows).map(row).collect_view()}</div> }
}
