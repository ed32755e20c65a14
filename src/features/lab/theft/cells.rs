//! The sixteen cells: what each theft of each credential is predicted to be worth, and why.

use crate::features::lab::prediction::Spec;

/// What is stolen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// A session cookie.
    Cookie,
    /// A bearer token.
    Token,
    /// A session cookie that is bound to a key of the device.
    BoundCookie,
    /// A token that is bound to a key.
    BoundToken,
}

impl Credential {
    /// All, in the order of the columns.
    pub(super) const ALL: [Self; 4] = [Self::Cookie, Self::Token, Self::BoundCookie, Self::BoundToken];

    /// Its name for the script, and in the paths of the endpoints.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
            Self::BoundCookie => "bound-cookie",
            Self::BoundToken => "bound-token",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Cookie => "Session cookie",
            Self::Token => "Bearer token",
            Self::BoundCookie => "Bound cookie (DBSC)",
            Self::BoundToken => "Bound token (DPoP)",
        }
    }

    /// The page of the documentation that is about it.
    pub(super) fn docs(self) -> &'static str {
        match self {
            Self::Cookie | Self::BoundCookie => "docs/sessions.md",
            Self::Token => "docs/tokens.md",
            Self::BoundToken => "docs/dpop.md",
        }
    }

    /// What has to be there for it.
    pub(super) fn needs(self) -> Option<&'static str> {
        match self {
            Self::Cookie | Self::Token => None,
            Self::BoundCookie => Some("Needs https and a browser with device-bound sessions."),
            Self::BoundToken => Some("Needs a browser with WebCrypto, and https or localhost."),
        }
    }
}

/// How it is stolen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A script in the page reads it and sends it away.
    Read,
    /// A script in the page uses it there.
    InPlace,
    /// The browser's cookies and storage are copied to another machine.
    Copy,
    /// A log holds it, of a proxy, or of the browser's own network panel (HAR).
    Log,
}

impl Way {
    /// All, in the order of the rows.
    pub(super) const ALL: [Self; 4] = [Self::Read, Self::InPlace, Self::Copy, Self::Log];

    /// Its name for the script.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::InPlace => "in-place",
            Self::Copy => "copy",
            Self::Log => "log",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Read => "A script reads it",
            Self::InPlace => "A script uses it in place",
            Self::Copy => "Cookies and storage are copied",
            Self::Log => "A log leaks",
        }
    }

    /// What the thief does.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Read => "An injected script sends what it can read to another origin, which uses it.",
            Self::InPlace => "The same script makes the request itself, in the page that is open.",
            Self::Copy => "Another client, which has no key, uses what the browser has stored.",
            Self::Log => "Another client repeats the request that a proxy's log or a HAR file holds.",
        }
    }
}

/// What the thief gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The account.
    Opened,
    /// The account, until the short cookie ends.
    Expires,
    /// Nothing.
    Stopped,
}

impl Outcome {
    /// All.
    pub(super) const ALL: [Self; 3] = [Self::Opened, Self::Expires, Self::Stopped];

    /// Its name for the script.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Expires => "expires",
            Self::Stopped => "stopped",
        }
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Opened => "The thief is in",
            Self::Expires => "In for minutes",
            Self::Stopped => "Stopped",
        }
    }
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// What the thief gets.
    pub(super) predicted: Outcome,
    /// Why.
    pub(super) why: &'static str,
    /// Where that is specified.
    pub(super) spec: Spec,
}

const HTTP_ONLY: Spec = Spec {
    name: "RFC 6265bis, “HttpOnly”",
    url: "https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-httponly-attribute",
};
const AMBIENT: Spec = Spec {
    name: "RFC 6265bis, “Ambient Authority”",
    url: "https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-ambient-authority",
};
const BEARER: Spec = Spec { name: "RFC 6750, section 5.1", url: "https://www.rfc-editor.org/rfc/rfc6750#section-5.1" };
const DBSC: Spec = Spec { name: "Device Bound Session Credentials", url: "https://w3c.github.io/webappsec-dbsc/" };
const PROOF: Spec = Spec { name: "RFC 9449, section 4.3", url: "https://www.rfc-editor.org/rfc/rfc9449#section-4.3" };
const REPLAY: Spec =
    Spec { name: "RFC 9449, section 11.1", url: "https://www.rfc-editor.org/rfc/rfc9449#section-11.1" };
const UNTRUSTED: Spec =
    Spec { name: "RFC 9449, section 11.4", url: "https://www.rfc-editor.org/rfc/rfc9449#section-11.4" };

/// The cell of `credential` and `way`.
pub(super) fn cell(credential: Credential, way: Way) -> Cell {
    use Outcome::{Expires, Opened, Stopped};
    let (predicted, why, spec) = match (credential, way) {
        (Credential::Cookie, Way::Read) => {
            (Stopped, "The cookie is HttpOnly: no script can read it, so there is nothing to send away.", HTTP_ONLY)
        }
        (Credential::Cookie, Way::InPlace) => {
            (Opened, "The browser adds the cookie to every request of the page, whichever script makes it.", AMBIENT)
        }
        (Credential::Cookie, Way::Copy) => {
            (Opened, "The server cannot tell a copy of the cookie from the original.", AMBIENT)
        }
        (Credential::Cookie, Way::Log) => {
            (Opened, "The Cookie header is the whole credential, for as long as the session lasts.", AMBIENT)
        }
        (Credential::Token, Way::Read) => {
            (Opened, "What the page's own code can read, an injected script can read and send away.", BEARER)
        }
        (Credential::Token, Way::InPlace) => (Opened, "The script sends the token as the page does.", BEARER),
        (Credential::Token, Way::Copy) => {
            (Opened, "The token is in the storage of the browser, and works for whoever has it.", BEARER)
        }
        (Credential::Token, Way::Log) => {
            (Opened, "The Authorization header is the whole credential, until the token ends.", BEARER)
        }
        (Credential::BoundCookie, Way::Read) => {
            (Stopped, "Both cookies are HttpOnly, and no script can reach the key.", DBSC)
        }
        (Credential::BoundCookie, Way::InPlace) => {
            (Opened, "The browser proves the key for every request of the page, whichever script makes it.", DBSC)
        }
        (Credential::BoundCookie, Way::Copy) => (
            Expires,
            "The copy has the short cookie, but not the key to renew it. After that the session cookie opens nothing.",
            DBSC,
        ),
        (Credential::BoundCookie, Way::Log) => (
            Expires,
            "The log has both cookies. When the short one has ended, the session cookie alone opens nothing.",
            DBSC,
        ),
        (Credential::BoundToken, Way::Read) => (
            Stopped,
            "The script can read the token, but cannot export the key, and a proof by another key is refused.",
            PROOF,
        ),
        (Credential::BoundToken, Way::InPlace) => {
            (Opened, "The script cannot read the key, but can sign with it while the page is open.", UNTRUSTED)
        }
        (Credential::BoundToken, Way::Copy) => (
            Stopped,
            "The copy has the token, and the key does not leave WebCrypto. A copy of the profile's files has both.",
            PROOF,
        ),
        (Credential::BoundToken, Way::Log) => {
            (Stopped, "The log has the token and a proof that was used, and a proof works once.", REPLAY)
        }
    };
    Cell { predicted, why, spec }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_in_place_is_stopped_by_nothing() {
        assert!(Credential::ALL.iter().all(|it| cell(*it, Way::InPlace).predicted == Outcome::Opened));
    }
}
