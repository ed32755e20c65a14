//! The Lab: the experiments of the essay, run in the visitor's own browser between three real origins.
//!
//! An experiment is a record (`experiments/`). The page shows it with what the specifications predict. The script in
//! the browser makes its requests, to the app and to the Lab's peer: a second listener, which is another origin of the
//! same site under one name and an origin of another site under the other. Both respond as the record says and record
//! what they received, in memory, in a Lab session that only its own page can read.
//!
//! It is safe to leave on. A Lab session changes nothing but its own record. The peer knows no accounts but those of the
//! theft drill, responds to pages of the three origins only, and only as a record says. Nothing of a request is shown to
//! anyone but the page of its session. The Lab's cookies have names and a path of their own and live for a minute.
//!
//! It is a cargo feature: without `lab` in the default features of `Cargo.toml` it is not compiled.

mod answer;
mod diagram;
mod doctor;
mod endpoints;
mod experiment;
mod experiments;
mod origins;
mod page;
mod peer;
mod prediction;
mod respond;
mod sessions;
mod state;
mod step;
mod story;
mod theft;
mod view;

use axum::Router;

use self::{origins::Origins, state::Lab, theft::Theft};
use crate::{
    auth::same_origin::{Mount, SameOrigin},
    feature::{ExtraListener, Feature, Stateful, StatefulRoutes},
    settings::{LabEnabled, Settings},
    state::AppState,
    ui::NavLink,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    is_on: |settings| settings.lab_peer().is_some(),
    footer: &[NavLink { path: "/lab", label: "The Lab" }],
    experiments: |settings| experiments::that_explain(settings.origin().starts_with("http://localhost")),
    examine_origin: Some(doctor::examine),
    stateful: Some(Stateful {
        label: "the Lab",
        listener,
        routes,
        pages: &["/lab", "/lab/story", "/lab/doctor", "/lab/theft"],
        endpoints: &[
            ("POST", "/lab/sessions", true),
            ("POST", "/lab/sessions/{session}/{experiment}/begin", true),
            ("POST", "/lab/sessions/{session}/{experiment}/end", true),
            ("ANY", "/lab/guarded/{session}/{experiment}/{step}", true),
            ("ANY", "/lab/at/{session}/{experiment}/{step}", false),
            ("ANY", "/lab/proxy/{session}/{experiment}/{step}", false),
            ("GET", doctor::SCRIPTS, false),
            ("POST", "/lab/theft/cookie", true),
            ("POST", "/lab/theft/bound-cookie", true),
            ("POST", "/lab/theft/token", true),
            ("POST", "/lab/theft/bound-token", true),
            ("GET", "/lab/theft/door/{drill}", true),
            ("POST", "/lab/theft/end/{drill}", true),
            ("POST", "/lab/theft/device-bound/start", true),
            ("POST", "/lab/theft/device-bound/refresh", true),
        ],
    }),
    jobs: &[theft::JOB],
    ..Feature::new("lab")
};

/// The origins of the peer, of the same site and of another. None if the Lab is off.
fn listener(settings: &Settings) -> Option<ExtraListener> {
    let (same_site, cross_site) = settings.lab_peer()?;
    let required = settings.lab.enabled == LabEnabled::Always;
    Some(ExtraListener {
        address: settings.lab.address,
        setting: "lab.address",
        required,
        origins: vec![same_site, cross_site],
    })
}

/// The state of the Lab and the routes that share it.
fn routes(state: &AppState, unavailable: Option<String>) -> Result<StatefulRoutes, String> {
    let Some((same_site, cross_site)) = state.settings.lab_peer() else {
        return Ok(StatefulRoutes::default());
    };
    let origins = Origins { app: state.settings.origin(), same_site, cross_site };
    let theft = Theft::new(state, origins.clone(), unavailable.clone());
    let lab = Lab::new(state, origins, unavailable);
    let guard = SameOrigin::new(&state.settings, Mount::Calls)?;
    let with_lab = |router: Router<Lab>| router.with_state(lab.clone());
    Ok(StatefulRoutes {
        pages: with_lab(page::routes().merge(theft::pages(&theft))),
        endpoints: with_lab(endpoints::routes(&lab, &guard).merge(theft::endpoints(&theft, &guard))),
        peer: Some(peer::router(lab.clone(), theft::peer(&theft))),
        in_process: Some(theft.app().clone()),
    })
}
