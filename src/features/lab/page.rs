//! The pages of the Lab.

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::prelude::*;
use serde::Deserialize;

use super::{
    Lab, Origins,
    experiments::{self, Switches},
    story::StoryView,
    view::LabView,
};
use crate::{
    auth::page::PageContext,
    http::{extract::Query, problem::Problem},
};

/// The style sheet of both pages, which no other page downloads.
const STYLE: &str = "lab/lab.css";

/// `?bench=&credentials=on…`: how the switches of the bench stand. A switch that is off is left out, as forms do.
#[derive(Debug, Deserialize)]
pub struct Bench {
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
///
/// # Errors
/// [`Problem::NotFound`] where the Lab is off.
pub async fn index(
    visit: PageContext,
    State(lab): State<Lab>,
    Query(bench): Query<Bench>,
) -> Result<Response, Problem> {
    let switches = bench.switches();
    let inside = lab.inside()?;
    let (origins, trouble) = (inside.origins.clone(), inside.trouble.clone());
    let here: Vec<_> = inside.fit(experiments::all().iter()).collect();
    let content = move || {
        let (origins, trouble, here) = (origins.clone(), trouble.clone(), here.clone());
        view! { <LabView origins trouble here switches /> }
    };
    Ok(visit.styled(STYLE).reaching(peers(&inside.origins)).page(StatusCode::OK, "The Lab", content).await)
}

/// `GET /lab/story`
///
/// # Errors
/// [`Problem::NotFound`] where the Lab is off.
pub async fn story(visit: PageContext, State(lab): State<Lab>) -> Result<Response, Problem> {
    let inside = lab.inside()?;
    let (origins, trouble) = (inside.origins.clone(), inside.trouble.clone());
    let content = move || {
        let (origins, trouble) = (origins.clone(), trouble.clone());
        view! { <StoryView origins trouble /> }
    };
    Ok(visit
        .styled(STYLE)
        .reaching(peers(&inside.origins))
        .page(StatusCode::OK, "Where did the cookie go?", content)
        .await)
}

fn peers(origins: &Origins) -> [String; 2] {
    [origins.neighbour.clone(), origins.stranger.clone()]
}
