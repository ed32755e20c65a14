//! Tabs. A part of the kit; no page of ours uses them.

use leptos::prelude::*;

/// Shows one of the [`Panel`]s in `children` at a time. The tabs and the panels are in the same order.
///
/// The tabs are a group of radio buttons, so they work with arrow keys and screen readers, and without JavaScript.
/// `style/parts/tabs.css` shows the panel, for up to four.
#[component]
pub fn Tabs<C: IntoView + 'static>(
    /// The name of the radio group, unique on the page.
    name: &'static str,
    /// The label of the group.
    label: &'static str,
    /// The labels of the tabs.
    tabs: Vec<&'static str>,
    children: TypedChildren<C>,
) -> impl IntoView {
    let tab = |(index, tab): (usize, &'static str)| {
        view! {
            <label>
                <input type="radio" name=name checked=index == 0 autocomplete="off" />
                {tab}
            </label>
        }
    };
    view! {
        <div class="tabs">
            <div class="tablist" role="radiogroup" aria-label=label>
                {tabs.into_iter().enumerate().map(tab).collect_view()}
            </div>
            {children.into_inner()()}
        </div>
    }
}

/// The content of one tab.
#[component]
pub fn Panel<C: IntoView + 'static>(children: TypedChildren<C>) -> impl IntoView {
    view! { <div class="panel">{children.into_inner()()}</div> }
}
