//! What every handler may ask for.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;

use crate::{
    assets::Assets,
    auth::{dev_key::DevKey, passwords::Hasher},
    db::Db,
    features::lab::Lab,
    mail::Mailer,
    settings::Settings,
};

/// Everything that lives as long as the server. Cheap to clone; handlers take the part they need.
#[derive(Clone, Debug)]
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
    /// The Lab, which may be off.
    pub lab: Lab,
    /// What opens the outbox of a development server.
    pub dev_key: DevKey,
}

impl AppState {
    /// Puts the house together around an open database.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn new(settings: Settings, db: Db) -> Result<Self, String> {
        let db = db.searching_within(Duration::from_millis(settings.database.search_ms.into()));
        let hasher = Hasher::new(&settings.passwords)?;
        let mailer = Mailer::new(&settings, db.clone())?;
        let assets = Assets::load(&settings.server.site_root, &settings.origin());
        let lab = Lab::of(&settings);
        let dev_key = DevKey::new()?;
        Ok(Self { db, hasher, mailer, settings: Arc::new(settings), assets, lab, dev_key })
    }
}

macro_rules! part {
    ($($field:ident: $part:ty),+ $(,)?) => {$(
        impl FromRef<AppState> for $part {
            fn from_ref(state: &AppState) -> Self {
                state.$field.clone()
            }
        }
    )+};
}

part!(db: Db, hasher: Hasher, mailer: Mailer, settings: Arc<Settings>, assets: Assets, lab: Lab);
