//! The response that an experiment's record asks for.

use serde::Serialize;

/// The value of `Access-Control-Allow-Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowOrigin {
    /// The origin of the page.
    Exact,
    /// `*`
    Any,
    /// `null`
    Null,
    /// The origin of the server itself, which differs from the page's.
    Itself,
}

/// What happens to a preflight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preflight {
    /// It is answered.
    #[default]
    Answered,
    /// It is redirected, with all headers in place.
    Redirected,
    /// It is refused with 401, with all headers in place.
    Refused,
}

/// What a request must carry to be accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    #[default]
    Nothing,
    /// A cookie that this experiment has set.
    Cookie,
    /// The token of the Lab session. Cookies are ignored.
    Token,
}

/// The response to a step.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a header or a rule by itself")]
pub struct Answer {
    /// `Access-Control-Allow-Origin`; none without the header.
    pub allow_origin: Option<AllowOrigin>,
    /// Whether `Access-Control-Allow-Credentials: true` is sent.
    pub allow_credentials: bool,
    /// `Access-Control-Allow-Headers` of a preflight. Without it every preflight fails.
    pub allow_headers: Option<&'static str>,
    /// What happens to the preflight.
    pub preflight: Preflight,
    /// Whether an error carries no CORS headers.
    pub bare_errors: bool,
    /// Whether `X-Lab-Answer` is sent, and whether `Access-Control-Expose-Headers` names it.
    pub header: Option<bool>,
    /// Whether `Activate-Storage-Access: retry` is sent.
    pub activates: bool,
    /// The cookie that it sets.
    pub cookie: Option<Cookie>,
    /// What the request must carry; without it the response is 401.
    pub needs: Needs,
    /// Whether the request has a side effect: an action that is marked in the record of the Lab session.
    pub side_effect: bool,
}

impl Answer {
    /// A response without CORS headers.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A response that allows the page's origin by name.
    pub fn exact() -> Self {
        Self { allow_origin: Some(AllowOrigin::Exact), ..Self::default() }
    }

    /// A response that allows any origin.
    pub fn any() -> Self {
        Self { allow_origin: Some(AllowOrigin::Any), ..Self::default() }
    }

    /// A response that allows the origin `null`.
    pub fn null() -> Self {
        Self { allow_origin: Some(AllowOrigin::Null), ..Self::default() }
    }

    /// A response that allows the server's own origin.
    pub fn itself() -> Self {
        Self { allow_origin: Some(AllowOrigin::Itself), ..Self::default() }
    }

    /// With another response to the preflight.
    pub fn preflight(self, preflight: Preflight) -> Self {
        Self { preflight, ..self }
    }

    /// With errors that carry no CORS headers.
    pub fn bare_errors(self) -> Self {
        Self { bare_errors: true, ..self }
    }

    /// With the header `X-Lab-Answer`, which `Access-Control-Expose-Headers` names if it is `exposed`.
    pub fn header(self, exposed: bool) -> Self {
        Self { header: Some(exposed), ..self }
    }

    /// With `Activate-Storage-Access: retry`.
    pub fn activates(self) -> Self {
        Self { activates: true, ..self }
    }

    /// With `Access-Control-Allow-Credentials`.
    pub fn credentials(self) -> Self {
        Self { allow_credentials: true, ..self }
    }

    /// With `Access-Control-Allow-Headers` for preflights.
    pub fn headers(self, names: &'static str) -> Self {
        Self { allow_headers: Some(names), ..self }
    }

    /// With `Set-Cookie`.
    pub fn sets(self, cookie: Cookie) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    /// For requests that carry `needs` only.
    pub fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// With a side effect.
    pub fn side_effect(self) -> Self {
        Self { side_effect: true, ..self }
    }
}

/// A cookie as `Set-Cookie` has it. It is named after the experiment, and its value is new in each run.
#[derive(Clone, Debug, Serialize)]
pub struct Cookie {
    /// The prefix of the name.
    pub prefix: &'static str,
    /// `Path`.
    pub path: &'static str,
    /// Whether `Domain` is set, to the host that sends the cookie.
    #[serde(skip)]
    pub domain: bool,
    /// The other attributes.
    pub attributes: &'static str,
}

impl Cookie {
    /// A cookie for the Lab's own paths.
    pub fn new(attributes: &'static str) -> Self {
        Self { prefix: "", path: "/lab", domain: false, attributes }
    }

    /// With the prefix `__Host-`, which requires `Path=/`.
    pub fn host_prefix(self) -> Self {
        Self { prefix: "__Host-", path: "/", ..self }
    }

    /// With the prefix `__Host-Http-`, which requires `Path=/` and `HttpOnly`.
    pub fn host_http_prefix(self) -> Self {
        Self { prefix: "__Host-Http-", path: "/", ..self }
    }

    /// With the prefix `__Http-`, which requires `HttpOnly`.
    pub fn http_prefix(self) -> Self {
        Self { prefix: "__Http-", ..self }
    }

    /// For another path.
    pub fn path(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// With `Domain`.
    pub fn domain(self) -> Self {
        Self { domain: true, ..self }
    }
}
