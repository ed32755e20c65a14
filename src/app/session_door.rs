//! The session door: pages, server functions and `/session/v1`.

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::Method,
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{any, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    api,
    containment::{contained, panicked},
    openapi::{self, Document},
    redirects::{PagePaths, to_the_form, without_slash},
    server_functions::server_functions,
};
use crate::{
    assets::{self, Assets},
    auth::{
        Door, dev_key, device_bound,
        device_cookie::{self, DeviceCookie},
        page::answer_page,
        same_origin::{self, Mount, SameOrigin},
        session::{self, AroundHandler, HashedSessions, LastSeen},
        sign_in::{
            cookie::{self as pending_cookie, CookieName},
            required::{self, Required},
        },
    },
    feature::{Feature, StatefulRoutes},
    features::accounts::{security, unsent},
    http::{
        cookie::{self, SessionCookie},
        extract::{BODY_LIMIT, LARGE_BODY_LIMIT},
        forms::{self, Forms},
        known_paths::{KnownPaths, no_such_path},
        pages::Pages,
        problem::answer_json,
        shared::Share,
    },
    state::AppState,
};

/// Pages, `/fn` and `/session/v1`: behind the same session layer, each behind its guard. Files stay outside (T11).
pub(super) fn session_door(
    state: &AppState,
    features: &[Feature],
    stateful: Vec<StatefulRoutes>,
) -> Result<Router<AppState>, String> {
    let settings = &state.settings;
    let ours = SessionCookie::of(&settings.server.public_url);
    let devices = DeviceCookie::of(&settings.server.public_url);
    let pending = CookieName::of(&settings.server.public_url);
    let guarded = SameOrigin::new(settings, Mount::Calls)?;
    let guard = |mount| from_fn_with_state(SameOrigin { mount, ..guarded.clone() }, same_origin::guard);
    let last_seen = LastSeen { db: state.db.clone(), settings: settings.sessions };
    let around = AroundHandler { last_seen, device_bound: state.device_bound.clone() };
    let auth = session::layer(&state.db, HashedSessions::new(&state.db), ours);
    let required = |page| {
        let (sign_ins, open) = (state.sign_ins.clone(), state.site.setup_paths.clone().into());
        let device_bound = state.device_bound.clone();
        from_fn_with_state(Required { sign_ins, device_bound, open, page }, required::layer)
    };
    let with_session = |router: Router<AppState>| {
        router
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(around.clone(), session::around_handler))
            .layer(Share)
            .layer(auth.clone())
            .layer(Share)
            .layer(from_fn(session::unavailable_if_unknown))
            .layer(from_fn_with_state(ours, cookie::guard))
            .layer(from_fn_with_state(devices, device_cookie::layer))
            .layer(from_fn_with_state(pending, pending_cookie::layer))
            .layer(Share)
    };

    let answered = || from_fn_with_state(state.site.experiments.clone(), answer_json);
    let api = api::session_mount(features).merge(openapi::routes());
    let paths = KnownPaths::of("/session/v1", api.get_openapi());
    let document = Document::of(openapi::description(state, features, openapi::session_document));
    let calls = Router::new()
        .nest("/session/v1", api.into())
        .route("/session/{*rest}", any(no_such_path))
        .layer(Extension(paths))
        .merge(server_functions(state))
        .layer(required(None))
        .layer(Extension(document))
        .layer(Extension(Door::Session));
    let calls = contained(with_session(calls).layer(guard(Mount::Calls))).layer(answered());

    // Without the session layers: they read no cookie.
    let keys = Router::new()
        .route(device_bound::START, post(device_bound::start))
        .route(device_bound::REFRESH, post(device_bound::refresh));
    let keys = contained(keys.layer(guard(Mount::Calls))).layer(answered());

    let (mut own_pages, mut endpoints) = (Router::new(), Router::new());
    for feature in stateful {
        own_pages = own_pages.merge(feature.pages);
        endpoints = endpoints.merge(feature.endpoints);
    }
    let endpoints = contained(endpoints).layer(answered());

    // The inner layer words what a page refuses, for whoever is signed in; the outer one what never reached a page.
    let word = || from_fn_with_state(state.assets.clone(), answer_page);
    let (forms, assets) = (Forms::new(&state.db, ours), &state.assets);
    let page = |router: Router<AppState>| {
        let router = router.layer(required(Some(security::PATH)));
        let router = router.layer(from_fn_with_state(assets.clone(), unsent::layer)).layer(word()).layer(Share);
        // What a form holds is read once, for every layer that asks; each route still takes only as much as it takes.
        let router = with_session(router)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(forms.clone(), forms::layer))
            .layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT))
            .layer(Share);
        contained(router.layer(guard(Mount::Pages))).layer(word()).layer(Share)
    };
    let elsewhere =
        page(Router::new().fallback(api::not_found)).layer(from_fn_with_state(state.site.clone(), without_slash));
    let files = elsewhere.layer(from_fn_with_state(state.assets.clone(), files_first)).with_state(state.clone());

    let pages = features.iter().fold(Pages::new(), |pages, feature| pages.merge((feature.pages)()));
    let paths = pages.routes().iter().filter(|(method, _)| method == Method::GET).map(|(_, path)| *path);
    let paths = PagePaths(paths.collect());
    let pages = page(pages.into_router().merge(own_pages)).layer(from_fn_with_state(paths, to_the_form));
    let pages = pages.layer(from_fn_with_state(state.dev_key.clone(), dev_key::recognise));
    Ok(pages.merge(calls).merge(keys).merge(endpoints).fallback_service(files))
}

async fn files_first(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    match assets::serve(&assets, request.method(), request.uri().path(), request.headers()).await {
        Some(file) => file,
        None => next.run(request).await,
    }
}
