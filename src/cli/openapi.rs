//! `vestibule openapi`

use clap::{Args, ValueEnum};

use super::config::Config;
use super::config::load;
use super::failure::Failure;
use super::output::print;
use crate::{app, feature::enabled};

/// Options of `openapi`.
#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// The API to print the document of
    #[arg(long, value_enum, default_value_t)]
    door: Door,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Door {
    /// The token API, `/api/v1`
    #[default]
    Token,
    /// The session API, `/session/v1`
    Session,
}

impl Openapi {
    pub(super) fn run(&self, config: &Config) -> Result<(), Failure> {
        let (settings, _) = load(config)?;
        // What is off is not served.
        let features: Vec<_> = enabled(app::FEATURES, &settings).copied().collect();
        let document = match self.door {
            Door::Token => app::openapi::token_document(&settings, &features),
            Door::Session => app::openapi::session_document(&settings, &features),
        };
        print(&format!("{document:#}"));
        Ok(())
    }
}
