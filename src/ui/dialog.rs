//! A confirmation dialog, for actions that cannot be undone.
//!
//! The dialog opens and closes without JavaScript, by the `command` attribute (HTML, "invoker commands"). It is modal:
//! the page behind it is out of reach until the dialog is closed.
//!
//! Safari before 26.2 and Firefox before 144 do not support `command`; `public/page.js` does the same for them.

use leptos::{
    attr::{Attribute, custom::custom_attribute},
    prelude::*,
};

use super::FormGuard;

/// A button that asks for confirmation before it posts a form.
#[component]
pub fn Confirm<C: IntoView + 'static>(
    /// The dialog's id, unique on the page.
    #[prop(into)]
    id: String,
    /// The button's text. It ends in an ellipsis, because a question follows.
    open: &'static str,
    /// The object of the action, such as a note's title, for screen readers that list buttons.
    #[prop(optional, into)]
    about: String,
    /// The dialog's heading: the question.
    #[prop(into)]
    title: String,
    /// The URL that the form is posted to.
    #[prop(into)]
    action: String,
    /// The text of the button that confirms: the action itself, never "OK".
    confirm: &'static str,
    /// The explanation: what will happen.
    children: TypedChildren<C>,
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
                <div class="prose">{children.into_inner()()}</div>
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

/// The attributes of a button that runs `what` on the dialog with the id `target`.
fn command(what: &'static str, target: &str) -> impl Attribute + use<> {
    (custom_attribute("command", what), custom_attribute("commandfor", target.to_owned()))
}
