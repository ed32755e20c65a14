//! What the drill works with.

use std::sync::Arc;

use axum::extract::FromRef;
use time::Duration;

use super::{cookies::PART, memory::Drills};
use crate::{
    assets::Assets,
    auth::{device_bound::DeviceBound, dpop::Dpop},
    db::Db,
    features::lab::origins::Origins,
    http::{cookie::SessionCookie, in_process::InProcess},
    settings::Settings,
    state::AppState,
    timestamp::Timestamp,
};

/// How long a short cookie of the drill lasts: a visitor waits for its end.
pub(super) const SHORT_LIFE: Duration = Duration::seconds(5);

/// The drill of a server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Theft(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    settings: Arc<Settings>,
    assets: Assets,
    dpop: Dpop,
    device_bound: DeviceBound,
    drills: Drills,
    origins: Origins,
    unavailable: Option<String>,
    app: InProcess,
}

impl Theft {
    /// Between `origins`. `unavailable` says why the thief does not answer, if that is so.
    pub fn new(state: &AppState, origins: Origins, unavailable: Option<String>) -> Self {
        let AppState { db, settings, assets, dpop, .. } = state.clone();
        let device_bound = DeviceBound::of_part(&settings, db.clone(), PART, SHORT_LIFE);
        let (drills, app) = (Drills::default(), InProcess::default());
        Self(Arc::new(Inner { db, settings, assets, dpop, device_bound, drills, origins, unavailable, app }))
    }

    /// The application, whose doors are tried.
    pub fn app(&self) -> &InProcess {
        &self.0.app
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(super) fn drills(&self) -> &Drills {
        &self.0.drills
    }

    pub(super) fn device_bound(&self) -> &DeviceBound {
        &self.0.device_bound
    }

    pub(super) fn origins(&self) -> &Origins {
        &self.0.origins
    }

    pub(super) fn unavailable(&self) -> Option<&str> {
        self.0.unavailable.as_deref()
    }

    /// The session cookie of the real door.
    pub(super) fn session_cookie(&self) -> SessionCookie {
        SessionCookie::of(&self.0.settings.server.public_url)
    }

    pub(super) fn is_https(&self) -> bool {
        self.session_cookie().secure
    }

    /// How tokens begin.
    pub(super) fn token_prefix(&self) -> &str {
        &self.0.settings.tokens.prefix
    }

    /// How long a short cookie lasts outside of the drill, in seconds.
    pub(super) fn usual_short_life(&self) -> u32 {
        self.0.settings.sessions.bound_cookie_seconds
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.db.now()
    }
}

impl FromRef<Theft> for Assets {
    fn from_ref(theft: &Theft) -> Self {
        theft.0.assets.clone()
    }
}

impl FromRef<Theft> for Dpop {
    fn from_ref(theft: &Theft) -> Self {
        theft.0.dpop.clone()
    }
}

impl FromRef<Theft> for DeviceBound {
    fn from_ref(theft: &Theft) -> Self {
        theft.0.device_bound.clone()
    }
}
