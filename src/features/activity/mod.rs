//! The list of recent activity on the account page, and the activity in the data export.

pub mod api;
mod export;
mod scopes;
mod view;

pub use view::ActivityList;

use self::scopes::ActivityRead;
use crate::{
    auth::activity::service,
    feature::{Feature, Job},
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[("Activity", "What happened to the account.")],
    scopes: &[ActivityRead::INFO],
    api: api::routes,
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    jobs: &[Job {
        what: "activity",
        run: |state, batch| {
            Box::pin(async move { service::delete_expired(&state.db, state.settings.activity.keep_days, batch).await })
        },
    }],
    ..Feature::new("activity")
};
