//! The application: the list of features, and the routers, layers and jobs that serve them.

mod api;
mod containment;
pub mod identity;
pub mod jobs;
pub mod metrics;
pub mod openapi;
mod readiness;
mod redirects;
pub mod restored;
mod router;
pub mod routes;
mod server_functions;
mod session_door;
mod token_door;
pub mod version;

pub use self::{jobs::run_jobs, router::router};
use crate::{
    feature::Feature,
    features::{
        accounts, activity, api_docs, browser_reports, browser_sessions, dev, email_codes, events, landing, notes,
        oauth, passkeys, recovery_codes, tokens, totp,
    },
};

/// Every feature, in the order of the links in the header. Whoever signs in comes to the first link.
pub const FEATURES: &[Feature] = &[
    notes::FEATURE,
    events::FEATURE,
    tokens::FEATURE,
    accounts::FEATURE,
    totp::FEATURE,
    recovery_codes::FEATURE,
    browser_sessions::FEATURE,
    passkeys::FEATURE,
    email_codes::FEATURE,
    oauth::FEATURE,
    activity::FEATURE,
    landing::FEATURE,
    #[cfg(feature = "lab")]
    crate::features::lab::FEATURE,
    api_docs::FEATURE,
    browser_reports::FEATURE,
    dev::FEATURE,
];
