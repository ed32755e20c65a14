//! `[oauth]`: applications that get tokens by an authorization (RFC 6749), and how long those last.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{
    findings::Findings,
    origins::check_origin,
    redirect_uris::{check_redirect_uri, origin_of_redirect_uri},
};

/// `[oauth]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth {
    /// The site's own applications. They ask for no consent, and their pages may call `/api/v1`.
    pub clients: Vec<FirstPartyClient>,
    /// Whether people can register applications of their own.
    pub registration: bool,
    /// How many applications an account may register.
    pub clients_per_account: u32,
    /// How long an access token lasts, in minutes.
    pub access_minutes: u32,
    /// How long an application keeps access by refreshing, in days: in a browser never longer than the session in which
    /// the person authorized it; on a device that was approved by a code for all of them.
    pub refresh_days: u32,
    /// How long a refresh token works again after it was used, in seconds, for clients that lost the answer.
    pub refresh_grace_seconds: u32,
    /// The prefix of refresh tokens.
    pub refresh_prefix: String,
    /// How long people have to enter the code of a device and to approve it, in minutes.
    pub device_code_minutes: u32,
}

impl Default for OAuth {
    fn default() -> Self {
        Self {
            clients: Vec::new(),
            registration: true,
            clients_per_account: 20,
            access_minutes: 15,
            refresh_days: 90,
            refresh_grace_seconds: 30,
            refresh_prefix: "vsr".into(),
            device_code_minutes: 10,
        }
    }
}

/// An application of the site itself.
///
/// In the environment, an entry is a line of words: `spa https://app.example.com/callback`, the id and the redirect
/// URIs. The word `device` among them stands for `device_grant`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(from = "Entry")]
pub struct FirstPartyClient {
    /// The `client_id`.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// The origins of its pages; by default those of the redirect URIs.
    pub origins: Vec<String>,
    /// Whether it may ask for access on a device by a code (RFC 8628).
    pub device_grant: bool,
    /// The scopes that it may ask for; by default all that the site offers.
    pub scopes: Vec<String>,
    /// What people see beside its name; empty for the first letters of the name.
    pub letter: String,
    /// Whether its tokens have to be bound to a key (RFC 9449 section 5.2).
    pub dpop_bound_access_tokens: bool,
}

/// The word of the environment for [`FirstPartyClient::device_grant`]. No redirect URI is without a colon.
const DEVICE: &str = "device";

/// The two ways to write a [`FirstPartyClient`].
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Words(String),
    Table(Table),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    origins: Option<Vec<String>>,
    #[serde(default)]
    device_grant: bool,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    letter: String,
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

impl From<Entry> for FirstPartyClient {
    fn from(entry: Entry) -> Self {
        let Table { id, name, redirect_uris, origins, device_grant, scopes, letter, dpop_bound_access_tokens } =
            match entry {
                Entry::Table(table) => table,
                Entry::Words(words) => {
                    let mut words = words.split_whitespace().map(str::to_owned);
                    let id = words.next().unwrap_or_default();
                    let (flags, redirect_uris): (Vec<_>, _) = words.partition(|word| word == DEVICE);
                    Table { id, redirect_uris, device_grant: !flags.is_empty(), ..Table::default() }
                }
            };
        let origins = origins.unwrap_or_else(|| origins_of(&redirect_uris));
        let name = name.unwrap_or_else(|| id.clone());
        Self { id, name, redirect_uris, origins, device_grant, scopes, letter, dpop_bound_access_tokens }
    }
}

/// The origins of the pages at `redirect_uris`, each once. One on http without a port is that of a native app, which
/// has no page.
pub fn origins_of(redirect_uris: &[String]) -> Vec<String> {
    let origins = redirect_uris.iter().filter_map(|uri| origin_of_redirect_uri(uri));
    let is_page = |origin: &String| origin.strip_prefix("http://").is_none_or(has_port);
    let mut origins: Vec<String> = origins.filter(is_page).collect();
    origins.sort();
    origins.dedup();
    origins
}

/// Whether a host of an origin has a port.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'))
}

impl OAuth {
    /// How long an access token lasts.
    pub fn access_lifetime(&self) -> Duration {
        Duration::minutes(self.access_minutes.into())
    }

    /// How long an application keeps access at most.
    pub fn refresh_lifetime(&self) -> Duration {
        Duration::days(self.refresh_days.into())
    }

    /// How long a refresh token works again after it was used.
    pub fn refresh_grace(&self) -> Duration {
        Duration::seconds(self.refresh_grace_seconds.into())
    }

    /// How long the codes of a device last.
    pub fn device_code_lifetime(&self) -> Duration {
        Duration::minutes(self.device_code_minutes.into())
    }

    /// The origins of the pages of the site's own applications.
    pub fn origins(&self) -> impl Iterator<Item = &String> {
        self.clients.iter().flat_map(|client| &client.origins)
    }

    pub(super) fn check(&self, login_without_need: bool, found: &mut Findings) {
        const KEY: &str = "oauth.clients";
        for (index, client) in self.clients.iter().enumerate() {
            let FirstPartyClient { id, name, redirect_uris, origins, device_grant, scopes, letter, .. } = client;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_id = (1..=64).contains(&id.len()) && id.bytes().all(plain) && id.parse::<uuid::Uuid>().is_err();
            found.error_if(
                !is_id,
                KEY,
                format!("{id:?} is not an id: 1 to 64 letters, digits, hyphens, dots and underscores, and no UUID"),
            );
            found.error_if(
                self.clients[..index].iter().any(|other| other.id == *id),
                KEY,
                format!("{id:?} is there twice"),
            );
            let is_name = !name.trim().is_empty() && name.chars().count() <= 100 && !name.contains(char::is_control);
            found.error_if(!is_name, KEY, format!("the name of {id:?} must have 1 to 100 characters"));
            found.error_if(
                redirect_uris.is_empty() && !device_grant,
                KEY,
                format!("{id:?} has no redirect_uris and no device_grant, so it cannot get a code"),
            );
            let is_letter =
                letter.chars().count() <= 1 && !letter.contains(|c: char| c.is_control() || c.is_whitespace());
            found.error_if(!is_letter, KEY, format!("the letter of {id:?} must be one character"));
            let is_scope = |scope: &String| !scope.is_empty() && !scope.contains(char::is_whitespace);
            found.error_if(!scopes.iter().all(is_scope), KEY, format!("a scope of {id:?} is empty or has a blank"));
            for message in redirect_uris.iter().filter_map(|uri| check_redirect_uri(uri).err()) {
                found.error(KEY, message);
            }
            for message in origins.iter().filter_map(|origin| check_origin(origin).err()) {
                found.error(KEY, message);
            }
        }
        let reason = "people must be able to review them all";
        found.range("oauth.clients_per_account", self.clients_per_account, 1..=1_000, reason);
        let reason = "an access token that was stolen works for so long";
        found.range("oauth.access_minutes", self.access_minutes, 1..=1_440, reason);
        let reason = "everybody must sign in again at some time";
        found.range("oauth.refresh_days", self.refresh_days, 1..=3_660, reason);
        let reason = "a refresh token that was stolen and used within it is not noticed";
        found.range("oauth.refresh_grace_seconds", self.refresh_grace_seconds, 0..=300, reason);
        let reason = "the codes of devices are short, so they must not wait for long";
        found.range("oauth.device_code_minutes", self.device_code_minutes, 1..=30, reason);
        found.error_if(
            self.refresh_prefix.is_empty() || !self.refresh_prefix.bytes().all(|b| b.is_ascii_alphanumeric()),
            "oauth.refresh_prefix",
            "must be letters and digits, or secret scanners could not recognize tokens",
        );
        found.advice_if(
            login_without_need && !self.clients.is_empty(),
            "tokens.login",
            "is true, although oauth.clients has an application of yours that signs people in without taking their \
             password; turn it off if nothing else uses it (RFC 9700 section 2.4)",
        );
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, fs};

    use super::*;
    use crate::settings::Settings;

    fn found(client: FirstPartyClient) -> Vec<String> {
        let mut found = Findings::default();
        OAuth { clients: vec![client], ..OAuth::default() }.check(false, &mut found);
        found.sorted().into_iter().map(|finding| format!("{}: {}", finding.key, finding.message)).collect()
    }

    #[test]
    fn an_application_can_be_written_in_one_line() {
        let client: FirstPartyClient =
            serde_json::from_value("spa https://app.example/callback com.example.app:/cb".into()).unwrap();
        assert_eq!((client.id.as_str(), client.name.as_str()), ("spa", "spa"));
        assert_eq!((client.redirect_uris.len(), client.origins.clone()), (2, vec!["https://app.example".to_owned()]));
        assert!(found(client).is_empty());
        let client: FirstPartyClient = serde_json::from_value("tv device".into()).unwrap();
        assert!(client.device_grant && client.redirect_uris.is_empty() && found(client).is_empty());
    }

    #[test]
    fn applications_are_read_from_the_file_and_from_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Leptos.toml");
        let uri = "https://app.example/callback";
        let table =
            format!(r#"[{{ id = "spa", name = "App", redirect_uris = ["{uri}"], origins = ["https://o.example"] }}]"#);
        fs::write(&file, format!("[oauth]\nclients = {table}\n")).unwrap();
        let settings = Settings::load(&file, &HashMap::new()).unwrap();
        let [client] = &settings.oauth.clients[..] else { panic!("{settings:?}") };
        assert_eq!((client.name.as_str(), client.redirect_uris[0].as_str()), ("App", uri));
        assert_eq!(settings.allowed_origins(), ["https://o.example"]);
        assert!(client.scopes.is_empty() && client.letter.is_empty() && !client.dpop_bound_access_tokens);
        let more = r#"scopes = ["a:read"], letter = "N", dpop_bound_access_tokens = true"#;
        fs::write(&file, format!("[oauth]\nclients = {}\n", table.replace(" }", &format!(", {more} }}")))).unwrap();
        let settings = Settings::load(&file, &HashMap::new()).unwrap();
        let [client] = &settings.oauth.clients[..] else { panic!("{settings:?}") };
        assert_eq!((client.scopes.concat().as_str(), client.letter.as_str()), ("a:read", "N"));
        assert!(client.dpop_bound_access_tokens);

        let words = format!("spa {uri}, cli http://127.0.0.1/callback");
        let environment = HashMap::from([("VESTIBULE_OAUTH__CLIENTS".to_owned(), words)]);
        let settings = Settings::load(&file, &environment).unwrap();
        let ids: Vec<_> = settings.oauth.clients.iter().map(|client| client.id.as_str()).collect();
        assert_eq!(ids, ["spa", "cli"]);
        assert_eq!(settings.allowed_origins(), ["https://app.example"]);
        assert!(settings.allowed_origins_summary().contains("https://app.example"));
        fs::write(&file, "[oauth]\nclients = [{ id = \"spa\" }]\n").unwrap();
        assert!(Settings::load(&file, &HashMap::new()).is_err());
    }

    #[test]
    fn a_native_app_has_no_origin() {
        let uris =
            ["http://127.0.0.1/cb", "http://[::1]/cb", "http://[::1]:8000/cb", "http://localhost:5173/", "a.b:/c"];
        let uris = uris.map(str::to_owned);
        assert_eq!(origins_of(&uris), ["http://[::1]:8000", "http://localhost:5173"]);
    }

    #[test]
    fn what_is_wrong_with_an_application_is_said() {
        for (words, why) in [
            ("", "is not an id"),
            ("a/b https://app.example/", "is not an id"),
            ("019526de-6c00-71f0-a1b2-c3d4e5f60718 https://app.example/", "is not an id"),
            ("spa", "no redirect_uris"),
            ("tv http://tv.example/ device", "is http"),
            ("spa http://app.example/", "is http"),
            ("spa https://app.example/#x", "no fragment"),
        ] {
            let found = found(serde_json::from_value(words.into()).unwrap());
            assert!(found.iter().any(|found| found.contains(why)), "{words}: {found:?}");
        }
    }
}
