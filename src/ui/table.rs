//! Things compared, line by line.

use leptos::prelude::*;

/// A table with a caption and heads on both sides; on a phone it scrolls inside its own frame, which the keyboard
/// reaches.
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
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let head = cells.next();
        view! { <tr><th scope="row">{head}</th>{cells.map(|cell| view! { <td>{cell}</td> }).collect_view()}</tr> }
    };
    let column = |name: &'static str| {
        if name.is_empty() {
            return view! { <td></td> }.into_any();
        }
        view! { <th scope="col">{name}</th> }.into_any()
    };
    let label = caption.clone();
    view! {
        <div class="table" tabindex="0" role="region" aria-label=label>
            <table>
                <caption>{caption}</caption>
                <thead><tr>{head.into_iter().map(column).collect_view()}</tr></thead>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
