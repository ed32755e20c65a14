//! Where settings come from: the file, over it the environment, and over that the names everybody knows.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, File, FileFormat, Value};

use super::{Finding, Settings, SettingsError, Severity, names};
use crate::db;

/// Names everybody knows, and the setting that each gives.
const KNOWN: [(&str, &str); 3] =
    [("DATABASE_URL", DATABASE), ("LEPTOS_SITE_ADDR", "server.address"), ("LEPTOS_SITE_ROOT", "server.site_root")];
const DATABASE: &str = "database.url";

/// See [`Settings::read`]. Blanks around a value do not count, and an empty value counts as none, since that is what
/// compose files and CI write where nothing is set. Neither do empty entries of a list.
pub(super) fn read(file: &Path, environment: &HashMap<String, String>) -> Result<Settings, SettingsError> {
    let file = in_file(file)?;
    let mut builder = Config::builder().add_source(file.clone());
    let keys = names::keys();
    for key in keys.iter().filter(|(_, default)| default.is_array()).map(|(key, _)| key) {
        if let Ok(items) = file.get::<Vec<String>>(key) {
            builder = builder.set_override(key, tidied(items.iter().map(String::as_str)))?;
        }
    }
    let ours = environment.iter().filter_map(|(name, value)| Some((name.as_str(), names::key_of(name)?, value)));
    let known = KNOWN.iter().filter_map(|(name, key)| Some((*name, (*key).to_owned(), environment.get(*name)?)));
    for (name, key, value) in ours.chain(known) {
        let Some(default) = keys.get(&key).filter(|_| is_set(value)) else { continue };
        let name = name.to_owned();
        let value = if default.is_array() {
            Value::new(Some(&name), tidied(value.split(',')))
        } else {
            Value::new(Some(&name), value.trim())
        };
        builder = builder.set_override(key, value)?;
    }
    Ok(builder.build()?.try_deserialize()?)
}

fn in_file(file: &Path) -> Result<Config, ConfigError> {
    let cannot = |error: &dyn fmt::Display| ConfigError::Message(format!("cannot read {}: {error}", file.display()));
    match fs::metadata(file) {
        // Absent is empty; whatever else is in the way was most likely meant to be read.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Config::builder().build(),
        Err(error) => return Err(cannot(&error)),
        Ok(found) if !found.is_file() => return Err(cannot(&"it is no file")),
        Ok(_) => drop(fs::File::open(file).map_err(|error| cannot(&error))?),
    }
    Config::builder().add_source(File::from(file).format(FileFormat::Toml)).build()
}

fn tidied<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn is_set(value: &str) -> bool {
    !value.trim().is_empty()
}

/// What is wrong or odd about the names in the environment (S73).
pub(super) fn findings(environment: &HashMap<String, String>) -> Vec<Finding> {
    const KEY: &str = "environment";
    let keys = names::keys();
    let set = environment.iter().filter(|(_, value)| is_set(value));
    let mut wrong: Vec<_> = set.filter_map(|(name, value)| names::objection(name, value, &keys)).collect();
    wrong.sort();
    let error = |why| Finding { severity: Severity::Error, key: KEY, why };
    let mut findings: Vec<_> = wrong.into_iter().map(error).collect();
    let (ours, theirs) = (environment.get("VESTIBULE_DATABASE__URL"), environment.get("DATABASE_URL"));
    if let (Some(ours), Some(theirs)) = (ours, theirs)
        && (is_set(ours) && is_set(theirs) && ours.trim() != theirs.trim())
    {
        let why = "VESTIBULE_DATABASE__URL and DATABASE_URL name two databases, and the second is used; unset the one \
                   that is not meant";
        findings.push(Finding { severity: Severity::Advice, key: KEY, why: why.into() });
    }
    findings
}

/// Which settings file was read, and which database was named by what: for whoever wonders why it is this one.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The file, if it was there.
    file: Option<PathBuf>,
    /// Where it would have been.
    looked_for: PathBuf,
    /// The database, without its password.
    database: String,
    /// What named it.
    named_by: String,
}

impl Sources {
    /// Where `settings`, which were read from `file` and `environment`, come from.
    pub fn of(settings: &Settings, file: &Path, environment: &HashMap<String, String>) -> Self {
        let found = file.is_file().then(|| file.to_owned());
        let names = ["DATABASE_URL", "VESTIBULE_DATABASE__URL"].into_iter();
        let mut names = names.filter(|name| environment.get(*name).is_some_and(|value| is_set(value)));
        let in_file = || in_file(file).is_ok_and(|config| config.get_string(DATABASE).is_ok());
        let named_by = match names.next() {
            Some(name) => format!("from {name}"),
            None if in_file() => format!("from {}", file.display()),
            None => "the default".into(),
        };
        let database = db::shown(&settings.database.url);
        Self { file: found, looked_for: file.to_owned(), database, named_by }
    }

    /// The database, without its password, and what named it.
    pub fn database(&self) -> String {
        let Self { database, named_by, .. } = self;
        let path = database.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        // The same words name another file in another folder.
        match (path.filter(|path| Path::new(path).is_relative()), std::env::current_dir()) {
            (Some(_), Ok(folder)) => format!("{database} ({named_by}, in {})", folder.display()),
            _ => format!("{database} ({named_by})"),
        }
    }

    /// The settings file, or that there was none.
    pub fn file(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => format!("none ({} is not there)", self.looked_for.display()),
        }
    }
}

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database: {}. Settings file: {}.", self.database(), self.file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> HashMap<String, String> {
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn load(variables: &[(&str, &str)]) -> Settings {
        Settings::load(Path::new("no such file"), &environment(variables)).unwrap()
    }

    #[test]
    fn empty_means_not_set() {
        let names: Vec<_> = names::keys().keys().map(|key| names::PREFIX.to_owned() + &key.to_uppercase()).collect();
        let names: Vec<_> = names.into_iter().map(|name| name.replacen('.', "__", 1)).collect();
        for empty in ["", " ", "\t"] {
            let mut variables: Vec<_> = names.iter().map(|name| (name.as_str(), empty)).collect();
            variables.extend(KNOWN.iter().map(|(name, _)| (*name, empty)));
            assert_eq!(format!("{:?}", load(&variables)), format!("{:?}", Settings::default()));
        }
    }

    #[test]
    fn a_list_is_what_stands_between_its_commas() {
        for (value, list) in [
            ("https://a.example,", &["https://a.example"][..]),
            (", https://a.example , ,https://b.example\n", &["https://a.example", "https://b.example"]),
            (",", &[]),
        ] {
            assert_eq!(load(&[("VESTIBULE_CORS__ALLOWED_ORIGINS", value)]).cors.allowed_origins, list, "{value:?}");
        }
        let settings = load(&[
            ("VESTIBULE_SERVER__HOSTS", "a.example, b.example,"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1, ::1,"),
        ]);
        assert_eq!(settings.server.hosts, ["a.example", "b.example"]);
        assert_eq!(settings.server.trusted_proxies, ["127.0.0.1", "::1"]);

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Leptos.toml");
        fs::write(&file, "[cors]\nallowed_origins = [\" https://a.example\", \"\"]\n").unwrap();
        let settings = Settings::load(&file, &HashMap::new()).unwrap();
        assert_eq!(settings.cors.allowed_origins, ["https://a.example"]);
        let over = environment(&[("VESTIBULE_CORS__ALLOWED_ORIGINS", "https://b.example")]);
        assert_eq!(Settings::load(&file, &over).unwrap().cors.allowed_origins, ["https://b.example"]);
    }

    #[test]
    fn a_text_stays_what_it_is() {
        let settings = load(&[("VESTIBULE_TOKENS__PREFIX", "0123"), ("VESTIBULE_TOKENS__MAX_DAYS", " 365 ")]);
        assert_eq!((settings.tokens.prefix.as_str(), settings.tokens.max_days), ("0123", 365));
    }

    #[test]
    fn a_name_that_means_nothing_is_an_error() {
        let variables = environment(&[("VESTIBULE_SERVER_PUBLIC_URL", "https://app.example"), ("VESTIBULE_X", "")]);
        let (_, findings) = Settings::examine(Path::new("no such file"), &variables).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!((findings[0].severity, findings[0].key), (Severity::Error, "environment"));
        assert!(findings[0].why.contains("did you mean VESTIBULE_SERVER__PUBLIC_URL?"), "{findings:?}");
        assert!(Settings::load(Path::new("no such file"), &variables).is_err());
    }

    #[test]
    fn what_named_the_database_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Leptos.toml");
        let told = |variables: &[(&str, &str)]| {
            let variables = environment(variables);
            Sources::of(&Settings::load(&file, &variables).unwrap(), &file, &variables).to_string()
        };
        assert!(told(&[]).contains("sqlite:vestibule.db (the default, in /") && told(&[]).contains("is not there"));
        fs::write(&file, "[database]\nurl = \"sqlite:/srv/house.db\"\n").unwrap();
        assert!(told(&[]).contains(&format!("sqlite:/srv/house.db (from {})", file.display())), "{}", told(&[]));
        let ours = ("VESTIBULE_DATABASE__URL", "sqlite:/srv/ours.db");
        assert!(told(&[ours, ("DATABASE_URL", "")]).contains("sqlite:/srv/ours.db (from VESTIBULE_DATABASE__URL)"));
        let theirs = ("DATABASE_URL", "postgres://me:s3cret@localhost/theirs");
        let both = told(&[ours, theirs]);
        assert!(both.contains("postgres://localhost/theirs (from DATABASE_URL)") && !both.contains("s3cret"), "{both}");
        let (_, findings) = Settings::examine(&file, &environment(&[ours, theirs])).unwrap();
        assert!(findings.iter().any(|found| found.severity == Severity::Advice && found.why.contains("two databases")));
    }

    #[test]
    fn what_is_no_file_is_not_taken_for_an_absent_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Settings::load(folder.path(), &HashMap::new()).unwrap_err().to_string();
        assert!(error.contains("it is no file"), "{error}");
    }
}
