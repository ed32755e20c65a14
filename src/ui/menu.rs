//! A menu of links behind one button. A part of the kit; no page of ours uses it.

use leptos::prelude::*;

/// A button that opens a list of links, by the popover attribute. Escape and a click elsewhere close it, without
/// JavaScript.
///
/// Its children are `<li>`s. It is a disclosure, not a `role="menu"`: the Tab key moves through it as through any list
/// of links (ARIA Authoring Practices, "Disclosure navigation menu").
#[component]
pub fn Menu<C: IntoView + 'static>(
    /// The list's id, unique on the page.
    id: &'static str,
    /// The button's text.
    #[prop(into)]
    label: String,
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <div class="menu">
            <button type="button" class="quiet" popovertarget=id>{label}</button>
            <ul id=id popover="auto">{children.into_inner()()}</ul>
        </div>
    }
}
