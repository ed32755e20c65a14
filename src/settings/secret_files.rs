//! Secrets in files: `DATABASE_URL_FILE` and its like, as containers have them, and systemd's credentials. The value of
//! a file stands in for that of the variable, so that no secret is in the environment, which child processes inherit
//! and crash reports contain.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use config::ConfigError;

/// The variables of secrets, each with the name that its systemd credential has: that of the setting.
const SECRETS: [(&str, &str); 3] =
    [("DATABASE_URL", ""), ("VESTIBULE_DATABASE__URL", "database.url"), ("VESTIBULE_MAIL__SMTP_URL", "mail.smtp_url")];
/// The settings that are secrets, each with its variables, in the order in which they count.
const SETTINGS: [(&str, &[&str]); 2] =
    [("database.url", &["DATABASE_URL", "VESTIBULE_DATABASE__URL"]), ("mail.smtp_url", &["VESTIBULE_MAIL__SMTP_URL"])];
const SUFFIX: &str = "_FILE";
/// The folder with the credentials of a service (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Whether `name` is a variable that names a file with a secret.
pub(super) fn is_file_variable(name: &str) -> bool {
    name.strip_suffix(SUFFIX).is_some_and(|name| SECRETS.iter().any(|(secret, _)| *secret == name))
}

/// The environment, with the secrets that files contain. A credential counts only where neither the variable nor its
/// `_FILE` is set.
///
/// # Errors
/// If a file cannot be read, or a variable is set in both ways. The message names the file, and nothing of its content.
pub(super) fn resolved(environment: &HashMap<String, String>) -> Result<HashMap<String, String>, ConfigError> {
    let mut resolved = environment.clone();
    for (secret, _) in SECRETS {
        let Some((origin, file)) = file_of(secret, environment) else { continue };
        if is_set(environment, secret) {
            let message = format!("{secret} and {secret}{SUFFIX} are both set; unset one of them");
            return Err(ConfigError::Message(message));
        }
        let value = read(&file).map_err(|error| {
            ConfigError::Message(format!("{origin}: cannot read the secret in {}: {error}", file.display()))
        })?;
        resolved.insert(secret.into(), value);
    }
    Ok(resolved)
}

/// The files that variables name. Credentials are not among them: systemd keeps their folder closed.
pub(super) fn named(environment: &HashMap<String, String>) -> Vec<PathBuf> {
    let variables = SECRETS.iter().map(|(secret, _)| format!("{secret}{SUFFIX}"));
    let set = variables.filter(|name| is_set(environment, name));
    set.filter_map(|name| Some(PathBuf::from(environment.get(&name)?.trim()))).collect()
}

/// Where the value of `secret` comes from if it is in a file, and the file.
pub(super) fn file_of(secret: &str, environment: &HashMap<String, String>) -> Option<(String, PathBuf)> {
    let variable = format!("{secret}{SUFFIX}");
    if is_set(environment, &variable) {
        let file = environment.get(&variable)?.trim().into();
        return Some((variable, file));
    }
    let (_, credential) = SECRETS.iter().find(|(name, credential)| *name == secret && !credential.is_empty())?;
    if is_set(environment, secret) {
        return None;
    }
    credential_file(credential, environment)
}

/// The credential with the name `credential`, if the service has it, and its file.
fn credential_file(credential: &str, environment: &HashMap<String, String>) -> Option<(String, PathBuf)> {
    let folder = environment.get(CREDENTIALS).filter(|folder| !folder.trim().is_empty())?;
    let file = Path::new(folder.trim()).join(credential);
    file.exists().then(|| (format!("the credential {credential}"), file))
}

/// The files that count for nothing, since their setting is given elsewhere too: a sentence about each, with both places.
/// Whoever gave one expects it to be used.
pub(super) fn shadowed(environment: &HashMap<String, String>) -> Vec<String> {
    let mut sentences = Vec::new();
    for (setting, variables) in SETTINGS {
        let names = variables.iter().flat_map(|name| [((*name).to_owned(), false), (format!("{name}{SUFFIX}"), true)]);
        let credential = credential_file(setting, environment).map(|(origin, _)| (origin, true));
        let mut places = names.filter(|(name, _)| is_set(environment, name)).chain(credential);
        let Some((used, _)) = places.next() else { continue };
        sentences.extend(places.filter(|(_, is_file)| *is_file).map(|(unused, _)| {
            format!("{setting} is given twice: {used} is used and {unused} is not; remove one of them")
        }));
    }
    sentences
}

fn read(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.contains('\n') {
        return Err("it has more than one line".into());
    }
    Ok(text.to_owned())
}

fn is_set(environment: &HashMap<String, String>, name: &str) -> bool {
    environment.get(name).is_some_and(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &Path)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.display().to_string())).collect()
    }

    #[test]
    fn a_file_stands_in_for_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        fs::write(&file, "postgres://me:s3cret@localhost/x\n").unwrap();
        let found = resolved(&environment(&[("DATABASE_URL_FILE", &file)])).unwrap();
        assert_eq!(found["DATABASE_URL"], "postgres://me:s3cret@localhost/x");

        let both = environment(&[("DATABASE_URL_FILE", &file), ("DATABASE_URL", Path::new("sqlite:x.db"))]);
        let error = resolved(&both).unwrap_err().to_string();
        assert!(error.contains("are both set") && !error.contains("s3cret"), "{error}");

        for (content, told) in [("", "is empty"), ("s3cret\ns3cret", "more than one line")] {
            fs::write(&file, content).unwrap();
            let error = resolved(&environment(&[("VESTIBULE_MAIL__SMTP_URL_FILE", &file)])).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("VESTIBULE_MAIL__SMTP_URL_FILE"), "{error}");
            assert!(error.contains(&file.display().to_string()) && !error.contains("s3cret"), "{error}");
        }
        let error = resolved(&environment(&[("DATABASE_URL_FILE", folder.path())])).unwrap_err().to_string();
        assert!(error.contains("cannot read the secret in"), "{error}");
    }

    #[test]
    fn a_file_that_counts_for_nothing_is_told_with_the_place_that_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let (file, folder) = (folder.path().join("url"), folder.path());
        fs::write(&file, "sqlite:s3cret.db").unwrap();
        let (credentials, set) = ((CREDENTIALS, folder), Path::new("sqlite:s3cret-too.db"));
        let told = |pairs: &[(&str, &Path)]| shadowed(&environment(pairs));
        let none: [String; 0] = [];
        assert_eq!(told(&[credentials, ("DATABASE_URL", set)]), none, "there is no such credential");
        for name in ["database.url", "mail.smtp_url"] {
            fs::write(folder.join(name), "sqlite:s3cret.db").unwrap();
        }
        let sentence = |setting: &str, used: &str, unused: &str| {
            [format!("{setting} is given twice: {used} is used and {unused} is not; remove one of them")]
        };
        assert_eq!(told(&[credentials]), none);
        for used in ["DATABASE_URL", "DATABASE_URL_FILE", "VESTIBULE_DATABASE__URL", "VESTIBULE_DATABASE__URL_FILE"] {
            let expected = sentence("database.url", used, "the credential database.url");
            assert_eq!(told(&[credentials, (used, &file)]), expected);
        }
        for used in ["VESTIBULE_MAIL__SMTP_URL", "VESTIBULE_MAIL__SMTP_URL_FILE"] {
            let expected = sentence("mail.smtp_url", used, "the credential mail.smtp_url");
            assert_eq!(told(&[credentials, (used, &file)]), expected);
        }
        let of_file = ("VESTIBULE_DATABASE__URL_FILE", &*file);
        for used in ["DATABASE_URL", "DATABASE_URL_FILE"] {
            let expected = sentence("database.url", used, "VESTIBULE_DATABASE__URL_FILE");
            assert_eq!(told(&[of_file, (used, &file)]), expected);
        }
        assert_eq!(told(&[of_file]), none);
        let variables = [("DATABASE_URL", set), ("VESTIBULE_DATABASE__URL", set)];
        assert_eq!(told(&variables), none, "no file is among them");
        assert_eq!(told(&[credentials, of_file, ("DATABASE_URL", set)]).len(), 2);
    }

    #[test]
    fn a_credential_counts_where_nothing_else_is_set() {
        let folder = tempfile::tempdir().unwrap();
        let credentials = (CREDENTIALS, folder.path());
        assert!(!resolved(&environment(&[credentials])).unwrap().contains_key("VESTIBULE_DATABASE__URL"));
        fs::write(folder.path().join("database.url"), "sqlite:credential.db").unwrap();
        fs::write(folder.path().join("mail.smtp_url"), "smtps://me:s3cret@mail.example\n").unwrap();
        let found = resolved(&environment(&[credentials])).unwrap();
        assert_eq!(found["VESTIBULE_DATABASE__URL"], "sqlite:credential.db");
        assert_eq!(found["VESTIBULE_MAIL__SMTP_URL"], "smtps://me:s3cret@mail.example");
        let set = ("VESTIBULE_DATABASE__URL", Path::new("sqlite:set.db"));
        assert_eq!(resolved(&environment(&[credentials, set])).unwrap()["VESTIBULE_DATABASE__URL"], "sqlite:set.db");
    }
}
