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
        factor: Factor::RecoveryCode,
        label: "Use a recovery code",
        is_enrolled: store::HAS_SOME,
        check: |context, account, typed| Box::pin(service::check(context, account, typed)),
        begin: None,
        fields: view::code_field,
        summary: |db, account| Box::pin(service::summary(db, account)),
        remove: |db, account| Box::pin(service::remove(db, account)),
        after_change: Some(|db, account, is_required| Box::pin(service::follow(db, account, is_required))),
    }],
    export: Some(|db, account, document| {
        Box::pin(async move { document.member("recovery_codes", &service::exported(db, account).await?).await })
    }),
    session_api: api::session_routes,
    unauthenticated_api: api::token_routes,
    pages: || Pages::new().get(PATH, page::show).post(PATH, page::renew),
    ..Feature::new("recovery_codes")
};
