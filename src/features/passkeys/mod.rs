//! Passkeys (WebAuthn Level 3): a way to sign in without a password, and more safely than with one.
//!
//! A passkey is a key pair that an authenticator keeps: the device, a password manager or a security key. It is made
//! for this site's domain, so no other site can ask for it, and unlocked by a fingerprint, a face or a PIN, so it counts
//! as two factors. Whoever adds, renames or removes one has to have given the password recently, and the owner gets a
//! mail (S78).

mod api;
mod authenticators;
mod ceremony;
mod emails;
mod model;
mod page;
pub mod service;
mod sign_in;
mod sign_up;
mod store;
mod view;

use crate::{
    auth::sign_in::{Factor, SecondFactor},
    feature::{Feature, Job},
    http::pages::Pages,
    ui::WayIn,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    is_on: |settings| settings.passkeys.rp_id(&settings.server.public_url).is_some(),
    factors: &[SecondFactor {
        factor: Factor::Passkey,
        label: "Use a passkey",
        is_enrolled: store::HAS_SOME,
        check: |context, account, answer| Box::pin(service::check(context, account, answer)),
        begin: None,
        fields: view::step_fields,
        summary: |db, account| Box::pin(service::summary(db, account)),
        remove: |db, account| Box::pin(async move { Ok(store::delete_all(db, account).await.map(drop)?) }),
        after_change: None,
    }],
    ways_in: &[WayIn { script: "passkeys.js", autocomplete: Some("username webauthn"), view: view::sign_in_button }],
    setup_paths: &["/account/passkeys", "/passkeys", "/session/v1/passkeys"],
    ways_up: &[WayIn { script: "passkeys.js", autocomplete: None, view: view::sign_up_button }],
    after_sign_in: &["passkeys-automatic.js"],
    api: api::routes,
    session_api: || api::session_routes().merge(sign_in::session_routes()).merge(sign_up::session_routes()),
    pages: || {
        Pages::new()
            .get("/account/passkeys", page::index)
            .post("/account/passkeys/{id}/rename", page::rename)
            .post("/account/passkeys/{id}/remove", page::remove)
            .post_large("/passkeys/sign-in", sign_in::post_sign_in)
            .post_large("/passkeys/sign-up", sign_up::post_sign_up)
    },
    open_pages: |_| Pages::new().get("/.well-known/passkey-endpoints", page::endpoints),
    export: Some(|db, account, document| {
        Box::pin(async move { document.member("passkeys", &service::list(db, account).await?).await })
    }),
    jobs: &[Job {
        what: "passkey challenges",
        run: |state, batch| Box::pin(async move { service::delete_expired(&state.db, batch).await }),
    }],
    ..Feature::new("passkeys")
};
