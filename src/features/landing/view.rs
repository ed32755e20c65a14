//! What the front page looks like.

use leptos::prelude::*;

use super::island::ApiProbe;
use crate::ui::Table;

#[component]
pub(super) fn Landing(signed_in: bool, lab: bool) -> impl IntoView {
    let start = if signed_in {
        view! { <a class="button" href="/notes">"Open your notes"</a> }.into_any()
    } else {
        view! { <a class="button" href="/sign-up">"Sign up"</a> " " <a class="button quiet" href="/sign-in">"Sign in"</a> }.into_any()
    };
    view! {
        <section class="hero">
            <h1>"Two doors into one house"</h1>
            <p class="lead">
                "A cookie proves which browser is calling, not who asked. So it counts only on its own origin, "
                "and everybody else brings a token."
            </p>
            <p class="actions">{start}</p>
        </section>
        <section class="doors">
            <article class="card session">
                <h2>"The session door"</h2>
                <p class="who">"For these pages"</p>
                <p>
                    "One origin for pages and server functions. The browser sends the cookie by itself, so a guard makes sure "
                    "that only these pages can ask."
                </p>
                <pre><code>"Cookie: __Host-Http-session=…"</code></pre>
                <ApiProbe door="session".into() path="/session/v1/me".into() takes_token=false />
            </article>
            <article class="card token">
                <h2>"The token door"</h2>
                <p class="who">"For everyone else"</p>
                <p>
                    "A single-page app on another origin, a script, a phone. The code that asks puts the token there, so no other "
                    "site can ask in its name."
                </p>
                <pre><code>"Authorization: Bearer vst_…"</code></pre>
                <ApiProbe door="token".into() path="/api/v1/me".into() takes_token=true />
            </article>
        </section>
        <p class="house">"Behind both: the same accounts, the same notes, the same rules."</p>
        <section class="which">
            <h2>"Which door is mine?"</h2>
            <Which />
        </section>
        {lab.then(|| view! { <Mystery /> })}
    }
}

#[component]
fn Mystery() -> impl IntoView {
    view! {
        <section class="card mystery">
            <h2>"Where did the cookie go?"</h2>
            <p>
                "A page on one port asks a server on another. The server answers with " <code>"Set-Cookie"</code>
                ", no error is logged, and the cookie is nowhere. The Lab does it again in your own browser, between real "
                "origins, and shows what the server saw, what the page got, and which rule decided."
            </p>
            <p class="actions">
                <a class="button" href="/lab/story">"Follow the cookie"</a> " "
                <a class="button quiet" href="/lab">"All experiments"</a>
            </p>
        </section>
    }
}

#[component]
fn Which() -> impl IntoView {
    let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    view! {
        <Table
            caption="The two doors compared"
            head=vec!["", "Session door", "Token door"]
            rows=vec![
                row(["Who calls", "Pages of this origin", "Any origin you allow, scripts, phones"]),
                row(["Credential", "A cookie the browser keeps and sends", "A token your code keeps and sends"]),
                row(["What a forged request can do", "Nothing: the same-origin guard refuses it", "Nothing: it has no token"]),
                row(["What it may do", "All the person may", "What its scopes say"]),
                row(["How it ends", "Sign out, or sign the browser out elsewhere", "Revoke it, or let it expire"]),
            ]
        />
    }
}
