//! What is shown of the removal of second factors.

use leptos::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    timestamp::Timestamp,
    ui::{Card, FormGuard, Time},
};

#[component]
pub(super) fn KeepView(token: SecretString) -> impl IntoView {
    let action = format!("/keep-factors/{}", token.expose_secret());
    view! {
        <section class="door">
            <h1>"Keep two-factor authentication"</h1>
            <p>
                "Somebody asked the operator of this site to remove two-factor authentication from your account. If that "
                "was not you, stop it."
            </p>
            <form method="post" action=action>
                <FormGuard anybody=true />
                <button>"Stop the removal"</button>
            </form>
        </section>
    }
}

#[component]
pub(super) fn KeptView() -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Two-factor authentication stays on"</h1>
            <p role="status">"The removal was stopped. Your account asks for a second factor as before."</p>
            <p><a href="/sign-in">"Sign in"</a></p>
        </section>
    }
}

/// On the security page: a removal that waits, with a button that stops it.
#[component]
pub(crate) fn PendingReset(
    /// When the second factors will be removed.
    due_at: Timestamp,
) -> impl IntoView {
    view! {
        <Card title="Two-factor authentication will be removed" role="status">
            <p>
                "The operator of this site was asked to remove it from your account. It will be removed on "
                <Time at=due_at /> ". If you did not ask for this, stop it."
            </p>
            <form method="post" action="/account/security/reset/stop">
                <FormGuard />
                <button>"Stop the removal"</button>
            </form>
        </Card>
    }
}
