//! One of several, in the same place.

use leptos::prelude::*;

/// A choice over the [`Panel`]s in `children`, of which it shows one: the first name chooses the first.
///
/// The choice is a group of radio buttons, so arrow keys, screen readers and pages without a script all know it; which
/// panel is seen is decided by `style/parts/tabs.css`, for up to four.
#[component]
pub fn Tabs(
    /// The name of the group, which no other has on the page.
    name: &'static str,
    /// What the choice is about.
    label: &'static str,
    /// What can be chosen.
    tabs: Vec<&'static str>,
    children: Children,
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
            {children()}
        </div>
    }
}

/// What is seen while its tab is chosen.
#[component]
pub fn Panel(children: Children) -> impl IntoView {
    view! { <div class="panel">{children()}</div> }
}
