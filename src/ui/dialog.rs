//! A question before something that cannot be taken back.
//!
//! The dialog opens and closes without a line of script, by the `command` attribute (HTML, "invoker commands"). Browsers
//! that do not know it yet read `popovertarget` instead and show the same element as a popover.

use leptos::{
    attr::{Attribute, custom::custom_attribute},
    prelude::*,
};

/// A button that asks before it posts.
#[component]
pub fn Confirm(
    /// An id no other element of the page has.
    #[prop(into)]
    id: String,
    /// What the button says. It ends in an ellipsis, because it does nothing yet.
    open: &'static str,
    /// What the button acts on, for screen readers that list buttons.
    #[prop(optional, into)]
    about: String,
    /// The question.
    #[prop(into)]
    title: String,
    /// Where the answer is posted.
    #[prop(into)]
    action: String,
    /// What the answer says: the deed itself, never "OK".
    confirm: &'static str,
    /// What will happen.
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    view! {
        <button type="button" class="quiet danger" popovertarget=id.clone() {..command("show-modal", &id)}>
            {open}
            {(!about.is_empty()).then(|| view! { <span class="unseen">" "{about}</span> })}
        </button>
        <dialog id=id.clone() popover="auto" aria-labelledby=heading.clone() {..custom_attribute("closedby", "any")}>
            <form method="post" action=action>
                <h2 id=heading.clone()>{title}</h2>
                <div class="prose">{children()}</div>
                <div class="row answers">
                    <button
                        type="button"
                        class="quiet"
                        autofocus
                        popovertarget=id.clone()
                        popovertargetaction="hide"
                        {..command("close", &id)}
                    >
                        "Cancel"
                    </button>
                    <button class="danger">{confirm}</button>
                </div>
            </form>
        </dialog>
    }
}

/// What a button does to the dialog `target`.
fn command(what: &'static str, target: &str) -> impl Attribute + use<> {
    (custom_attribute("command", what), custom_attribute("commandfor", target.to_owned()))
}
