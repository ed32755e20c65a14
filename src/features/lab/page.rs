//! The pages of the Lab.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;
use serde::Deserialize;

use super::{
    doctor,
    experiments::{self, Switches},
    origins::Origins,
    state::Lab,
    story::StoryView,
    view::LabView,
};
use crate::{auth::page::PageContext, http::extract::Query};

/// The style sheets of both pages. No other page loads them.
const STYLES: [&str; 2] = ["lab/lab.css", "lab/experiment.css"];

/// The pages of the Lab.
pub(super) fn routes() -> Router<Lab> {
    Router::new().route("/lab", get(index)).route("/lab/story", get(story)).route("/lab/doctor", get(doctor::show))
}

/// `?bench=&credentials=on…`: the switches of the bench. A form leaves out the ones that are off.
#[derive(Debug, Deserialize)]
struct Bench {
    #[serde(rename = "bench")]
    set: Option<String>,
    credentials: Option<String>,
    allow: Option<String>,
    exact: Option<String>,
    local: Option<String>,
    none: Option<String>,
}

impl Bench {
    fn switches(&self) -> Switches {
        if self.set.is_none() {
            return Switches::ESSAY;
        }
        let Self { credentials, allow, exact, local, none, .. } = self;
        Switches::of([credentials, allow, exact, local, none].map(Option::is_some))
    }
}

/// `GET /lab`
async fn index(page: PageContext, State(lab): State<Lab>, Query(bench): Query<Bench>) -> Response {
    let switches = bench.switches();
    let (origins, unavailable) = (lab.origins().clone(), lab.unavailable().map(str::to_owned));
    let available: Vec<_> = lab.available(experiments::all().iter()).collect();
    let content = move || {
        let (origins, unavailable, available) = (origins.clone(), unavailable.clone(), available.clone());
        view! { <LabView origins unavailable available switches /> }
    };
    prepared(page, lab.origins()).page(StatusCode::OK, "The Lab", content).await
}

/// `GET /lab/story`
async fn story(page: PageContext, State(lab): State<Lab>) -> Response {
    let (origins, unavailable) = (lab.origins().clone(), lab.unavailable().map(str::to_owned));
    let content = move || {
        let (origins, unavailable) = (origins.clone(), unavailable.clone());
        view! { <StoryView origins unavailable /> }
    };
    prepared(page, lab.origins()).page(StatusCode::OK, "Where did the cookie go?", content).await
}

/// A page that may call the peer, with the Lab's style sheets.
fn prepared(page: PageContext, origins: &Origins) -> PageContext {
    let page = page.reaching([origins.same_site.clone(), origins.cross_site.clone()]);
    STYLES.into_iter().fold(page, PageContext::styled)
}
