//! What a request to the door is sent with.

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use super::{
    cells::Credential,
    cookies::{BOUND_SESSION, SESSION, SHORT},
};
use crate::{
    auth::dpop,
    http::{
        cookie::{BOUND_COOKIE, SessionCookie, values},
        problem::Problem,
    },
};

/// The headers of a request that hold a credential, as the real door knows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    session: Option<String>,
    /// The short cookie.
    pub(super) short: Option<String>,
    authorization: Option<String>,
    proof: Option<String>,
}

/// What a script has sent to the thief.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Loot {
    /// The cookies of the drill that it could read, by their names.
    #[serde(default)]
    cookies: Vec<(String, String)>,
    /// `Authorization`
    authorization: Option<String>,
    /// `DPoP`
    proof: Option<String>,
}

impl Sent {
    /// What the browser of the owner sends. Cookies of others are not read.
    pub(super) fn by_owner(credential: Credential, headers: &HeaderMap) -> Self {
        let cookie = |name| values(headers, name).next().and_then(text);
        let header = |name| headers.get(name).map(HeaderValue::as_bytes).and_then(text);
        match credential {
            Credential::Cookie => Self { session: cookie(SESSION), ..Self::default() },
            Credential::BoundCookie => Self { session: cookie(BOUND_SESSION), short: cookie(SHORT), ..Self::default() },
            Credential::Token | Credential::BoundToken => {
                Self { authorization: header(&header::AUTHORIZATION), proof: header(&dpop::HEADER), ..Self::default() }
            }
        }
    }

    /// What the thief makes of `loot`. Its cookies have to be `known` as those of the drill, and its token as `token`.
    ///
    /// # Errors
    /// [`Problem::InvalidBody`] if it is of something else.
    pub(super) fn of_loot(loot: Loot, known: &Self, token: Option<&str>) -> Result<Self, Problem> {
        let foreign = || Problem::InvalidBody("That is no credential of this drill.".into());
        let Loot { cookies, authorization, proof } = loot;
        let mut sent = Self { authorization, proof, ..Self::default() };
        for (name, value) in cookies {
            let name = if name == SHORT { &mut sent.short } else { &mut sent.session };
            *name = Some(value);
        }
        let differ = |read: Option<&str>, known: Option<&str>| read.is_some() && read != known;
        if differ(sent.session.as_deref(), known.session.as_deref())
            || differ(sent.short.as_deref(), known.short.as_deref())
        {
            return Err(foreign());
        }
        let read = |text: &String| text.split_once(' ').is_some_and(|(_, read)| Some(read) == token);
        if sent.authorization.as_ref().is_none_or(read) { Ok(sent) } else { Err(foreign()) }
    }

    /// Whether there is anything.
    pub(super) fn is_anything(&self) -> bool {
        self.session.is_some() || self.authorization.is_some()
    }

    /// The names of what there is, for people.
    pub(super) fn names(&self, cookie: SessionCookie) -> Vec<&'static str> {
        let is_there = [
            (cookie.name, self.session.is_some()),
            (BOUND_COOKIE, self.short.is_some()),
            ("Authorization", self.authorization.is_some()),
            ("DPoP", self.proof.is_some()),
        ];
        is_there.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect()
    }

    /// Adds it to the headers of a request to the real door, whose session cookie is `cookie`.
    pub(super) fn put(&self, headers: &mut HeaderMap, cookie: SessionCookie) {
        let pairs = [(cookie.name, self.session.as_deref()), (BOUND_COOKIE, self.short.as_deref())];
        let pairs: Vec<_> =
            pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))).collect();
        let cookies = (!pairs.is_empty()).then(|| pairs.join("; "));
        let lines =
            [(&header::COOKIE, &cookies), (&header::AUTHORIZATION, &self.authorization), (&dpop::HEADER, &self.proof)];
        for (name, text) in lines {
            if let Some(value) = text.as_ref().and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| text.len() < 4096).map(str::to_owned)
}
