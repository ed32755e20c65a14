//! The pages of `/device`.

use leptos::{either::Either, prelude::*};

use crate::{
    auth::ScopeInfo,
    features::oauth::{
        client::Client,
        view::{AbilitiesCard, vouched},
    },
    timestamp::Timestamp,
    ui::{Avatar, Card, CodeField, FormGuard, FormState, Time},
};

/// The path of the page.
pub const PAGE: &str = "/device";
/// The path that takes the answer.
pub const DECIDE: &str = "/device/decide";
/// The field with the code. `code` is that of the answer where somebody confirms who they are.
pub(super) const CODE_FIELD: &str = "user_code";
/// The field with the name of the button.
pub(super) const DECISION_FIELD: &str = "decision";
/// What it holds where access is given.
pub(super) const APPROVE: &str = "approve";
/// The hint of the field for the code.
const HINT: &str = "Eight letters, such as WDJB-MJHT. Upper and lower case are the same.";

/// What a device asks for, and from where.
#[derive(Clone, Debug)]
pub struct Asking {
    pub code: String,
    pub email: String,
    pub client: Client,
    pub scopes: Vec<ScopeInfo>,
    /// Empty if it is not known.
    pub address: String,
    /// Whether the person is on the same network, if that can be told.
    pub is_near: Option<bool>,
    pub browser: String,
    pub at: Timestamp,
}

/// The page that asks for the code.
#[component]
pub(super) fn EnterView(form: FormState) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Connect a device"</h1>
            <p>"Enter the code that your device shows."</p>
            <form method="post" action=PAGE>
                <FormGuard />
                <CodeField
                    name=CODE_FIELD
                    form
                    is_kept=true
                    hint=HINT
                    autocomplete="off"
                    capitals="characters"
                    longest=40
                />
                <button>"Continue"</button>
            </form>
        </section>
    }
}

/// The page that a link with the code leads to.
#[component]
pub(super) fn CompareView(code: String) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Connect a device"</h1>
            <p>"Does the device in front of you show this code?"</p>
            <p class="user-code"><code>{code.clone()}</code></p>
            <p class="hint">
                "If you did not start this on a device yourself, close this page. Whoever sent you here would get into "
                "your account."
            </p>
            <form method="post" action=PAGE>
                <FormGuard />
                <input type="hidden" name=CODE_FIELD value=code autocomplete="off" />
                <button>"Yes, it shows this code"</button>
            </form>
            <p><a href=PAGE>"No, enter another code"</a></p>
        </section>
    }
}

/// The page that says what asks.
#[component]
pub(super) fn AskView(asking: Asking) -> impl IntoView {
    let Asking { code, email, client, scopes, address, is_near, browser, at } = asking;
    let name = client.name.clone();
    let from = (!address.is_empty()).then(|| view! { ", from " <strong>{address}</strong> });
    let near = is_near.map(|is_near| {
        if is_near {
            Either::Left(view! { <p class="hint">"That is the network that you are on."</p> })
        } else {
            let text = "That is another network than the one that you are on. Is the device somewhere else?";
            Either::Right(view! { <p class="notice">{text}</p> })
        }
    });
    view! {
        <header>
            <Avatar name=name.clone() letter=client.letter.clone() />
            <h1>"Authorize " {name.clone()} " on a device"</h1>
            <p class="lead">
                <strong>{name.clone()}</strong> " on the device that shows " <code>{code.clone()}</code>
                " wants to access your account " <strong>{email}</strong> "."
            </p>
        </header>
        <AbilitiesCard scopes />
        <Card title="Where it asks from">
            <p>"It asked " <Time at />{from}" ("{browser}")."</p>
            {near}
        </Card>
        <Card>
            <p>
                <strong>"Approve only if you started this yourself, on a device that you have at hand."</strong>
                " If somebody sent you this code or a link, deny: they would get into your account."
            </p>
            <p class="hint">
                {vouched(client.owner)} " It does not see your password. It keeps its access when you sign out of this "
                "browser, until you remove it under " <a href="/account/apps">"Authorized apps"</a> "."
            </p>
            <form method="post" action=DECIDE>
                <FormGuard />
                <input type="hidden" name=CODE_FIELD value=code autocomplete="off" />
                <div class="row answers">
                    <button class="quiet" name=DECISION_FIELD value="deny">"Deny"</button>
                    <button name=DECISION_FIELD value=APPROVE>"Authorize " {name}</button>
                </div>
            </form>
        </Card>
    }
}

/// The page after the answer.
#[component]
pub(super) fn AnsweredView(title: &'static str, is_approved: bool) -> impl IntoView {
    let text = if is_approved {
        "The device is signed in to your account in a few seconds. You can close this page."
    } else {
        "The device gets no access to your account. You can close this page."
    };
    view! {
        <section class="door">
            <h1>{title}</h1>
            <p role="status">{text}</p>
            <p>
                {is_approved.then(|| view! { <a href="/account/apps">"Authorized apps"</a> " · " })}
                <a href=PAGE>"Connect another device"</a>
            </p>
        </section>
    }
}
