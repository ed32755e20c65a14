//! The hidden fields of every form that is posted.

use leptos::prelude::*;

/// The field with the form's key. A form that is posted twice with one key is processed once (`forms`).
pub const FORM_KEY: &str = "form_key";
/// The field with the id of the account that the form was rendered for; empty if any account may post it.
pub const FOR_ACCOUNT: &str = "for_account";

/// The values of the hidden fields. The server provides them as context; hydration leaves the fields as they are.
#[derive(Clone, Debug, Default)]
pub struct FormOrigin {
    /// A random key, new for each page.
    pub key: String,
    /// The id of the account the page was rendered for; empty if nobody is signed in.
    pub account: String,
}

/// The hidden fields. Put it first in every form that is posted.
#[component]
pub fn FormGuard(
    /// Whether any account may post the form. Forms that ask for a password say by themselves which account they mean.
    #[prop(optional)]
    anybody: bool,
) -> impl IntoView {
    let FormOrigin { key, account } = use_context().unwrap_or_default();
    let account = if anybody { String::new() } else { account };
    // Without `autocomplete="off"`, Firefox restores the old values of hidden fields after a reload.
    view! {
        <input type="hidden" name=FORM_KEY value=key autocomplete="off" />
        <input type="hidden" name=FOR_ACCOUNT value=account autocomplete="off" />
    }
}
