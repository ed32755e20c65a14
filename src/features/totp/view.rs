//! The pages of the authenticator app.

use leptos::prelude::*;

use super::{code::base32, qr::Qr};
use crate::{
    auth::sign_in::ANSWER_FIELD,
    features::accounts::security::SecurityPage,
    ui::{CodeBlock, CodeField, Confirm, FormGuard, FormState, Notice},
};

/// The field for a code.
pub(super) fn code_field(form: FormState) -> AnyView {
    const HINT: &str = "The six digits that your authenticator app shows.";
    view! { <CodeField name=ANSWER_FIELD form hint=HINT keys="numeric" /> }.into_any()
}

#[component]
pub(super) fn OffView() -> impl IntoView {
    view! {
        <SecurityPage title="Authen\u{ad}ticator app">
            <p>
                "After your password, you will be asked for a code from an app on your phone. Somebody who learns your "
                "password cannot sign in without your phone."
            </p>
            <p class="hint">
                "Any app for time-based one-time passwords works, such as Aegis, 2FAS, Google Authenticator or a "
                "password manager."
            </p>
            <form method="post" action=super::PATH>
                <FormGuard />
                <button>"Set up authenticator app"</button>
            </form>
        </SecurityPage>
    }
}

#[component]
pub(super) fn SetUpView(secret: Vec<u8>, code: Option<Qr>, form: FormState) -> impl IntoView {
    let text = base32(&secret);
    let groups: Vec<_> = text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    let code = code.map(|Qr { size, path }| {
        view! {
            <svg
                class="qr"
                role="img"
                aria-label="QR code for your authenticator app"
                viewBox=format!("0 0 {size} {size}")
                width="240"
                height="240"
                shape-rendering="crispEdges"
            >
                <rect width=size.to_string() height=size.to_string() fill="#fff" />
                <path d=path fill="#000" />
            </svg>
        }
    });
    view! {
        <SecurityPage title="Set up authen\u{ad}ticator app">
            <h2>"1. Scan the QR code"</h2>
            <p>"Scan it with your authenticator app, or enter the key by hand:"</p>
            {code}
            <CodeBlock text=groups.join(" ") id="totp-secret".into() />
            <h2>"2. Enter the code that the app shows"</h2>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/security/totp/confirm">
                <FormGuard />
                {code_field(form)}
                <button>"Turn on"</button>
            </form>
        </SecurityPage>
    }
}

#[component]
pub(super) fn OnView() -> impl IntoView {
    view! {
        <SecurityPage title="Authen\u{ad}ticator app">
            <p>"Your authenticator app is set up. After your password, you are asked for the code that it shows."</p>
            <p class="hint">"To use another app or another phone, remove this one first, then set up the new one."</p>
            <Confirm
                id="remove-totp"
                open="Remove…"
                about="Authenticator app"
                title="Remove the authenticator app?"
                action="/account/security/totp/remove"
                confirm="Remove"
            >
                "Your password alone will be enough to sign in, and your recovery codes will stop working. "
                "We will email you about it."
            </Confirm>
        </SecurityPage>
    }
}
