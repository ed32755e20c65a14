//! `vestibule routes`

use clap::Args;

use super::failure::Failure;
use super::output::{print_json, print_table};
use crate::app::{FEATURES, routes::routes};

/// How they are printed.
#[derive(Debug, Args)]
pub(super) struct Routes {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Routes {
    /// Prints every route.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let routes = routes(FEATURES);
        if self.json {
            return print_json(&routes);
        }
        let rows = routes.into_iter().map(|route| {
            let feature = route.feature.unwrap_or_default().to_owned();
            [route.method, route.path, route.door.to_string(), route.guard.to_string(), route.scopes.join(" "), feature]
        });
        print_table(["METHOD", "PATH", "DOOR", "GUARD", "SCOPES", "FEATURE"], rows.collect());
        Ok(())
    }
}
