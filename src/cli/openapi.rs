//! `vestibule openapi`

use clap::{Args, ValueEnum};

use super::{Config, Failure, load, output::say};
use crate::app;

/// Which document.
#[derive(Debug, Args)]
pub(super) struct Openapi {
    /// Which door
    #[arg(long, value_enum, default_value_t)]
    door: Door,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Door {
    /// `/api/v1`
    #[default]
    Token,
    /// `/session/v1`
    Session,
}

impl Openapi {
    /// Prints it.
    pub(super) fn run(&self, config: &Config) -> Result<(), Failure> {
        let (settings, _) = load(config)?;
        let document = match self.door {
            Door::Token => app::openapi::token_document(&settings, app::FEATURES),
            Door::Session => app::openapi::session_document(&settings, app::FEATURES),
        };
        say(&format!("{document:#}"));
        Ok(())
    }
}
