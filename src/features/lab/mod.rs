//! The Lab: the essay's experiments, live in the visitor's own browser, between real origins.
//!
//! An experiment is a record (`experiments/`). The page shows it and what the specifications predict; the engine in the
//! browser makes its requests, to the house and to the Lab's peer, a second listener that is another origin of the same
//! site under one name and another site under the other. Both answer as the record says and write down what they saw,
//! in memory, under a visit that only its own page can read.
//!
//! It is safe to leave on: a visit changes nothing but its own record; the peer knows nothing of accounts, answers only
//! to the three origins and only as some record says; nothing a request holds comes back to anybody but the visit's own
//! page; and the Lab's cookies have names and a path of their own and last a minute.

mod answer;
mod diagram;
mod experiment;
mod experiments;
pub mod house;
pub mod page;
pub mod peer;
mod record;
mod story;
mod view;

use std::sync::Arc;

use axum::{extract::FromRef, http::HeaderMap};
use url::Url;

use self::experiment::{Experiment, Place};
pub use self::record::Visits;
use crate::{
    feature::{Feature, Sessionless},
    http::{pages::Pages, problem::Problem},
    settings::Settings,
    state::AppState,
    ui::NavLink,
};

/// The Lab of this server, which may be closed.
#[derive(Clone, Debug)]
pub struct Lab(Option<Arc<Inside>>);

/// An open Lab.
#[derive(Debug)]
pub struct Inside {
    /// Its three origins.
    pub origins: Origins,
    /// Those who are here.
    pub visits: Visits,
    /// Why nothing can be tried, if that is so.
    pub trouble: Option<String>,
}

/// The three origins, as browsers write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The site's own.
    pub house: String,
    /// The peer by a name of the same site.
    pub neighbour: String,
    /// The peer by a name of another site.
    pub stranger: String,
}

impl Origins {
    /// The origin at `place`.
    pub fn at(&self, place: Place) -> &str {
        match place {
            Place::House => &self.house,
            Place::Neighbour => &self.neighbour,
            Place::Stranger => &self.stranger,
        }
    }

    /// Host and port of `place`, without the port where it is the usual one: what `Host` says.
    pub fn authority(&self, place: Place) -> &str {
        let origin = self.at(place);
        origin.split_once("://").map_or(origin, |(_, authority)| authority)
    }

    /// The host of `place`, for `Domain`.
    fn host(&self, place: Place) -> String {
        let url = Url::parse(self.at(place)).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Which of the peer's names `headers` ask for.
    fn asked(&self, headers: &HeaderMap) -> Option<Place> {
        let host = headers.get(axum::http::header::HOST)?.to_str().ok()?;
        [Place::Neighbour, Place::Stranger].into_iter().find(|place| self.authority(*place).eq_ignore_ascii_case(host))
    }

    /// Whether everything is on this machine, without TLS.
    pub fn local(&self) -> bool {
        self.house.starts_with("http://localhost:")
    }
}

impl Lab {
    /// The Lab as `settings` want it.
    pub fn of(settings: &Settings) -> Self {
        let inside = |(neighbour, stranger)| {
            let origins = Origins { house: settings.origin(), neighbour, stranger };
            Arc::new(Inside { origins, visits: Visits::default(), trouble: None })
        };
        Self(settings.lab_peer().map(inside))
    }

    /// The same Lab, whose experiments cannot be run because of `trouble`.
    #[must_use]
    pub fn troubled(&self, trouble: String) -> Self {
        let inside = |inside: &Arc<Inside>| {
            Arc::new(Inside { origins: inside.origins.clone(), visits: Visits::default(), trouble: Some(trouble) })
        };
        Self(self.0.as_ref().map(inside))
    }

    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What is inside.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where the Lab is off.
    pub fn inside(&self) -> Result<&Inside, Problem> {
        self.0.as_deref().ok_or(Problem::NotFound)
    }
}

impl Inside {
    /// The experiments that show something here, out of `experiments`.
    pub fn fit<'a>(&self, experiments: impl Iterator<Item = &'a Experiment>) -> impl Iterator<Item = &'a Experiment> {
        let local = self.origins.local();
        experiments.filter(move |experiment| local || !experiment.local)
    }
}

/// What this feature says of itself.
pub const FEATURE: Feature = Feature {
    is_on: |settings| settings.lab_peer().is_some(),
    footer: Some(NavLink { path: "/lab", label: "The Lab" }),
    pages: || Pages::new().get("/lab", page::index).get("/lab/story", page::story),
    sessionless: Some(Sessionless {
        routes: &[
            ("POST", "/lab/visits", true),
            ("POST", "/lab/visits/{visit}/{experiment}/begin", true),
            ("POST", "/lab/visits/{visit}/{experiment}/end", true),
            ("ANY", "/lab/guarded/{visit}/{experiment}/{step}", true),
            ("ANY", "/lab/at/{visit}/{experiment}/{step}", false),
            ("ANY", "/lab/proxy/{visit}/{experiment}/{step}", false),
        ],
        mount: house::routes,
    }),
    own_state: Some(|settings, own| {
        own.insert(Lab::of(settings));
    }),
    ..Feature::new("lab")
};

impl FromRef<AppState> for Lab {
    fn from_ref(state: &AppState) -> Self {
        state.site.own.get().cloned().unwrap_or(Self(None))
    }
}
