//! Where settings come from: the file, the environment, which overrides it, and a few variables of other tools, which
//! override both.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, File, FileFormat, Value};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    database::without_credentials,
    findings::{Finding, Severity},
    names::{self, Keys},
    secret_files,
};
use crate::text::sentence;

/// Variables of other tools, and the setting that each overrides.
pub(super) const WELL_KNOWN: [(&str, &str); 3] =
    [("DATABASE_URL", DATABASE), ("LEPTOS_SITE_ADDR", "server.address"), ("LEPTOS_SITE_ROOT", "server.site_root")];
const DATABASE: &str = "database.url";

/// Reads a struct of sections. Spaces around a value are ignored, and so are empty entries of a list. An empty value
/// counts as not set, because that is what compose files and CI write for a variable without a value.
pub(super) fn read<T>(file: &Path, environment: &HashMap<String, String>) -> Result<T, ConfigError>
where
    T: Default + Serialize + DeserializeOwned,
{
    let keys = names::keys(&T::default());
    let environment = &secret_files::resolved(environment)?;
    let (file, mut wrong) = in_file(file, &keys)?;
    let mut builder = Config::builder().add_source(file.clone());
    for key in keys.iter().filter(|(_, default)| default.is_array()).map(|(key, _)| key) {
        if let Ok(items) = file.get::<Vec<String>>(key) {
            builder = builder.set_override(key, trimmed(items.iter().map(String::as_str)))?;
        }
    }
    let ours = environment.iter().filter_map(|(name, value)| Some((name.as_str(), names::key_of(name)?, value)));
    let well_known =
        WELL_KNOWN.iter().filter_map(|(name, key)| Some((*name, (*key).to_owned(), environment.get(*name)?)));
    for (name, key, value) in ours.chain(well_known) {
        let Some(default) = keys.get(&key).filter(|_| is_set(value)) else { continue };
        let name = name.to_owned();
        let value = if default.is_array() {
            Value::new(Some(&name), trimmed(value.split(',')))
        } else {
            Value::new(Some(&name), value.trim())
        };
        builder = builder.set_override(key, value)?;
    }
    let config = builder.build()?;
    let read: Result<T, _> = config.clone().try_deserialize();
    if read.is_ok() && wrong.is_empty() {
        return read;
    }
    wrong.extend(of_wrong_types::<T>(config, &keys));
    match read {
        Err(error) if wrong.is_empty() => Err(error),
        _ => Err(ConfigError::Message(wrong.iter().map(|line| sentence(line)).collect::<Vec<_>>().join(" "))),
    }
}

/// What is wrong with each value alone, where reading all of them ends with the first.
fn of_wrong_types<T: DeserializeOwned>(config: Config, keys: &Keys) -> Vec<String> {
    let mut wrong = Vec::new();
    for (section, settings) in config.cache.into_table().unwrap_or_default() {
        for (name, value) in settings.into_table().unwrap_or_default() {
            let key = format!("{section}.{name}");
            if !keys.contains_key(&key) {
                continue;
            }
            wrong.extend(alone::<T>(&key, value).err().map(|error| error.to_string()));
        }
    }
    wrong.sort_unstable();
    wrong
}

/// The settings if `key` alone is set.
fn alone<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, ConfigError> {
    Config::builder().set_override(key, value)?.build()?.try_deserialize()
}

/// Whether the environment sets `key` by its own name.
pub(super) fn in_environment(key: &str, environment: &HashMap<String, String>) -> bool {
    environment.get(&names::variable_of(key)).is_some_and(|value| is_set(value))
}

/// What the file has, and what is wrong with its names.
fn in_file(file: &Path, keys: &Keys) -> Result<(Config, Vec<String>), ConfigError> {
    let (config, mut wrong) = (parse(file)?, Vec::new());
    let Ok(serde_json::Value::Object(sections)) = config.clone().try_deserialize() else { return Ok((config, wrong)) };
    for (section, settings) in &sections {
        let serde_json::Value::Object(settings) = settings else { continue };
        for name in settings.keys() {
            let message = names::unknown_key(&format!("{section}.{name}"), keys);
            wrong.extend(message.map(|message| format!("{}: {message}", file.display())));
        }
    }
    wrong.sort_unstable();
    Ok((config, wrong))
}

fn parse(file: &Path) -> Result<Config, ConfigError> {
    let cannot = |error: &dyn fmt::Display| ConfigError::Message(format!("cannot read {}: {error}", file.display()));
    match fs::metadata(file) {
        // A missing file is the same as an empty one. Anything else that cannot be read is probably a mistake.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Config::builder().build(),
        Err(error) => return Err(cannot(&error)),
        Ok(found) if !found.is_file() => return Err(cannot(&"it is not a file")),
        Ok(_) => drop(fs::File::open(file).map_err(|error| cannot(&error))?),
    }
    Config::builder().add_source(File::from(file).format(FileFormat::Toml)).build()
}

fn trimmed<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn is_set(value: &str) -> bool {
    !value.trim().is_empty()
}

/// The mistakes in the names of variables (S73), and what is given twice.
pub(super) fn findings(keys: &Keys, environment: &HashMap<String, String>) -> Vec<Finding> {
    const KEY: &str = "environment";
    let set = environment.iter().filter(|(name, value)| is_set(value) && !secret_files::is_file_variable(name));
    let mut unknown: Vec<_> = set.filter_map(|(name, value)| names::unknown_variable(name, value, keys)).collect();
    unknown.sort();
    let error = |message| Finding { severity: Severity::Error, key: KEY, message };
    let mut findings: Vec<_> = unknown.into_iter().map(error).collect();
    let (ours, theirs) = (environment.get("VESTIBULE_DATABASE__URL"), environment.get("DATABASE_URL"));
    if let (Some(ours), Some(theirs)) = (ours, theirs)
        && (is_set(ours) && is_set(theirs) && ours.trim() != theirs.trim())
    {
        let message = "VESTIBULE_DATABASE__URL and DATABASE_URL name two databases, and the second is used; unset one \
                       of them";
        findings.push(Finding { severity: Severity::Advice, key: KEY, message: message.into() });
    }
    let advice = |message| Finding { severity: Severity::Advice, key: KEY, message };
    findings.extend(secret_files::shadowed(environment).into_iter().map(advice));
    findings
}

/// Which settings file was read, and where the database's URL comes from, for an operator who expects another one.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The file, if it exists.
    file: Option<PathBuf>,
    /// The path at which it was looked for.
    looked_for: PathBuf,
    /// The database, without its password.
    database: String,
    /// Where its URL comes from.
    origin: String,
}

impl Sources {
    /// The sources of settings with the database `url`, which were read from `file` and `environment`.
    pub(super) fn of(url: &str, file: &Path, environment: &HashMap<String, String>) -> Self {
        let found = file.is_file().then(|| file.to_owned());
        let mut names = ["DATABASE_URL", "VESTIBULE_DATABASE__URL"].into_iter().filter_map(|name| {
            let of_file = secret_files::file_of(name, environment).map(|(origin, _)| origin);
            of_file.or_else(|| environment.get(name).filter(|value| is_set(value)).map(|_| name.to_owned()))
        });
        let in_file = || parse(file).is_ok_and(|config| config.get_string(DATABASE).is_ok());
        let origin = match names.next() {
            Some(name) => format!("from {name}"),
            None if in_file() => format!("from {}", file.display()),
            None => "the default".into(),
        };
        Self { file: found, looked_for: file.to_owned(), database: without_credentials(url), origin }
    }

    /// The database, without its password, and where its URL comes from.
    pub fn database(&self) -> String {
        let Self { database, origin, .. } = self;
        let path = database.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        // A relative path is another file in another folder.
        match (path.filter(|path| Path::new(path).is_relative()), std::env::current_dir()) {
            (Some(_), Ok(folder)) => format!("{database} ({origin}, in {})", folder.display()),
            _ => format!("{database} ({origin})"),
        }
    }

    /// The settings file, or that there is none.
    pub fn file(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => format!("none ({} does not exist)", self.looked_for.display()),
        }
    }
}

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database: {}. Settings file: {}.", self.database(), self.file())
    }
}
