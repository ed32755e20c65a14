//! The request of a client at `/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3, and `prompt`, `login_hint`
//! and `max_age` of `OpenID` Connect Core section 3.1.2.1).

use std::collections::BTreeSet;

use url::form_urlencoded::{self, Serializer};

use super::{
    client::{Client, Owner},
    error::OAuthError,
    pkce,
};
use crate::{
    auth::{ScopeInfo, Scopes},
    db::Db,
    http::problem::Problem,
    settings::Settings,
};

/// The path of the endpoint.
pub(super) const PATH: &str = "/authorize";

/// The longest query, in bytes. It goes through signing in inside of `next`, where it is encoded again.
const LONGEST: usize = 4_096;

/// What is wrong with a request.
pub(super) enum Refused {
    /// It cannot be said whose request it is, so the person is told.
    Person(&'static str),
    /// The client is told, at its own redirect URI.
    Client(Box<Answer>, OAuthError),
    /// The same, but the person decides whether to go there: anybody can register an application, so nobody is sent to
    /// its pages by a link alone (RFC 9700 section 4.11.2).
    Stranger(Box<Answer>, OAuthError),
    /// The server fails.
    Server(Problem),
}

/// Where the answer goes, and what comes along with it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    redirect_uri: String,
    state: Option<String>,
    issuer: String,
}

impl Answer {
    /// The URL with the code.
    pub(super) fn code(&self, code: &str) -> String {
        self.url(&[("code", code)])
    }

    /// The URL with an error.
    pub(super) fn error(&self, error: &OAuthError) -> String {
        self.url(&[("error", error.code), ("error_description", &error.description)])
    }

    /// `state` says which request it answers, and `iss` which server answers (RFC 9207).
    fn url(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.issuer);
        let before = if self.redirect_uri.contains('?') { '&' } else { '?' };
        format!("{}{before}{}", self.redirect_uri, query.finish())
    }
}

/// How the person is to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    /// Not at all: an error, if they would have to be.
    pub none: bool,
    /// Who they are, even if they are signed in.
    pub login: bool,
    /// For consent, even if they gave it.
    pub consent: bool,
}

/// A valid request.
#[derive(Clone, Debug)]
pub(super) struct AuthorizationRequest {
    /// Who asks.
    pub client: Client,
    /// Where the code goes.
    pub redirect_uri: String,
    /// What it asks for, in the order of the site.
    pub scopes: Vec<ScopeInfo>,
    /// The `code_challenge`.
    pub challenge: String,
    /// The thumbprint of the only key with which the code is exchanged (`dpop_jkt`, RFC 9449 section 10).
    pub jkt: Option<String>,
    /// How to ask.
    pub prompt: Prompt,
    /// How many seconds ago the person may have proved who they are, at most.
    pub max_age: Option<i64>,
    /// Where the answer goes.
    pub answer: Answer,
}

impl AuthorizationRequest {
    /// Reads and checks `query`.
    pub(super) async fn read(db: &Db, settings: &Settings, scopes: &[ScopeInfo], query: &str) -> Result<Self, Refused> {
        if query.len() > LONGEST {
            return Err(Refused::Person("The request of the app is too long."));
        }
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let one = |name| values(&pairs, name).next().filter(|value| !value.is_empty());
        if values(&pairs, "client_id").count() != 1 {
            return Err(Refused::Person("The request does not say which app it comes from (client_id)."));
        }
        let id = one("client_id").unwrap_or_default();
        let client = Client::find(db, settings, id).await.map_err(Refused::Server)?;
        let client = client.ok_or(Refused::Person("There is no such app (client_id). It may have been deleted."))?;
        let uri = one("redirect_uri").filter(|uri| client.allows(uri).is_some());
        let uri = uri.filter(|_| values(&pairs, "redirect_uri").count() == 1);
        let Some(redirect_uri) = uri.map(str::to_owned) else {
            return Err(Refused::Person("The address to return to (redirect_uri) is not registered for this app."));
        };

        // From here on the redirect URI is known to be the client's own.
        let state = one("state").map(str::to_owned);
        let answer = Answer { redirect_uri: redirect_uri.clone(), state, issuer: settings.origin() };
        let checked = || {
            let mut seen = BTreeSet::new();
            if let Some((twice, _)) = pairs.iter().find(|(name, _)| name != "resource" && !seen.insert(name)) {
                let shown: String = twice.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
                return Err(OAuthError::request(format!("The parameter {shown} is there twice.")));
            }
            match one("response_type") {
                Some("code") => {}
                Some(_) => return Err(OAuthError::new("unsupported_response_type", "response_type must be code.")),
                None => return Err(OAuthError::request("response_type is missing.")),
            }
            if one("response_mode").is_some_and(|mode| mode != "query") {
                return Err(OAuthError::request("response_mode must be query."));
            }
            for (name, code) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
                if one(name).is_some() {
                    return Err(OAuthError::new(code, format!("{name} is not supported.")));
                }
            }
            values(&pairs, "resource").try_for_each(|resource| check_resource(settings, resource))?;
            if one("code_challenge_method") != Some("S256") {
                return Err(OAuthError::request("code_challenge_method must be S256 (RFC 7636)."));
            }
            let challenge = one("code_challenge").filter(|challenge| pkce::is_challenge(challenge));
            let challenge = challenge.ok_or_else(|| OAuthError::request("code_challenge is missing or malformed."))?;
            // A thumbprint has the form of a challenge: 32 bytes in base64url.
            if one("dpop_jkt").is_some_and(|jkt| !pkce::is_challenge(jkt)) {
                return Err(OAuthError::request("dpop_jkt is malformed."));
            }
            let prompt = prompt(one("prompt").unwrap_or_default())?;
            let max_age = one("max_age").map(|age| age.parse().ok().filter(|age| *age >= 0));
            if max_age == Some(None) {
                return Err(OAuthError::request("max_age must be a number of seconds."));
            }
            let scopes = asked_for(&client, scopes, one("scope").unwrap_or_default())?;
            Ok((challenge.to_owned(), prompt, max_age.flatten(), scopes))
        };
        match checked() {
            Ok((challenge, prompt, max_age, scopes)) => {
                let jkt = one("dpop_jkt").map(str::to_owned);
                Ok(Self { client, redirect_uri, scopes, challenge, jkt, prompt, max_age, answer })
            }
            Err(error) if matches!(client.owner, Owner::Account(_)) => Err(Refused::Stranger(Box::new(answer), error)),
            Err(error) => Err(Refused::Client(Box::new(answer), error)),
        }
    }

    /// The names of the scopes, separated by spaces.
    pub(super) fn scope_text(&self) -> String {
        self.scopes.iter().map(|scope| scope.name).collect::<Scopes>().to_string()
    }
}

/// Checks a `resource` that a client names (RFC 8707).
///
/// # Errors
/// `invalid_target` if it is not one of this site.
pub(super) fn check_resource(settings: &Settings, resource: &str) -> Result<(), OAuthError> {
    let site = settings.origin();
    if resource == site || resource == format!("{site}/api/v1") {
        return Ok(());
    }
    Err(OAuthError::new("invalid_target", "resource is not one of this site."))
}

/// Every value of the parameter `name`.
fn values<'a>(pairs: &'a [(String, String)], name: &'static str) -> impl Iterator<Item = &'a str> {
    pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// The scopes that `text` names, of those that `client` may ask for.
pub(super) fn asked_for(client: &Client, scopes: &[ScopeInfo], text: &str) -> Result<Vec<ScopeInfo>, OAuthError> {
    let named: BTreeSet<&str> = text.split(' ').filter(|name| !name.is_empty()).collect();
    let found: Vec<ScopeInfo> = client.offered(scopes).filter(|scope| named.contains(scope.name)).copied().collect();
    if named.is_empty() || found.len() != named.len() {
        let known: Vec<_> = client.offered(scopes).map(|scope| scope.name).collect();
        let description = format!("scope must name one or more of: {}.", known.join(", "));
        return Err(OAuthError::new("invalid_scope", description));
    }
    Ok(found)
}

fn prompt(text: &str) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    for value in text.split(' ').filter(|value| !value.is_empty()) {
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(OAuthError::request("prompt must be none, or login, consent or both.")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(OAuthError::request("prompt must be none alone, or others."));
    }
    Ok(prompt)
}

/// The same request for when the person has proved who they are: `prompt=login` is done then. Instead, they must have
/// done so within `seconds`.
pub(super) fn after_login(query: &str, seconds: i64) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let (mut rest, mut age) = (Serializer::new(String::new()), seconds);
    for (name, value) in pairs {
        match name.as_str() {
            "prompt" => {
                let left: Vec<_> = value.split(' ').filter(|value| !value.is_empty() && *value != "login").collect();
                if !left.is_empty() {
                    rest.append_pair(&name, &left.join(" "));
                }
            }
            "max_age" => age = age.min(value.parse().unwrap_or(age)).max(MOMENT),
            _ => drop(rest.append_pair(&name, &value)),
        }
    }
    rest.append_pair("max_age", &age.to_string());
    format!("{PATH}?{}", rest.finish())
}

/// The least time in seconds that is left for the way back from the page where they proved it.
const MOMENT: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_who_answers_what() {
        let answer = |uri: &str, state: Option<&str>| Answer {
            redirect_uri: uri.into(),
            state: state.map(str::to_owned),
            issuer: "https://site.example".into(),
        };
        let url = answer("https://app.example/cb", Some("a&b=c d")).code("x");
        assert_eq!(url, "https://app.example/cb?code=x&state=a%26b%3Dc+d&iss=https%3A%2F%2Fsite.example");
        let error = OAuthError::new("login_required", "Sign in.");
        let url = answer("com.example.app:/cb?x=1", None).error(&error);
        let end = "error=login_required&error_description=Sign+in.&iss=https%3A%2F%2Fsite.example";
        assert_eq!(url, format!("com.example.app:/cb?x=1&{end}"));
    }

    #[test]
    fn after_the_login_the_rest_of_the_request_is_the_same() {
        assert_eq!(after_login("a=b+c&prompt=login&d=%26", 300), "/authorize?a=b+c&d=%26&max_age=300");
        assert_eq!(after_login("prompt=login+consent&max_age=60", 300), "/authorize?prompt=consent&max_age=60");
        assert_eq!(after_login("max_age=0", 300), "/authorize?max_age=30");
    }

    #[test]
    fn prompts_are_told_apart() {
        assert_eq!(prompt("").unwrap(), Prompt::default());
        assert_eq!(prompt("login  consent").unwrap(), Prompt { none: false, login: true, consent: true });
        for bad in ["none login", "select_account", "NONE"] {
            assert!(prompt(bad).is_err(), "{bad}");
        }
    }
}
