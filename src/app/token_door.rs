//! The token door, and the description of it.

use std::sync::Arc;

use axum::{
    Extension, Router,
    middleware::{from_fn, from_fn_with_state},
};

use super::{
    api,
    containment::contained,
    openapi::{self, Document},
};
use crate::{
    auth::{
        Door, PasswordRule,
        bearer::{self, TokenDoor},
        cors::{self, AllowedOrigins, Cors},
        page::answer_page,
        rate_limit::{
            requests::{self, Limits},
            unauthenticated::limit_unauthenticated,
        },
        refused_origins::RefusedOrigins,
        resource_metadata::{self, ResourceMetadata},
    },
    feature::Feature,
    http::{
        known_paths::{KnownPaths, no_such_path},
        pages::Pages,
        problem::answer_json,
        shared::Share,
    },
    state::AppState,
};

/// `/api/v1`: no session layer, so no cookie is ever read (S13). CORS outermost, so that an allowed page can read every
/// answer, refusals too.
pub(super) fn token_door(state: &AppState, features: &[Feature]) -> Result<Router<AppState>, String> {
    let (origins, limits) = (AllowedOrigins::new(&state.settings)?, Limits::new(&state.settings.rate_limits));
    let recent = cors::RecentOrigins::default();
    let (db, refused) = (state.db.clone(), RefusedOrigins::default());
    let cors = Cors { origins: origins.clone(), limits: limits.clone(), db, recent, refused };
    let (db, dpop, prefix) = (state.db.clone(), state.dpop.clone(), state.settings.tokens.prefix.clone());
    let sign_ins = state.sign_ins.clone();
    let authorize = features.iter().find_map(|feature| feature.authorization_endpoint);
    let passwords = PasswordRule::new(&state.settings, authorize);
    let door = TokenDoor { db, prefix, origins, limits, dpop: dpop.clone(), sign_ins, passwords };
    let api = api::token_mount(features);
    let paths = KnownPaths::of("/api/v1", api.get_openapi());
    let forms = features.iter().fold(Pages::new(), |forms, feature| forms.merge((feature.client_forms)()));
    let forms = forms.into_router().layer(from_fn(limit_unauthenticated));
    let metadata = features.iter().find_map(|feature| feature.resource_metadata);
    let metadata = metadata.map(|path| format!("{}{path}", state.settings.origin()));
    let mount = Router::new()
        .nest("/v1", Router::from(api).merge(forms))
        .fallback(no_such_path)
        .layer(Extension(paths))
        .layer(Extension(Door::Token(Arc::new(door))));
    let mount = contained(mount)
        .layer(Share)
        .layer(from_fn_with_state(dpop, bearer::challenge))
        .layer(from_fn_with_state(ResourceMetadata::new(metadata), resource_metadata::layer))
        .layer(from_fn(requests::layer))
        .layer(Share);
    Ok(mount
        .layer(from_fn_with_state(cors, cors::layer))
        .layer(from_fn_with_state(state.site.experiments.clone(), answer_json)))
}

/// What describes the token door: it is nobody's own, and reads no credential. Pages of any origin may read the
/// document.
pub(super) fn description(state: &AppState, features: &[Feature]) -> Router<AppState> {
    let description = openapi::description(state, features, openapi::token_document);
    let pages = features.iter().map(|feature| (feature.open_pages)(&description));
    let pages = pages.fold(Router::new(), |router, pages| router.merge(pages.into_router()));
    let pages = contained(pages).layer(from_fn_with_state(state.assets.clone(), answer_page));
    let document = Document::of(description);
    let mount = Router::new().nest("/api/v1", openapi::routes().into()).layer(Extension(document));
    contained(mount)
        .layer(from_fn_with_state(state.site.experiments.clone(), answer_json))
        .layer(cors::open())
        .merge(pages)
}
