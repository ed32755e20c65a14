//! The HTML of the front page.

use leptos::{either::Either, nonce::use_nonce, prelude::*};

use crate::ui::Table;

#[component]
pub(super) fn Landing(
    signed_in: bool,
    lab: bool,
    /// The URL of `landing.js`.
    script: String,
) -> impl IntoView {
    let start = if signed_in {
        Either::Left(view! { <a class="button" href="/account">"Go to your account"</a> })
    } else {
        Either::Right(view! {
            <a class="button" href="/sign-up">"Sign up"</a> " "
            <a class="button quiet" href="/sign-in">"Sign in"</a>
        })
    };
    view! {
        <section class="hero">
            <h1>"Two doors into one house"</h1>
            <p class="lead">
                "A session cookie shows which browser sent a request, not which site caused it. So it counts only on "
                "its own origin, and every other client brings a token."
            </p>
            <p class="actions">{start}</p>
        </section>
        <section class="doors">
            <article class="card session">
                <h2>"The session door"</h2>
                <p class="who">"For these pages"</p>
                <p>
                    "For the site's own pages. The browser sends the cookie by itself, so a guard refuses every "
                    "request that another site has caused."
                </p>
                <pre><code>"Cookie: __Host-Http-session=…"</code></pre>
                <TryDoor door="session" path="/session/v1/me" takes_token=false />
            </article>
            <article class="card token">
                <h2>"The token door"</h2>
                <p class="who">"For everyone else"</p>
                <p>
                    "For single-page apps on other origins, scripts and mobile apps. The client adds the token itself, "
                    "so no other site can make a request in its name."
                </p>
                <pre><code>"Authorization: Bearer vst_…"</code></pre>
                <TryDoor door="token" path="/api/v1/me" takes_token=true />
            </article>
        </section>
        <p class="house">"Behind both doors: the same accounts, the same data, the same rules."</p>
        <section class="which">
            <h2>"Which door do I use?"</h2>
            <Which />
        </section>
        {lab.then(|| view! { <LabTeaser /> })}
        <script type="module" src=script nonce=use_nonce()></script>
    }
}

/// A button that requests `path` at a door. `landing.js` shows the answer.
#[component]
fn TryDoor(door: &'static str, path: &'static str, takes_token: bool) -> impl IntoView {
    let id = format!("try-{door}");
    view! {
        <form class="try-request" action=path>
            {takes_token.then(|| view! {
                <label for=id.clone()>"Token, if you have one"</label>
                <input id=id type="password" autocomplete="off" spellcheck="false" placeholder="vst_…" />
            })}
            <button class="quiet">{format!("Try the {door} door")}</button>
            <p class="hint"><code>{format!("GET {path}")}</code></p>
            <div class="answer" role="status"></div>
        </form>
    }
}

#[component]
fn LabTeaser() -> impl IntoView {
    view! {
        <section class="card mystery">
            <h2>"Where did the cookie go?"</h2>
            <p>
                "A page on one port calls a server on another. The server answers with " <code>"Set-Cookie"</code>
                ", the browser logs no error, and yet the cookie is gone. The Lab repeats this in your own browser, "
                "between real origins, and shows what the server received, what the page got, and which rule decided."
            </p>
            <p class="actions">
                <a class="button" href="/lab/story">"Follow the cookie"</a> " "
                <a class="button quiet" href="/lab/doctor">"Check your own setup"</a> " "
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
                row(["Clients", "Pages of this origin", "Pages of origins you allow, scripts, mobile apps"]),
                row(["Credential", "A cookie that the browser stores and sends", "A token that your code adds"]),
                row(["Forged requests", "Refused by the same-origin guard", "Refused: they have no token"]),
                row(["Permissions", "Everything the person can do", "What the token's scopes allow"]),
                row(["How it ends", "Sign out, here or from another browser", "Revoke it, or let it expire"]),
            ]
        />
    }
}
