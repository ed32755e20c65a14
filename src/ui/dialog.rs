//! A question before something that cannot be taken back.
//!
//! The dialog opens and closes without a line of script, by the `command` attribute (HTML, "invoker commands"). It is
//! modal: what lies behind it can be neither reached nor read until the question is answered, or Escape is pressed.
//!
//! Safari before 26.2 and Firefox before 144 do not know `command`: `public/page.js` does what it says, in every browser.

use leptos::{
    attr::{Attribute, custom::custom_attribute},
    prelude::*,
};

use super::FormGuard;

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
        <button type="button" class="quiet danger" {..command("show-modal", &id)}>
            {open}
            {(!about.is_empty()).then(|| view! { <span class="unseen">" "{about}</span> })}
        </button>
        <dialog id=id.clone() aria-labelledby=heading.clone() {..custom_attribute("closedby", "any")}>
            <form method="post" action=action>
                <FormGuard />
                <h2 id=heading.clone()>{title}</h2>
                <div class="prose">{children()}</div>
                <div class="row answers">
                    <button
                        type="button"
                        class="quiet"
                        autofocus
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
