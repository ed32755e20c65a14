//! What is offered behind one button.

use leptos::prelude::*;

/// A button that shows a few links, by the popover attribute: Escape and a click elsewhere close it, without a script.
///
/// Its children are `<li>`s. It is a disclosure, not a `role="menu"`: Tab goes through it like through any list of links
/// (ARIA Authoring Practices, "Disclosure navigation menu").
#[component]
pub fn Menu(
    /// An id no other element of the page has.
    id: &'static str,
    /// What the button says.
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="menu">
            <button type="button" class="quiet" popovertarget=id>{label}</button>
            <ul id=id popover="auto">{children()}</ul>
        </div>
    }
}
