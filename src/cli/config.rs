//! Where settings come from.

use std::{collections::HashMap, env, fs, path::PathBuf};

use super::failure::Failure;
use crate::settings::{self, Settings, Sources};

/// Where settings are read from.
pub(super) struct Config {
    /// The value of `--config`.
    pub file: Option<PathBuf>,
    pub environment: HashMap<String, String>,
}

impl Config {
    /// The settings file. One that is named must exist, so that a typo does not start the server with the defaults.
    pub(super) fn file(&self) -> Result<PathBuf, Failure> {
        let Some(file) = &self.file else { return Ok(settings::FILE.into()) };
        let exists = fs::metadata(file).map_err(|error| format!("--config {}: {error}", file.display()));
        exists.map_err(Failure::usage)?;
        Ok(file.clone())
    }

    pub(super) fn sources(&self, settings: &Settings) -> Result<Sources, Failure> {
        Ok(settings.sources(&self.file()?, &self.environment))
    }
}

/// The environment. Values that are not Unicode belong to other programs.
pub(super) fn environment() -> HashMap<String, String> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

pub(super) fn load(config: &Config) -> Result<(Settings, Sources), Failure> {
    let settings = Settings::load(&config.file()?, &config.environment).map_err(Failure::usage)?;
    let sources = config.sources(&settings)?;
    Ok((settings, sources))
}
