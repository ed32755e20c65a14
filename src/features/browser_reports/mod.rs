//! What browsers report about our pages: violations of a policy, deprecated features, interventions
//! (W3C Reporting API; CSP3 section 5.5).
//!
//! Each page names [`PATH`] in its Content-Security-Policy and, on https, in `Reporting-Endpoints`. Anybody can post
//! there, so what arrives is a hint for the operator and nothing more: it is bounded in every way, the same report is a
//! row with a count, and the rows that did not come again for the longest time make room for new ones.
//!
//! A URL in a report may hold a secret, such as the link of a mail. Of each, only the route, the origin or the name of
//! a script is kept ([`reduce`]). Nothing of a report is logged.

pub mod admin;
mod collector;
mod endpoint;
mod model;
mod parse;
mod reduce;
mod store;

use axum::{Router, routing::post};

use self::collector::Collector;
use crate::{
    feature::{Feature, Job, Stateful, StatefulRoutes},
    state::AppState,
};

/// Where browsers send reports.
const PATH: &str = "/browser-reports";

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    is_on: |settings| settings.reports.enabled,
    reports_to: Some(PATH),
    stateful: Some(Stateful {
        label: "the reports of browsers",
        listener: |_| None,
        routes: |state, _| Ok(routes(state)),
        pages: &[],
        endpoints: &[("POST", PATH, false)],
    }),
    jobs: &[Job {
        what: "browser reports",
        run: |state, batch| Box::pin(async move { admin::delete_expired(&state, batch).await }),
    }],
    ..Feature::new("browser_reports")
};

/// The endpoint needs no guard: a page of another site cannot post these types without a preflight, which is refused,
/// and what is about a page of another site is dropped.
fn routes(state: &AppState) -> StatefulRoutes {
    let endpoints = Router::new().route(PATH, post(endpoint::collect).with_state(Collector::new(state)));
    StatefulRoutes { endpoints, ..StatefulRoutes::default() }
}
