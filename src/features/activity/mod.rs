//! The list of recent activity on the account page, and the activity in the data export.

mod export;
mod view;

pub use view::ActivityList;

use crate::{
    auth::activity::service,
    feature::{Feature, Sweep},
};

/// What this feature says of itself.
pub const FEATURE: Feature = Feature {
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    sweeps: &[Sweep {
        what: "activity",
        batch: |state, batch| {
            Box::pin(async move { service::sweep(&state.db, state.settings.activity.keep_days, batch).await })
        },
    }],
    ..Feature::new("activity")
};
