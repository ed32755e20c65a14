//! What this feature says of itself.

use super::page;
use crate::{feature::Feature, http::pages::Pages};

/// The entry in the list of features.
pub const FEATURE: Feature = Feature { pages: || Pages::new().get("/", page::landing), ..Feature::new("landing") };
