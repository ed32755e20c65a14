//! The passkeys page, and what is beside the password on the sign-in page.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use leptos::{nonce::use_nonce, prelude::*};

use super::model::Passkey;
use crate::{
    assets::Assets,
    auth::{Account, sign_in::ANSWER_FIELD},
    http::names::NAME_MAX,
    ui::{Badge, Card, Confirm, Empty, FormGuard, FormState, LastUsed, Notice, Time},
};

/// What `passkeys.js` tells the browser about the account, so that password managers show the same (Signal API).
#[derive(Clone, Debug)]
pub(super) struct Signals {
    pub rp_id: String,
    pub account: Account,
    pub credential_ids: Vec<Vec<u8>>,
}

impl Signals {
    /// The details of the account, as `PublicKeyCredential.signalCurrentUserDetails` takes them.
    fn details(&self) -> String {
        let Account { id, email, name, .. } = &self.account;
        let user = URL_SAFE_NO_PAD.encode(id.as_bytes());
        serde_json::json!({"rpId": self.rp_id, "userId": user, "name": email, "displayName": name}).to_string()
    }

    /// The passkeys of the account, as `PublicKeyCredential.signalAllAcceptedCredentials` takes them.
    fn accepted(&self) -> String {
        let user = URL_SAFE_NO_PAD.encode(self.account.id.as_bytes());
        let ids: Vec<_> = self.credential_ids.iter().map(|id| URL_SAFE_NO_PAD.encode(id)).collect();
        serde_json::json!({"rpId": self.rp_id, "userId": user, "allAcceptedCredentialIds": ids}).to_string()
    }
}

#[component]
pub(super) fn PasskeysView(
    passkeys: Vec<Passkey>,
    signals: Signals,
    /// What is wrong with the last change.
    notice: Option<String>,
    /// The URL of `passkeys.js`.
    script: String,
) -> impl IntoView {
    let none = passkeys.is_empty().then(|| {
        view! { <Empty title="No passkeys yet.">"Add one, and sign in with your face, finger or PIN."</Empty> }
    });
    view! {
        <header>
            <h1>"Passkeys"</h1>
            <p class="lead">
                "A passkey signs you in without your password. It stays on your device or in your password manager, and
                works on this site only."
            </p>
            <p><a href="/account/security">"Back to security"</a></p>
        </header>
        <Card title="Your passkeys">
            <Notice text=notice />
            {none}
            <ul class="rows">{passkeys.into_iter().map(|passkey| view! { <Row passkey /> }).collect_view()}</ul>
            <div id="passkeys" data-details=signals.details() data-accepted=signals.accepted()>
                <p class="error" role="alert"></p>
                <noscript><p class="hint">"Passkeys need JavaScript."</p></noscript>
                <button type="button" data-waiting>"Add a passkey"</button>
            </div>
            <script type="module" src=script nonce=use_nonce()></script>
        </Card>
    }
}

#[component]
fn Row(passkey: Passkey) -> impl IntoView {
    let Passkey { id, name, backed_up, created_at, last_used_at, .. } = passkey;
    let field = format!("name-{id}");
    let used = last_used_at
        .map_or_else(|| view! { ", not used yet" }.into_any(), |at| view! { ", last used " <Time at /> }.into_any());
    view! {
        <li>
            <div>
                <p class="agent">{name.clone()} " " {backed_up.then(|| view! { <Badge>"Synced"</Badge> })}</p>
                <p class="hint">"Added " <Time at=created_at /> {used}</p>
                <details>
                    <summary>"Rename"<span class="unseen">" "{name.clone()}</span></summary>
                    <form method="post" action=format!("/account/passkeys/{id}/rename")>
                        <FormGuard />
                        <div class="field">
                            <label for=field.clone()>"Name"</label>
                            <input
                                id=field
                                name="name"
                                type="text"
                                value=name.clone()
                                maxlength=NAME_MAX
                                autocomplete="off"
                                required
                            />
                        </div>
                        <button class="quiet">"Rename"</button>
                    </form>
                </details>
            </div>
            <Confirm
                id=format!("remove-{id}")
                open="Remove…"
                about=name.clone()
                title=format!("Remove the passkey “{name}”?")
                action=format!("/account/passkeys/{id}/remove")
                confirm="Remove"
            >
                "You will no longer be able to sign in with it. Your other ways to sign in keep working."
            </Confirm>
        </li>
    }
}

/// The fields of the step after the password: the script fills in the answer.
pub(super) fn step_fields(form: FormState) -> AnyView {
    let error = form.error(ANSWER_FIELD);
    let script = use_context::<Assets>().map_or_else(|| "/passkeys.js".into(), |assets| assets.url("passkeys.js"));
    view! {
        <div id="passkeys">
            <p>"Confirm with a passkey of your account."</p>
            <input type="hidden" name=ANSWER_FIELD data-answer />
            <p class="error" role="alert">{error}</p>
            <noscript><p class="hint">"Passkeys need JavaScript. Use another way."</p></noscript>
        </div>
        <script type="module" src=script nonce=use_nonce()></script>
    }
    .into_any()
}

/// The button beside the password. The script shows it, if the browser supports passkeys, and fills in `credential`.
/// `carried` are the hidden fields that go along.
pub(super) fn sign_in_button(carried: Vec<(String, String)>, script: String) -> AnyView {
    let hidden = |(name, value)| view! { <input type="hidden" name=name value=value /> };
    view! {
        <form method="post" action="/passkeys/sign-in" id="passkeys" data-waiting>
            <FormGuard anybody=true />
            {carried.into_iter().map(hidden).collect_view()}
            <input type="hidden" name="credential" data-answer />
            <input type="hidden" name="remember" value="on" disabled />
            <p class="error" role="alert"></p>
            <button class="quiet">"Use a passkey"</button>
            <LastUsed way="passkey" />
        </form>
        <script type="module" src=script nonce=use_nonce()></script>
    }
    .into_any()
}

/// The button beside the password of the sign-up page. The script shows it, and fills in `credential` and what was typed
/// into the form above. `carried` are the fields of that form.
pub(super) fn sign_up_button(carried: Vec<(String, String)>, script: String) -> AnyView {
    let hidden = |(name, value)| view! { <input type="hidden" name=name value=value /> };
    view! {
        <form method="post" action="/passkeys/sign-up" id="passkeys" data-waiting data-beside="/sign-up">
            <FormGuard anybody=true />
            {carried.into_iter().map(hidden).collect_view()}
            <input type="hidden" name="credential" data-answer />
            <p class="error" role="alert"></p>
            <button class="quiet">"Create an account with a passkey"</button>
        </form>
        <script type="module" src=script nonce=use_nonce()></script>
    }
    .into_any()
}
