//! The tokens page.

use leptos::{either::Either, nonce::use_nonce, prelude::*};
use time::Duration;

use super::service::Issued;
use crate::{
    auth::{IssuedBy, ScopeInfo, Token, scope_boxes::ScopeBoxes},
    timestamp::Timestamp,
    ui::{Badge, Card, CodeBlock, Confirm, Empty, Field, FormGuard, FormState, Notice, TextField, Time, describedby},
};

/// A token that expires within this time is marked.
const SOON: Duration = Duration::days(7);

/// The hint for the origins field.
const ORIGINS: &str = "Leave empty, or enter the only origins whose pages can use the token, such as \
                       https://app.example.com. It will not work from scripts or other pages.";

/// The hint for the last day, if no script can tell the person's time zone.
const LAST_DAY: &str = "The token works until this day has ended in every time zone.";

/// The value of the `days` field if the last day is given in `expires_at`.
pub(super) const ON_A_DAY: &str = "day";

/// The field in which the page's script sends when that day ends in the person's time zone.
pub(super) const DAY_OVER: &str = "day_over";

#[component]
pub(super) fn TokensView(
    scopes: Vec<ScopeInfo>,
    form: FormState,
    fresh: Option<Issued>,
    tokens: Vec<Token>,
    now: Timestamp,
    origin: String,
    days: (String, String),
    keep_days: u32,
    script: String,
    /// Whether new tokens have to be bound to a key.
    requires_key: bool,
) -> impl IntoView {
    let (at_work, ended): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|token| token.works(now));
    let (any, several) = (!at_work.is_empty(), at_work.len() > 1);
    let (logins, own): (Vec<_>, Vec<_>) = at_work.into_iter().partition(|token| token.issued_by == IssuedBy::Login);
    let all = any.then(|| {
        view! {
            <div>
                <Confirm
                    id="revoke-all"
                    open="Revoke all tokens…"
                    title="Revoke all tokens?"
                    action="/tokens/revoke-all"
                    confirm="Revoke all"
                >
                    "All apps and scripts that use your tokens will lose access. Browsers stay signed in."
                </Confirm>
            </div>
        }
    });
    view! {
        <header>
            <h1>"Tokens"</h1>
            <p class="lead">
                "A token gives an app on another origin, a script or a phone access to your account through "
                <code>"/api/v1"</code> ", limited to the scopes you choose."
            </p>
        </header>
        {fresh.map(|issued| view! { <FreshToken issued several /> })}
        <Card title="New token">
            <Notice text=form.notice.clone() />
            {if requires_key {
                Either::Left(view! {
                    <p>
                        "Your account takes only tokens that are bound to a key. A page has none that a script could use "
                        "later, so let the client create its token: "
                        <code>"POST /api/v1/tokens"</code> " or " <code>"POST /api/v1/login"</code>
                        ", with a proof of its key (DPoP)."
                    </p>
                })
            } else {
                Either::Right(view! {
                    <TokenForm scopes form days />
                    <script type="module" src=script nonce=use_nonce()></script>
                })
            }}
        </Card>
        <Card title="Your tokens">
            <section class="tokens" aria-labelledby="own">
                <h3 id="own">"Personal access tokens"</h3>
                {own.is_empty().then(|| view! {
                    <Empty title="No tokens yet.">"Create one above, then try it:"</Empty>
                    <CodeBlock text=format!("curl -H 'Authorization: Bearer vst_…' {origin}/api/v1/me") />
                })}
                <TokenRows tokens=own now />
            </section>
            <section class="tokens" aria-labelledby="logins">
                <h3 id="logins">"App sign-ins"</h3>
                <p class="hint">
                    {if logins.is_empty() {
                        "No app is signed in. An app that you sign in to with your password gets a token, which is \
                         listed here."
                    } else {
                        "Apps that you signed in to with your password. Their tokens end when you change it."
                    }}
                </p>
                <TokenRows tokens=logins now />
            </section>
            {all}
        </Card>
        <KeyCard requires_key />
        {(!ended.is_empty()).then(|| view! {
            <Card title="Expired and revoked">
                <p class="hint">
                    "These no longer work. They are removed from this list after " {human_days(keep_days)} "."
                </p>
                <ul class="rows ended">{ended.into_iter().map(|token| view! { <EndedRow token /> }).collect_view()}</ul>
            </Card>
        })}
    }
}

/// The field of the form of [`KeyCard`].
pub(super) const REQUIRED: &str = "required";

#[component]
fn KeyCard(requires_key: bool) -> impl IntoView {
    let (now, value, button) = if requires_key {
        ("New tokens have to be bound to a key. Apps that cannot do so get none.", "no", "Stop requiring a key")
    } else {
        ("New tokens need not be bound to a key.", "yes", "Require a key")
    };
    view! {
        <Card title="Tokens bound to a key">
            <p>
                "A token that is bound to a key of its client (DPoP) works with this key only, so a copy of it is worth "
                "nothing. " {now} " Tokens that exist already keep working until they expire or you revoke them."
            </p>
            <form method="post" action="/tokens/key">
                <FormGuard />
                <input type="hidden" name=REQUIRED value=value autocomplete="off" />
                <button class="quiet">{button}</button>
            </form>
        </Card>
    }
}

fn human_days(days: u32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

#[component]
fn FreshToken(issued: Issued, several: bool) -> impl IntoView {
    let Issued { secret, token } = issued;
    let others = several.then(|| {
        view! {
            <div>
                <Confirm
                    id="revoke-others"
                    open="Revoke all others…"
                    title=format!("Revoke all tokens but “{}”?", token.name)
                    action=format!("/tokens/revoke-all?keep={}", token.id)
                    confirm="Revoke all others"
                >
                    "Copy the new token first: it is shown only once. Whatever uses the others will lose access."
                </Confirm>
            </div>
        }
    });
    view! {
        <Card title="Your new token" class="card fresh" role="status">
            <p>"Copy it now. We store only a hash of it, so we cannot show it again."</p>
            <CodeBlock text=secret.reveal().to_owned() id="secret".into() />
            {others}
        </Card>
    }
}

#[component]
fn TokenForm(scopes: Vec<ScopeInfo>, form: FormState, days: (String, String)) -> impl IntoView {
    let chosen = form.value("days");
    let option = move |value: &'static str, label: &'static str| {
        view! { <option value=value selected=chosen == value>{label}</option> }
    };
    let (first, last) = days;
    let (day, day_error) = (form.value("expires_at"), form.error("expires_at"));
    let (origins, origins_error) = (form.value("origins"), form.error("origins"));
    let (renew, renew_error) = (!form.value("renew").is_empty(), form.error("renew"));
    view! {
        <form method="post" action="/tokens">
            <FormGuard />
            <TextField
                name="name"
                label="Name"
                form=form.clone()
                hint="What will use the token, such as “phone” or “backup script”."
                autocomplete="off"
            />
            <fieldset aria-describedby="scopes-error">
                <legend>"Scopes"</legend>
                <ScopeBoxes scopes form=form.clone() />
                <p class="error" id="scopes-error" role="alert">{form.error("scopes")}</p>
            </fieldset>
            <div class="lifetime">
                <Field name="days" label="Expires after" error=form.error("days")>
                    <select
                        id="days"
                        name="days"
                        aria-invalid=form.error("days").map(|_| "true")
                        aria-describedby=describedby("days", "")
                    >
                        {option("7", "7 days")} {option("30", "30 days")} {option("90", "90 days")}
                        {option("365", "1 year")} {option(ON_A_DAY, "Custom date")}
                    </select>
                </Field>
                <div class="day">
                    <Field name="expires_at" label="Last day" hint=LAST_DAY error=day_error.clone()>
                        <input
                            id="expires_at"
                            name="expires_at"
                            type="date"
                            min=first
                            max=last
                            value=day
                            aria-invalid=day_error.map(|_| "true")
                            aria-describedby=describedby("expires_at", LAST_DAY)
                        />
                        <input id=DAY_OVER name=DAY_OVER type="hidden" />
                    </Field>
                </div>
            </div>
            <div class="field">
                <label class="check">
                    <input type="checkbox" name="renew" checked=renew aria-describedby="renew-error" />
                    <span>"Renew with each use: the token expires if it is not used for this long"</span>
                </label>
                <p class="error" id="renew-error" role="alert">{renew_error}</p>
            </div>
            <Field name="origins" label="Allowed origins (optional)" hint=ORIGINS error=origins_error.clone()>
                <input
                    id="origins"
                    name="origins"
                    type="text"
                    inputmode="url"
                    value=origins
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=origins_error.map(|_| "true")
                    aria-describedby=describedby("origins", ORIGINS)
                />
            </Field>
            <button>"Create token"</button>
        </form>
    }
}

#[component]
fn TokenRows(tokens: Vec<Token>, now: Timestamp) -> impl IntoView {
    (!tokens.is_empty()).then(|| {
        let rows = tokens.into_iter().map(|token| view! { <TokenRow token now /> });
        view! { <ul class="rows">{rows.collect_view()}</ul> }
    })
}

#[component]
fn TokenRow(token: Token, now: Timestamp) -> impl IntoView {
    let end = token.renew_days.map_or(token.expires_at, |_| token.ends_at);
    let soon =
        (end - now <= SOON && end - token.created_at > SOON).then(|| view! { " " <Badge>"Expires soon"</Badge> });
    let renewed = token.renew_days.map(|_| view! { " " <Badge>"Renewed"</Badge> });
    let bound = bound_badge(&token);
    let until = match token.renew_days {
        None => Either::Left(view! { ", expires " <Time at=token.expires_at /> }),
        Some(days) => Either::Right(view! {
            ", expires " <Time at=token.expires_at /> " (" {human_days(days)} " after its last use) or "
            <Time at=token.ends_at /> " at the latest"
        }),
    };
    view! {
        <li>
            <div>
                <p><strong>{token.name.clone()}</strong> {renewed} {bound} {soon}</p>
                <Access token=token.clone() />
                <p class="hint">
                    {created(token.issued_by)} <Time at=token.created_at /> {until} ", " <LastUse token=token.clone() />
                </p>
            </div>
            <Confirm
                id=format!("revoke-{}", token.id)
                open="Revoke…"
                about=token.name.clone()
                title=format!("Revoke “{}”?", token.name)
                action=format!("/tokens/{}/revoke", token.id)
                confirm="Revoke"
            >
                "Whatever uses this token, or a token created with it, will lose access. A revoked token cannot be "
                "restored."
            </Confirm>
        </li>
    }
}

#[component]
fn EndedRow(token: Token) -> impl IntoView {
    let (badge, end) = match token.revoked_at {
        Some(at) => ("Revoked", Either::Left(view! { ", revoked " <Time at /> })),
        None => ("Expired", Either::Right(view! { ", expired " <Time at=token.expires_at /> })),
    };
    let bound = bound_badge(&token);
    view! {
        <li>
            <div>
                <p><strong>{token.name.clone()}</strong> " " <Badge>{badge}</Badge> {bound}</p>
                <Access token=token.clone() />
                <p class="hint">
                    {created(token.issued_by)} <Time at=token.created_at /> {end} ", " <LastUse token=token.clone() />
                </p>
            </div>
        </li>
    }
}

/// That a copy of the token is of no use to anybody else.
fn bound_badge(token: &Token) -> Option<impl IntoView + use<>> {
    token.key_thumbprint.as_ref().map(|_| view! { " " <Badge>"Bound to a key"</Badge> })
}

fn created(by: IssuedBy) -> &'static str {
    match by {
        IssuedBy::Person => "Created ",
        IssuedBy::Login => "Created by signing in ",
        IssuedBy::Token => "Created by another token ",
        IssuedBy::Client => "Created for an app ",
    }
}

/// What the token can do, and from where.
#[component]
fn Access(token: Token) -> impl IntoView {
    let from = (!token.origins.is_empty()).then(|| {
        let origins = token.origins.iter().map(|origin| view! { <code>{origin.clone()}</code> " " }).collect_view();
        view! { <p class="scopes">"Only from " {origins}</p> }
    });
    let scopes = token.scopes.iter().map(|scope| view! { <code>{scope.to_owned()}</code> " " }).collect_view();
    view! {
        <p class="scopes">{scopes}</p>
        {from}
    }
}

#[component]
fn LastUse(token: Token) -> impl IntoView {
    let from = token.last_used_from.map(|address| format!(" from {address}"));
    match token.last_used_at {
        Some(at) => Either::Left(view! { "last used " <Time at /> {from} }),
        None => Either::Right("never used"),
    }
}
