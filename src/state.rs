//! What every handler may ask for.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;

use crate::{
    assets::Assets,
    auth::{
        ScopeInfo,
        dev_key::DevKey,
        device_bound::DeviceBound,
        dpop::Dpop,
        event_streams::{EventStreams, ResourceEvents},
        passwords::Hasher,
        sign_in::{FactorContext, SecondFactor, SignIns},
    },
    db::Db,
    http::{draining::Draining, export::Export, problem::Experiments},
    mail::Mailer,
    settings::Settings,
    ui::SiteLinks,
};

/// Everything that lives as long as the server and stands below the features. Cheap to clone; handlers take the part
/// they need.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The database and the clock.
    pub db: Db,
    /// Password hashing.
    pub hasher: Hasher,
    /// Sending mail.
    pub mailer: Mailer,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The site's files and their names.
    pub assets: Assets,
    /// The open streams of events.
    pub events: EventStreams,
    /// Signing in, with the second factors of all features.
    pub sign_ins: SignIns,
    /// Proofs of the keys that tokens are bound to.
    pub dpop: Dpop,
    /// Sessions that are bound to a key of the device.
    pub device_bound: DeviceBound,
    /// Whether the server is about to stop.
    pub draining: Draining,
    /// The key to the outbox of a development server.
    pub dev_key: DevKey,
    /// What the features have told of themselves.
    pub site: Arc<Site>,
}

/// What the pages of all features know of each other.
#[derive(Default)]
pub struct Site {
    /// The links of header and footer.
    pub links: Arc<SiteLinks>,
    /// Every scope a token can have.
    pub scopes: Vec<ScopeInfo>,
    /// The resources whose changes are told as events.
    pub events: Vec<ResourceEvents>,
    /// The experiments that show what the code of a problem is about.
    pub experiments: Experiments,
    /// The second factors.
    pub factors: Vec<SecondFactor>,
    /// The paths that stay open to somebody who has to set up a second factor first.
    pub setup_paths: Vec<&'static str>,
    /// What a person's data export holds.
    pub exports: Vec<Export>,
    /// The paths of all pages and forms, such as `/reset/{token}`.
    pub page_paths: Vec<&'static str>,
    /// Paths below which the URL holds a secret.
    pub secret_paths: Vec<&'static str>,
}

impl AppState {
    /// Builds the application state around an open database.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn new(settings: Settings, db: Db, site: Site) -> Result<Self, String> {
        let db = db.searching_within(Duration::from_millis(settings.database.search_ms.into()));
        let hasher = Hasher::new(&settings.passwords)?;
        let mailer = Mailer::new(&settings, db.clone())?;
        let assets = Assets::load(&settings.server.site_root, &settings.origin());
        let events = EventStreams::new(db.clone(), settings.events);
        let (dev_key, dpop) = (DevKey::new()?, Dpop::new(&settings, db.clone()));
        let device_bound = DeviceBound::new(&settings, db.clone());
        let settings = Arc::new(settings);
        let context =
            FactorContext { db: db.clone(), settings: settings.clone(), mailer: mailer.clone(), handle: None };
        let sign_ins = SignIns::new(context, site.factors.clone());
        let site = Arc::new(site);
        let draining = Draining::default();
        Ok(Self { db, hasher, mailer, settings, assets, events, sign_ins, dpop, device_bound, draining, dev_key, site })
    }
}
