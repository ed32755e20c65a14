//! The table of pages, and the landing page.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use leptos::prelude::*;

use crate::{
    accounts::{self, confirmation, manage, proof, recovery},
    extract::LONG_BODY_LIMIT,
    notes, sign_ins,
    state::AppState,
    tokens,
    ui::Visit,
};

/// Every page, and every form's post.
pub fn pages() -> Router<AppState> {
    Router::new()
        .route("/", get(landing))
        .route("/sign-up", get(accounts::page::sign_up).post(accounts::page::post_sign_up))
        .route("/sign-in", get(accounts::page::sign_in).post(accounts::page::post_sign_in))
        .route("/sign-out", post(accounts::page::sign_out))
        .route("/forgot", get(recovery::page::forgot).post(recovery::page::post_forgot))
        .route("/reset/{token}", get(recovery::page::reset).post(recovery::page::post_reset))
        .route("/account", get(accounts::page::account))
        .route("/confirm/{token}", get(confirmation::page::confirm).post(confirmation::page::post_confirm))
        .route("/email/{token}", get(confirmation::page::email).post(confirmation::page::post_email))
        .route("/account/email/resend", post(confirmation::page::resend))
        .route("/account/confirm", get(proof::page::confirm).post(proof::page::post_confirm))
        .route("/account/name", get(manage::page::name).post(manage::page::post_name))
        .route("/account/password", get(manage::page::password).post(manage::page::post_password))
        .route("/account/email", get(manage::page::email).post(manage::page::post_email))
        .route("/account/export", get(manage::page::export))
        .route("/account/delete", get(manage::page::delete).post(manage::page::post_delete))
        .route("/account/sign-ins/{id}/revoke", post(sign_ins::page::revoke))
        .route("/account/sign-ins/revoke-others", post(sign_ins::page::revoke_others))
        .route("/notes", get(notes::page::index).post(notes::page::create).layer(long()))
        .route("/notes/{id}", get(notes::page::show).post(notes::page::save).layer(long()))
        .route("/notes/{id}/delete", post(notes::page::delete))
        .route("/tokens", get(tokens::page::index).post(tokens::page::create))
        .route("/tokens/{id}/revoke", post(tokens::page::revoke))
}

/// For forms that hold a whole note.
fn long() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LONG_BODY_LIMIT)
}

async fn landing(visit: Visit) -> Response {
    let signed_in = visit.caller.is_some();
    visit.page(StatusCode::OK, "Two doors into one house", move || view! { <Landing signed_in /> }).await
}

#[component]
fn Landing(signed_in: bool) -> impl IntoView {
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
                <pre><code>"Cookie: __Host-session=…"</code></pre>
            </article>
            <article class="card token">
                <h2>"The token door"</h2>
                <p class="who">"For everyone else"</p>
                <p>
                    "A single-page app on another origin, a script, a phone. The code that asks puts the token there, so no other "
                    "site can ask in its name."
                </p>
                <pre><code>"Authorization: Bearer vst_…"</code></pre>
            </article>
        </section>
        <p class="house">"Behind both: the same accounts, the same notes, the same rules."</p>
    }
}
