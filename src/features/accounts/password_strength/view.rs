//! Choosing a new password.

use leptos::prelude::*;

use super::Strength;
use crate::{
    auth::passwords::HINT,
    ui::{FormState, TextField},
};

/// The fields for a new password in place of an old one: the password, its strength, and whether to revoke all tokens.
#[component]
pub fn NewPassword(
    form: FormState,
    /// What changing the password does to browsers and tokens.
    consequences: &'static str,
    /// Whether to put the cursor here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let tokens = !form.value("tokens").is_empty();
    view! {
        <TextField
            name="password"
            label="New password"
            kind="password"
            form
            autocomplete="new-password"
            autofocus
            hint=HINT
        />
        <Strength />
        <label class="check"><input type="checkbox" name="tokens" checked=tokens /> "Revoke all tokens too"</label>
        <p class="hint">{consequences}</p>
    }
}
