//! Things compared, line by line.

use leptos::prelude::*;

/// A table with a caption and heads on both sides. Where there is no room for columns each row stands by itself, its
/// cells below one another; what is too wide even then scrolls inside the frame, which the keyboard reaches.
///
/// The roles are written out because browsers forget them where a style sheet lays a table out anew.
#[component]
pub fn Table(
    /// What is compared.
    #[prop(into)]
    caption: String,
    /// The columns' heads; the first stands above the rows' own and may be empty.
    head: Vec<&'static str>,
    /// Each row, its head first.
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
            return view! { <td role="cell"></td> }.into_any();
        }
        view! { <th scope="col" role="columnheader">{name}</th> }.into_any()
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
