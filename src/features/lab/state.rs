//! What the Lab keeps while the server runs.

use std::sync::Arc;

use axum::extract::FromRef;

use super::{experiment::Experiment, origins::Origins, sessions::LabSessions};
use crate::{assets::Assets, db::Db, state::AppState, timestamp::Timestamp};

/// The Lab of a server. Cheap to clone; the app's router and the peer's share one.
#[derive(Clone, Debug)]
pub struct Lab(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origins: Origins,
    sessions: LabSessions,
    unavailable: Option<String>,
    db: Db,
    assets: Assets,
}

impl Lab {
    /// The Lab at `origins`. `unavailable` says why no experiment can be run, if that is so.
    pub fn new(state: &AppState, origins: Origins, unavailable: Option<String>) -> Self {
        let (db, assets) = (state.db.clone(), state.assets.clone());
        Self(Arc::new(Inner { origins, sessions: LabSessions::default(), unavailable, db, assets }))
    }

    /// Its three origins.
    pub fn origins(&self) -> &Origins {
        &self.0.origins
    }

    /// The sessions of its visitors.
    pub fn sessions(&self) -> &LabSessions {
        &self.0.sessions
    }

    /// Why no experiment can be run, if that is so.
    pub fn unavailable(&self) -> Option<&str> {
        self.0.unavailable.as_deref()
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.0.db.now()
    }

    /// The experiments of `all` that mean something on this server.
    pub fn available<'a>(&self, all: impl Iterator<Item = &'a Experiment>) -> impl Iterator<Item = &'a Experiment> {
        let local = self.origins().is_local();
        all.filter(move |experiment| local || !experiment.local)
    }
}

impl FromRef<Lab> for Assets {
    fn from_ref(lab: &Lab) -> Self {
        lab.0.assets.clone()
    }
}
