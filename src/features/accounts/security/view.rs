//! The security page.

use leptos::prelude::*;

use crate::{
    auth::{known_devices::TrustedDevice, sign_in::Summary},
    features::accounts::{factor_reset::PendingReset, settings::password_entry},
    timestamp::Timestamp,
    ui::{Badge, Card, Confirm, Time},
};

#[component]
pub(super) fn SecurityView(
    /// Whether something has to be set up before anything else.
    must: bool,
    is_required: bool,
    has_password: bool,
    summaries: Vec<Summary>,
    trusted: Vec<TrustedDevice>,
    reset_at: Option<Timestamp>,
) -> impl IntoView {
    let state = match (is_required, has_password) {
        (true, true) => "Two-factor authentication is on: after your password, you are asked for a second factor.",
        (false, true) => "Two-factor authentication is off: your password alone is enough to sign in.",
        (_, false) => "Your account has no password: you sign in with a passkey, which counts as two factors.",
    };
    let (password, about) = password_entry(has_password);
    view! {
        <header>
            <h1>"Security"</h1>
            <p><a href="/account">"Back to your account"</a></p>
        </header>
        {must.then(|| view! {
            <p class="notice" role="status">
                "This site requires a second factor for your account. Set up an authenticator app or a passkey to "
                "continue."
            </p>
        })}
        {reset_at.map(|due_at| view! { <PendingReset due_at /> })}
        <Card title="Two-factor authentication">
            <p>{state}</p>
            <ul class="rows">
                {summaries.into_iter().map(|summary| view! { <FactorRow summary /> }).collect_view()}
            </ul>
        </Card>
        {(!trusted.is_empty()).then(|| view! {
            <Card title="Trusted browsers">
                <p class="hint">
                    "These browsers are asked for your password only. Changing your password or your second factors ends "
                    "the trust in all of them."
                </p>
                <ul class="rows">
                    {trusted.into_iter().map(|device| view! { <TrustedRow device /> }).collect_view()}
                </ul>
            </Card>
        })}
        <Card title="Password">
            <ul class="rows">
                <li>
                    <div>
                        <p><a href="/account/password">{password}</a></p>
                        <p class="hint">{about}</p>
                    </div>
                </li>
            </ul>
        </Card>
    }
}

#[component]
fn FactorRow(summary: Summary) -> impl IntoView {
    let Summary { title, state, since, last_used_at, links } = summary;
    let since = since.map(|at| view! { " Since " <Time at=at /> "." });
    let used = last_used_at.map(|at| view! { " Last used " <Time at=at /> "." });
    let badge = since.is_some().then(|| view! { " " <Badge>"On"</Badge> });
    let link = move |(href, label): (&'static str, &'static str)| {
        view! { <a href=href>{label}<span class="unseen">" "{title}</span></a> }
    };
    view! {
        <li>
            <div>
                <p>{title}{badge}</p>
                <p class="hint">{state}{since}{used}</p>
            </div>
            {links.into_iter().map(link).collect_view()}
        </li>
    }
}

#[component]
fn TrustedRow(device: TrustedDevice) -> impl IntoView {
    let browser = device.browser();
    view! {
        <li>
            <div>
                <p class="agent">{browser.clone()}</p>
                <p class="hint">"Trusted since " <Time at=device.created_at /> ", until " <Time at=device.expires_at /></p>
            </div>
            <Confirm
                id=format!("trust-{}", device.id)
                open="End trust…"
                about=browser.clone()
                title=format!("End the trust in {browser}?")
                action=format!("/account/security/trusted/{}/revoke", device.id)
                confirm="End trust"
            >
                "The next sign-in there will ask for a second factor."
            </Confirm>
        </li>
    }
}

/// A page below the security page, with a link back.
#[component]
pub(crate) fn SecurityPage<C: IntoView + 'static>(title: &'static str, children: TypedChildren<C>) -> impl IntoView {
    view! {
        <header>
            <h1>{title}</h1>
            <p><a href=super::PATH>"Back to security"</a></p>
        </header>
        <Card>{children.into_inner()()}</Card>
    }
}
