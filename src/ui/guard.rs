//! What every form that is posted carries besides its fields.

use leptos::prelude::*;

/// The field that holds the form's key: what is posted twice with one key is done once (`src/forms/`).
pub const FORM_KEY: &str = "form_key";
/// The field that holds the id of the account the form was made for; empty where it is nobody's in particular.
pub const FOR_ACCOUNT: &str = "for_account";

/// What the server knows of the page a form stands on. The browser, where islands come alive, leaves the fields as they
/// are.
#[derive(Clone, Debug, Default)]
pub struct FormOrigin {
    /// New for each page, and known to nobody but the browser that got it.
    pub key: String,
    /// Whom the page was made for: the id of the account, empty for a visitor.
    pub account: String,
}

/// The hidden fields of a form that is posted. It stands first in the form.
#[component]
pub fn FormGuard(
    /// Whether the form says by itself whom it is for, as one that asks for a password does, and is good for anybody.
    #[prop(optional)]
    anybody: bool,
) -> impl IntoView {
    let FormOrigin { key, account } = use_context().unwrap_or_default();
    let account = if anybody { String::new() } else { account };
    // Firefox brings what hidden fields held back after a reload, unless they say that it is off.
    view! {
        <input type="hidden" name=FORM_KEY value=key autocomplete="off" />
        <input type="hidden" name=FOR_ACCOUNT value=account autocomplete="off" />
    }
}
