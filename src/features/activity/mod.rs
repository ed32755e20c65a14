//! The list of recent activity on the account page, and the activity in the data export.

mod export;
mod view;

pub use view::ActivityList;

use crate::{
    auth::activity::service,
    feature::{Feature, Job},
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    jobs: &[Job {
        what: "activity",
        run: |state, batch| {
            Box::pin(async move { service::delete_expired(&state.db, state.settings.activity.keep_days, batch).await })
        },
    }],
    ..Feature::new("activity")
};
