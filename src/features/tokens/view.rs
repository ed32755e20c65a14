//! What the tokens page looks like.

use leptos::{nonce::use_nonce, prelude::*};
use time::Duration;

use crate::{
    auth::{IssuedBy, ScopeInfo, Token},
    timestamp::Timestamp,
    ui::{Badge, CodeBlock, Confirm, Empty, Field, FormGuard, FormState, Notice, TextField, Time, describedby},
};

/// A token that ends within so many days is marked.
const SOON: Duration = Duration::days(7);

/// What to know before one names origins.
const ORIGINS: &str = "Leave it empty, or name the origins whose pages alone may use it, such as \
                       https://app.example.com. It then works from no script and no other page.";

/// When the last day ends, for who has no script to say when it does where they are.
const LAST_DAY: &str = "The token works until this day is over everywhere on Earth.";

/// What the choice of a lifetime says where the day is given beside it.
pub(super) const ON_A_DAY: &str = "day";

/// When that day is over where its owner is, told by the script of the page.
pub(super) const DAY_OVER: &str = "day_over";

/// The name of the checkbox for `scope`.
pub(super) fn scope_field(scope: &str) -> String {
    format!("scope-{}", scope.replace(':', "-"))
}

#[component]
pub(super) fn TokensView(
    scopes: Vec<ScopeInfo>,
    form: FormState,
    fresh: Option<(String, Token)>,
    tokens: Vec<Token>,
    now: Timestamp,
    origin: String,
    days: (String, String),
    keep_days: u32,
    script: String,
) -> impl IntoView {
    let (at_work, ended): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|token| token.works(now));
    let (empty, several) = (at_work.is_empty(), at_work.len() > 1);
    let all = (!empty).then(|| {
        view! {
            <div>
                <Confirm
                    id="revoke-all"
                    open="Revoke all tokens…"
                    title="Revoke every token?"
                    action="/tokens/revoke-all"
                    confirm="Revoke all"
                >
                    "Every client that uses one of them is refused from then on. Browsers stay signed in."
                </Confirm>
            </div>
        }
    });
    view! {
        <header>
            <h1>"Tokens"</h1>
            <p class="lead">
                "A token lets a client on another origin, a script or a phone act for you through " <code>"/api/v1"</code>
                ", within the scopes you choose."
            </p>
        </header>
        {fresh.map(|(secret, token)| view! { <FreshToken secret token several /> })}
        <section class="card">
            <h2>"New token"</h2>
            <Notice text=form.notice.clone() />
            <TokenForm scopes form days />
            <script type="module" src=script nonce=use_nonce()></script>
        </section>
        <section class="card">
            <h2>"Your tokens"</h2>
            {empty.then(|| view! {
                <Empty title="None yet.">"Make one above, then try it:"</Empty>
                <CodeBlock text=format!("curl -H 'Authorization: Bearer vst_…' {origin}/api/v1/me") />
            })}
            <ul class="rows">{at_work.into_iter().map(|token| view! { <TokenRow token now /> }).collect_view()}</ul>
            {all}
        </section>
        {(!ended.is_empty()).then(|| view! {
            <section class="card">
                <h2>"Ended"</h2>
                <p class="hint">"These open nothing any more. Each is shown for " {days_in_words(keep_days)} " after its end."</p>
                <ul class="rows ended">{ended.into_iter().map(|token| view! { <EndedRow token /> }).collect_view()}</ul>
            </section>
        })}
    }
}

fn days_in_words(days: u32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

#[component]
fn FreshToken(secret: String, token: Token, several: bool) -> impl IntoView {
    let others = several.then(|| {
        view! {
            <div>
                <Confirm
                    id="revoke-others"
                    open="Revoke all others…"
                    title=format!("Revoke every token but “{}”?", token.name)
                    action=format!("/tokens/revoke-all?keep={}", token.id)
                    confirm="Revoke the others"
                >
                    "Copy the new one first: this page shows it once. What uses the others is refused from then on."
                </Confirm>
            </div>
        }
    });
    view! {
        <section class="card fresh" role="status">
            <h2>"Your new token"</h2>
            <p>"Copy it now. It is kept only as a hash and cannot be shown again."</p>
            <CodeBlock text=secret id="secret".into() />
            {others}
        </section>
    }
}

#[component]
fn TokenForm(scopes: Vec<ScopeInfo>, form: FormState, days: (String, String)) -> impl IntoView {
    let chosen = form.value("days");
    let option = move |value: &'static str, label: &'static str| {
        view! { <option value=value selected=chosen == value>{label}</option> }
    };
    let values = form.clone();
    let scope = move |scope: ScopeInfo| {
        let name = scope_field(scope.name);
        let ticked = !values.value(&name).is_empty();
        view! {
            <label class="check">
                <input type="checkbox" name=name checked=ticked />
                <span>{scope.meaning} " " <code>{scope.name}</code></span>
            </label>
        }
    };
    let (first, last) = days;
    let (day, day_error) = (form.value("expires_at"), form.error("expires_at"));
    let (origins, origins_error) = (form.value("origins"), form.error("origins"));
    let (renew, renew_error) = (!form.value("renew").is_empty(), form.error("renew"));
    view! {
        <form method="post" action="/tokens">
            <FormGuard />
            <TextField name="name" label="Name" form=form.clone() hint="What will use it, such as “phone” or “backup script”." autocomplete="off" />
            <fieldset aria-describedby="scopes-error">
                <legend>"It may"</legend>
                {scopes.into_iter().map(scope).collect_view()}
                <p class="error" id="scopes-error" role="alert">{form.error("scopes")}</p>
            </fieldset>
            <div class="lifetime">
                <Field name="days" label="Expires after" error=form.error("days")>
                    <select id="days" name="days" aria-invalid=form.error("days").map(|_| "true") aria-describedby=describedby("days", "")>
                        {option("7", "7 days")} {option("30", "30 days")} {option("90", "90 days")} {option("365", "1 year")}
                        {option(ON_A_DAY, "A day of your choice")}
                    </select>
                </Field>
                <div class="day">
                    <Field name="expires_at" label="Last day" hint=LAST_DAY error=day_error.clone()>
                        <input id="expires_at" name="expires_at" type="date" min=first max=last value=day aria-invalid=day_error.map(|_| "true") aria-describedby=describedby("expires_at", LAST_DAY) />
                        <input id=DAY_OVER name=DAY_OVER type="hidden" />
                    </Field>
                </div>
            </div>
            <div class="field">
                <label class="check">
                    <input type="checkbox" name="renew" checked=renew aria-describedby="renew-error" />
                    <span>"Renew it with each use, so that it ends when it was not used for so long"</span>
                </label>
                <p class="error" id="renew-error" role="alert">{renew_error}</p>
            </div>
            <Field name="origins" label="Works from (optional)" hint=ORIGINS error=origins_error.clone()>
                <input id="origins" name="origins" type="text" inputmode="url" value=origins autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid=origins_error.map(|_| "true") aria-describedby=describedby("origins", ORIGINS) />
            </Field>
            <button>"Make token"</button>
        </form>
    }
}

#[component]
fn TokenRow(token: Token, now: Timestamp) -> impl IntoView {
    let soon = (token.ends_at - now <= SOON && token.ends_at - token.created_at > SOON)
        .then(|| view! { " " <Badge>"Ends soon"</Badge> });
    let renewed = token.renew_days.map(|_| view! { " " <Badge>"Renewed"</Badge> });
    let until = match token.renew_days {
        None => view! { ", expires " <Time at=token.expires_at /> }.into_any(),
        Some(days) => view! {
            ", expires " <Time at=token.expires_at /> ", " {days_in_words(days)} " after its last use, and "
            <Time at=token.ends_at /> " in any case"
        }
        .into_any(),
    };
    view! {
        <li>
            <div>
                <p><strong>{token.name.clone()}</strong> {renewed} {soon}</p>
                <About token=token.clone() />
                <p class="hint">{made(token.issued_by)} <Time at=token.created_at /> {until} ", " <LastUse token=token.clone() /></p>
            </div>
            <Confirm
                id=format!("revoke-{}", token.id)
                open="Revoke…"
                about=token.name.clone()
                title=format!("Revoke “{}”?", token.name)
                action=format!("/tokens/{}/revoke", token.id)
                confirm="Revoke"
            >
                "What uses it is refused from then on, and so is what uses a token that it made. A revoked token never works again."
            </Confirm>
        </li>
    }
}

#[component]
fn EndedRow(token: Token) -> impl IntoView {
    let (badge, end) = match token.revoked_at {
        Some(at) => ("Revoked", view! { ", revoked " <Time at /> }.into_any()),
        None => ("Expired", view! { ", expired " <Time at=token.expires_at /> }.into_any()),
    };
    view! {
        <li>
            <div>
                <p><strong>{token.name.clone()}</strong> " " <Badge>{badge}</Badge></p>
                <About token=token.clone() />
                <p class="hint">{made(token.issued_by)} <Time at=token.created_at /> {end} ", " <LastUse token=token.clone() /></p>
            </div>
        </li>
    }
}

fn made(by: IssuedBy) -> &'static str {
    match by {
        IssuedBy::Person => "Made ",
        IssuedBy::Login => "Given for your password ",
        IssuedBy::Token => "Made by another token ",
    }
}

/// What it may do, and from where.
#[component]
fn About(token: Token) -> impl IntoView {
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
        Some(at) => view! { "last used " <Time at /> {from} }.into_any(),
        None => "never used".into_any(),
    }
}
