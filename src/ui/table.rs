//! Tables.

use leptos::{either::Either, prelude::*};

/// A table with a caption, and headers for columns and rows. On a narrow screen the cells of a row stack; content that
/// is still too wide scrolls inside the frame, which the keyboard can reach.
///
/// The roles are explicit because browsers drop the implicit ones when CSS changes the display of a table.
#[component]
pub fn Table(
    /// The caption.
    #[prop(into)]
    caption: String,
    /// The column headers. The first is above the row headers and may be empty.
    head: Vec<&'static str>,
    /// The cells of each row, its header first.
    rows: Vec<Vec<String>>,
) -> impl IntoView {
    let columns = head.clone();
    let row = move |cells: Vec<String>| {
        let mut cells = columns.iter().zip(cells);
        let head = cells.next().map(|(_, head)| head);
        let cell = |(column, cell): (&&'static str, String)| view! { <td role="cell" data-column=*column>{cell}</td> };
        view! { <tr role="row"><th scope="row" role="rowheader">{head}</th>{cells.map(cell).collect_view()}</tr> }
    };
    let column = |name: &'static str| {
        if name.is_empty() {
            return Either::Left(view! { <td role="cell"></td> });
        }
        Either::Right(view! { <th scope="col" role="columnheader">{name}</th> })
    };
    let label = caption.clone();
    view! {
        <div class="table" tabindex="0" role="region" aria-label=label>
            <table role="table">
                <caption>{caption}</caption>
                <thead role="rowgroup"><tr role="row">{head.into_iter().map(column).collect_view()}</tr></thead>
                <tbody role="rowgroup">{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
