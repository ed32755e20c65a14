//! What the tokens page looks like.

use leptos::prelude::*;

use super::{Scope, Token};
use crate::{
    timestamp::Timestamp,
    ui::{Badge, CodeBlock, Confirm, Empty, Field, Filled, Notice, TextField, Time, describedby},
};

/// The name of the checkbox for `scope`.
pub(super) fn scope_field(scope: Scope) -> &'static str {
    match scope {
        Scope::AccountRead => "scope-account-read",
        Scope::NotesRead => "scope-notes-read",
        Scope::NotesWrite => "scope-notes-write",
        Scope::TokensManage => "scope-tokens-manage",
    }
}

#[component]
pub(super) fn TokensView(
    form: Filled,
    secret: Option<String>,
    tokens: Vec<Token>,
    now: Timestamp,
    origin: String,
) -> impl IntoView {
    let empty = tokens.is_empty();
    view! {
        <header>
            <h1>"Tokens"</h1>
            <p class="lead">
                "A token lets a client on another origin, a script or a phone act for you through " <code>"/api/v1"</code>
                ", within the scopes you choose."
            </p>
        </header>
        {secret.map(|secret| view! {
            <section class="card fresh" role="status">
                <h2>"Your new token"</h2>
                <p>"Copy it now. It is kept only as a hash and cannot be shown again."</p>
                <CodeBlock text=secret id="secret".into() />
            </section>
        })}
        <section class="card">
            <h2>"New token"</h2>
            <Notice text=form.notice.clone() />
            <TokenForm form />
        </section>
        <section class="card">
            <h2>"Your tokens"</h2>
            {empty.then(|| view! {
                <Empty title="None yet.">"Make one above, then try it:"</Empty>
                <CodeBlock text=format!("curl -H 'Authorization: Bearer vst_…' {origin}/api/v1/notes") />
            })}
            <ul class="rows">{tokens.into_iter().map(|token| view! { <TokenRow token now /> }).collect_view()}</ul>
        </section>
    }
}

#[component]
fn TokenForm(form: Filled) -> impl IntoView {
    let days = form.value("days");
    let option = move |value: &'static str, label: &'static str| {
        view! { <option value=value selected=days == value>{label}</option> }
    };
    let values = form.clone();
    let scope = move |scope: Scope| {
        let name = scope_field(scope);
        let ticked = !values.value(name).is_empty();
        view! {
            <label class="check">
                <input type="checkbox" name=name checked=ticked />
                <span>{scope.meaning()} " " <code>{scope.as_str()}</code></span>
            </label>
        }
    };
    view! {
        <form method="post" action="/tokens">
            <TextField name="name" label="Name" form=form.clone() hint="What will use it, such as “phone” or “backup script”." autocomplete="off" />
            <fieldset aria-describedby="scopes-error">
                <legend>"It may"</legend>
                {Scope::ALL.map(scope).collect_view()}
                <p class="error" id="scopes-error" role="alert">{form.error("scopes")}</p>
            </fieldset>
            <Field name="days" label="Expires after" error=form.error("days")>
                <select id="days" name="days" aria-invalid=form.error("days").map(|_| "true") aria-describedby=describedby("days", "")>
                    {option("7", "7 days")} {option("30", "30 days")} {option("90", "90 days")} {option("365", "1 year")}
                </select>
            </Field>
            <button>"Make token"</button>
        </form>
    }
}

#[component]
fn TokenRow(token: Token, now: Timestamp) -> impl IntoView {
    let expired = token.expires_at <= now;
    let used = match token.last_used_at {
        Some(at) => view! { "last used " <Time at /> }.into_any(),
        None => "never used".into_any(),
    };
    view! {
        <li>
            <div>
                <p>
                    <strong>{token.name.clone()}</strong>
                    {expired.then(|| view! { " " <Badge>"Expired"</Badge> })}
                </p>
                <p class="scopes">{token.scopes.iter().map(|scope| view! { <code>{scope.as_str()}</code> " " }).collect_view()}</p>
                <p class="hint">"Made " <Time at=token.created_at /> ", expires " <Time at=token.expires_at /> ", " {used}</p>
            </div>
            <Confirm
                id=format!("revoke-{}", token.id)
                open="Revoke…"
                about=token.name.clone()
                title=format!("Revoke “{}”?", token.name)
                action=format!("/tokens/{}/revoke", token.id)
                confirm="Revoke"
            >
                "What uses it is refused from then on. A revoked token never works again."
            </Confirm>
        </li>
    }
}
