//! The feature's entry in the list of features.

use super::{PATH, api, page, service, store, view};
use crate::{
    auth::sign_in::{Factor, SecondFactor},
    feature::Feature,
    http::pages::Pages,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    factors: &[SecondFactor {
        factor: Factor::Totp,
        label: "Use your authenticator app",
        is_enrolled: store::IS_ON,
        check: |context, account, typed| Box::pin(service::check(context, account, typed)),
        begin: None,
        fields: view::code_field,
        summary: |db, account| Box::pin(service::summary(db, account)),
        remove: |db, account| Box::pin(async move { service::remove(db, account).await.map(drop) }),
        after_change: None,
    }],
    api: api::routes,
    export: Some(|db, account, document| {
        Box::pin(async move { document.member("totp", &service::exported(db, account).await?).await })
    }),
    session_api: api::session_routes,
    unauthenticated_api: api::token_routes,
    pages: || {
        Pages::new()
            .get(PATH, page::show)
            .post(PATH, page::begin)
            .post("/account/security/totp/confirm", page::confirm)
            .post("/account/security/totp/remove", page::remove)
    },
    ..Feature::new("totp")
};
