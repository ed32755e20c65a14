//! The house put together: two doors, and what stands outside of both.

use std::{any::Any, sync::Arc, time::Duration};

use any_spawner::Executor;
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    api,
    openapi::{self, Document},
};
use crate::{
    app::{self, server_functions::server_functions},
    assets::{self, Assets},
    auth::{
        Door,
        bearer::{self, TokenDoor},
        cors::{self, Cors, Pages},
        device_cookie::{self, DeviceCookie},
        page::answer_page,
        rate_limit::requests::{self, Limits},
        same_origin::{self, Mount, SameOrigin},
        session::{self, Uses},
    },
    db::{Db, HashedSessions},
    features::{accounts::unsent, api_docs::Reference, dev, lab},
    http::{
        client::{self, Proxies},
        cookie::{self, SessionCookie},
        extract::{BODY_LIMIT, LONG_BODY_LIMIT},
        forms::{self, Forms},
        host::{self, Hosts},
        problem::{Problem, answer_json, problem_response},
        redirect::{local_path, see_other},
        request_id::{self, RequestId},
        security_headers::{self, Policy},
    },
    state::AppState,
    ui::FooterLinks,
};

/// How long a request may take in all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The whole application.
///
/// # Errors
/// One line for the operator.
pub fn router(state: AppState) -> Result<Router, String> {
    // Rendering needs it; a second router of the same process finds it done.
    let _ = Executor::init_tokio();
    let policy = Policy::of(&state.settings);
    let proxies = Proxies::new(&state.settings.server)?;
    let hosts = Hosts::of(&state.settings);
    let app = Router::new()
        .merge(description(&state)?)
        .nest("/api", token_door(&state)?)
        .merge(session_door(&state)?)
        .route("/.well-known/change-password", get(|| async { see_other("/account/password") }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .layer(Extension(places(&state)))
        .with_state(state)
        .layer(from_fn_with_state(hosts, host::layer))
        .layer(from_fn(host::one))
        .layer(from_fn(refuse_odd))
        .layer(from_fn_with_state(policy, security_headers::layer))
        .layer(from_fn_with_state(proxies, client::layer))
        .layer(from_fn(request_id::layer))
        .layer(CatchPanicLayer::new());
    Ok(app)
}

/// What the foot of every page leads to.
fn places(state: &AppState) -> FooterLinks {
    let lab = state.lab.is_on().then_some(("/lab", "The Lab"));
    FooterLinks(lab.into_iter().chain([("/api/docs", "The API")]).collect())
}

/// `/api/v1`: no session layer, so no cookie is ever read (S13). CORS outermost, so that an allowed page can read every
/// answer, refusals too.
fn token_door(state: &AppState) -> Result<Router<AppState>, String> {
    let (pages, limits) = (Pages::new(&state.settings)?, Limits::new(&state.settings.rate_limits));
    let cors =
        Cors { pages: pages.clone(), limits: limits.clone(), db: state.db.clone(), known: cors::Known::default() };
    let door = TokenDoor { db: state.db.clone(), prefix: state.settings.tokens.prefix.clone(), pages, limits };
    let mount = Router::new()
        .nest("/v1", api::token_mount().into())
        .fallback(api::not_found)
        .layer(Extension(Door::Token(Arc::new(door))));
    let mount = contained(mount).layer(map_response(bearer::challenge)).layer(from_fn(requests::layer));
    Ok(mount.layer(from_fn_with_state(cors, cors::layer)).layer(from_fn(answer_json)))
}

/// What describes the token door: it is nobody's own, and reads no credential. Pages of any origin may read the document.
fn description(state: &AppState) -> Result<Router<AppState>, String> {
    let document = openapi::token_document(&state.settings);
    let reference = Arc::new(Reference::new(&document));
    let pages = app::open_pages().layer(Extension(reference));
    let pages = contained(pages).layer(from_fn_with_state(state.assets.clone(), answer_page));
    let mount = Router::new().nest("/api/v1", openapi::routes().into()).layer(Extension(Document::new(&document)?));
    Ok(contained(mount).layer(from_fn(answer_json)).layer(cors::open()).merge(pages))
}

/// Pages, `/fn` and `/session/v1`: behind the same session layer, each behind its guard. Files stay outside (T11).
fn session_door(state: &AppState) -> Result<Router<AppState>, String> {
    let settings = &state.settings;
    let ours = SessionCookie::of(&settings.server.public_url);
    let devices = DeviceCookie::of(&settings.server.public_url);
    let origin = HeaderValue::from_str(&settings.origin()).map_err(|error| error.to_string())?;
    let guard = |mount| {
        let door = SameOrigin { origin: origin.clone(), cookie: ours, mount, development: settings.is_development() };
        from_fn_with_state(door, same_origin::guard)
    };
    let uses = Uses { db: state.db.clone(), settings: settings.sessions };
    let auth = session::layer(&state.db, HashedSessions::new(&state.db), ours);
    let with_session = |router: Router<AppState>| {
        router
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(session::forget_ended))
            .layer(from_fn_with_state(uses.clone(), session::touch))
            .layer(from_fn(session::save_in_spite_of_errors))
            .layer(auth.clone())
            .layer(from_fn(session::unavailable_if_unknown))
            .layer(from_fn_with_state(ours, cookie::guard))
            .layer(from_fn_with_state(devices, device_cookie::layer))
    };

    let calls = Router::new()
        .nest("/session/v1", api::session_mount().merge(openapi::routes()).into())
        .route("/session/{*rest}", any(api::not_found))
        .merge(server_functions(state))
        .layer(Extension(Document::new(&openapi::session_document(settings))?))
        .layer(Extension(Door::Session));
    let calls = contained(with_session(calls).layer(guard(Mount::Calls))).layer(from_fn(answer_json));

    // Experiments find the same guard, and nothing of anybody's behind it. What it refuses is for the record of the visit.
    let desk = contained(lab::house::desk().layer(guard(Mount::Calls)));
    let door = contained(lab::house::guarded().layer(guard(Mount::Calls))).layer(from_fn(answer_json));
    let door = door.layer(from_fn_with_state(state.clone(), lab::house::witness));
    let lab = desk.merge(contained(lab::house::open())).layer(from_fn(answer_json)).merge(door);

    // The inner layer words what a page refuses, for whoever is signed in; the outer one what never reached a page.
    let word = || from_fn_with_state(state.assets.clone(), answer_page);
    let (forms, assets) = (Forms::new(&state.db, ours), &state.assets);
    let page = |router: Router<AppState>| {
        let router = router.layer(from_fn_with_state(assets.clone(), unsent::layer)).layer(word());
        // What a form holds is read once, for every layer that asks; each route still takes only as much as it takes.
        let router = with_session(router)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(forms.clone(), forms::layer))
            .layer(DefaultBodyLimit::max(LONG_BODY_LIMIT));
        contained(router.layer(guard(Mount::Pages))).layer(word())
    };
    let elsewhere = page(Router::new().fallback(api::not_found)).layer(from_fn(without_slash));
    let files = elsewhere.layer(from_fn_with_state(state.assets.clone(), files_first)).with_state(state.clone());

    let pages = page(app::pages().merge(dev::pages(settings))).layer(from_fn(to_the_form));
    let pages = pages.layer(from_fn_with_state(state.dev_key.clone(), dev::recognise));
    Ok(pages.merge(calls).merge(lab).fallback_service(files))
}

/// A panic and a request that takes too long are answered inside the layers that word problems.
fn contained(router: Router<AppState>) -> Router<AppState> {
    router
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
}

/// A handler that panics is an answer like others.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::Internal("a handler panicked".into()).into_response()
}

async fn files_first(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    match assets::serve(&assets, request.method(), request.uri().path(), request.headers()).await {
        Some(file) => file,
        None => next.run(request).await,
    }
}

/// The address of a form, typed by hand, leads a person to the page the form is on. Programs are told which methods there
/// are.
async fn to_the_form(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let home = (reads && accepts.contains("text/html")).then(|| home_of(request.uri().path()));
    let response = next.run(request).await;
    match home {
        Some(home) if response.status() == StatusCode::METHOD_NOT_ALLOWED => see_other(&home),
        _ => response,
    }
}

/// The page that has the form which posts to `path`.
fn home_of(path: &str) -> String {
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("notes"), Some(id), Some(_)) => format!("/notes/{id}"),
        (Some(part), Some(_), _) => format!("/{part}"),
        _ => "/".into(),
    }
}

/// A page's address with a slash at its end leads to the page (RFC 9110 section 15.4.9). What begins with two slashes would
/// lead to another host, and what is not for people has one spelling.
async fn without_slash(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let plain = reads && local_path(path) == path && !path.contains("//");
    let place = path.strip_suffix('/').filter(|path| plain && !path.is_empty()).and_then(|path| {
        let people = !["/fn", "/session", "/api", "/lab/"].iter().any(|mount| path.starts_with(mount));
        // There is a page behind each link in a mail, and none without the link's token.
        let people = people && !["/reset", "/confirm", "/email"].contains(&path);
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        people.then(|| HeaderValue::from_str(&format!("{path}{query}")).ok()).flatten()
    });
    let response = next.run(request).await;
    match place {
        Some(place) if response.status() == StatusCode::NOT_FOUND => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        _ => response,
    }
}

/// Methods that ask for nothing we do, and targets without a path, which rendering would not survive (S36, T16).
async fn refuse_odd(request: Request, next: Next) -> Response {
    let odd = matches!(*request.method(), Method::TRACE | Method::CONNECT) || !request.uri().path().starts_with('/');
    if !odd {
        return next.run(request).await;
    }
    let response = Problem::MethodNotAllowed.into_response();
    let mut response = problem_response(response, &Problem::MethodNotAllowed, &RequestId::of(request.extensions()));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

/// Whether this instance can serve: its database answers and takes writes.
async fn ready(State(db): State<Db>) -> Response {
    match db.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}
