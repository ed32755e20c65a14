//! The feature's entry in the list of features.

use super::page;
use crate::{feature::Feature, http::pages::Pages};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature { pages: || Pages::new().get("/", page::landing), ..Feature::new("landing") };
