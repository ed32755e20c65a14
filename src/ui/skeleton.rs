//! The shape of what is on its way.

use leptos::prelude::*;

/// Grey rows in place of a list that is being fetched. Whoever shows it also says `aria-busy` on the list.
#[component]
pub fn Skeleton(
    /// How many rows.
    rows: usize,
) -> impl IntoView {
    let row = |_| view! { <span></span> };
    view! { <div class="skeleton" aria-hidden="true">{(0..rows).map(row).collect_view()}</div> }
}
