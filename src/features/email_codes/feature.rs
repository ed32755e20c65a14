//! The feature's entry in the list of features.

use super::{ASK, ENTER, api, page, service, view};
use crate::{
    auth::sign_in::{Factor, SecondFactor},
    feature::{Feature, Job},
    http::pages::Pages,
    ui::WayIn,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    is_on: |settings| settings.email_codes.enabled,
    factors: &[SecondFactor {
        factor: Factor::EmailCode,
        label: "Use a code that we email you",
        is_enrolled: "TRUE",
        check: |context, account, typed| Box::pin(service::check(context, account, typed)),
        begin: Some(|context, account, client| Box::pin(service::begin(context, account, client))),
        fields: view::code_field,
        summary: |_, _| Box::pin(async { Ok(service::summary()) }),
        remove: |db, account| Box::pin(service::remove(db, account)),
        after_change: None,
    }],
    ways_in: &[WayIn { script: "page.js", autocomplete: None, view: view::way_in }],
    session_api: api::session_routes,
    unauthenticated_api: api::token_routes,
    pages: || {
        Pages::new()
            .get(ASK, page::ask)
            .post_large(ASK, page::post_ask)
            .get(ENTER, page::enter)
            .post_large(ENTER, page::post_enter)
    },
    jobs: &[Job {
        what: "codes by mail",
        run: |state, batch| Box::pin(async move { service::delete_expired(&state.db, batch).await }),
    }],
    ..Feature::new("email_codes")
};
