//! What a mount adds to the description of every operation behind it.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Header, Info, License, OpenApi, PathItem, Ref, RefOr, Response, Schema, SecurityRequirement,
        Server,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
        tag::TagBuilder,
    },
};

use super::{
    headers::{self, SCOPE},
    params, portable, problems,
    refusals::{described, no_proof, nonce_needed},
};
use crate::{
    http::{
        extract::unknown_params,
        problem::{Details, Limit, Problem},
    },
    settings::Settings,
};

/// How handlers name the credential of the mount, in `security(("caller" = […]))`.
const CALLER: &str = "caller";

const ERRORS: &str = "Every error is `application/problem+json` (RFC 9457). Match on its `code`, which never changes; \
     `detail` says what to do about it, and `request_id` is the id of the request in the log of the server. An unknown \
     path is 404 `route_not_found`, and a method that is not listed is 405 `method_not_allowed`. Ignore members, codes \
     and other values that you do not know: later versions may add some.";

/// A JSON mount as its document describes it.
#[derive(Clone)]
pub struct MountDocs {
    title: &'static str,
    about: String,
    /// The URL that paths are relative to.
    url: String,
    scheme: &'static str,
    scheme_object: SecurityScheme,
    has_scopes: bool,
    token_prefix: String,
    /// What any request may be refused for.
    anybody: Vec<Problem>,
    /// What a request may be refused for where it needs a credential.
    callers: Vec<Problem>,
}

impl MountDocs {
    /// `/api/v1`
    pub fn token(settings: &Settings) -> Self {
        let prefix = settings.tokens.prefix.clone();
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some(format!("{prefix}_[0-9A-Za-z]{{38}}"));
        scheme.description =
            Some("An access token (RFC 6750 section 2.1) with the scopes that the operation lists.".into());
        Self {
            title: "Vestibule: token API",
            about: format!(
                "For every client but the pages of the site itself: single-page apps on other origins, scripts, mobile \
                 apps, servers.\n\n\
                 Send `Authorization: Bearer {prefix}_…`. Cookies are ignored. Create a token on the tokens page of \
                 the site, or with `POST /login`. Every token has a name, scopes and an expiry date. If a `DPoP` header \
                 with a proof of a key (RFC 9449) comes with the request that makes a token, the token is bound to \
                 this key: send it as `Authorization: DPoP {prefix}_…`, with a new proof each time.\n\n\
                 {ERRORS}\n\n\
                 Pages on the site's own origin can use the session API instead, which has the same resources and is \
                 described at `/session/v1/openapi.json`.",
            ),
            url: format!("{}/api/v1", settings.server.origin()),
            scheme: "token",
            scheme_object: SecurityScheme::Http(scheme),
            has_scopes: true,
            token_prefix: prefix,
            anybody: always().into(),
            callers: vec![
                Problem::InvalidBody("Send a single Authorization header.".into()),
                Problem::TokenMissing,
                Problem::CookieAtTokenDoor,
                Problem::CredentialedCors,
                Problem::TokenInvalid,
                Problem::TokenExpired,
                Problem::TokenRevoked,
                Problem::TokenBound,
                Problem::TokenNotBound,
                no_proof(),
                nonce_needed(),
                Problem::OriginNotAllowed,
                Problem::OriginNull,
                Problem::RateLimited { limit: Limit::Token, network: false, seconds: 30 },
            ],
        }
    }

    /// `/session/v1`
    pub fn session(settings: &Settings) -> Self {
        let https = settings.server.public_url.scheme() == "https";
        let cookie = if https { "__Host-Http-session" } else { "session" };
        let cookie = ApiKeyValue::with_description(cookie, "The cookie that `POST /login` sets.");
        Self {
            title: "Vestibule: session API",
            about: format!(
                "For pages on the site's own origin, such as a single-page app behind the same proxy.\n\n\
                 The browser sends the session cookie by itself, so every request has to come from this origin, as \
                 told by `Sec-Fetch-Site`, or by `Origin` where that is missing. `Authorization` is ignored.\n\n\
                 What differs from the token API, `/api/v1`:\n\n\
                 - `POST /login` sets the session cookie, and its answer holds the account but no token. `POST /logout` \
                 deletes the cookie.\n\
                 - A signed-in user may do everything, so there are no scopes. Some operations need the password \
                 again: after 403 `reauthentication_required`, send it to `POST /reauthenticate`.\n\
                 - Without a session, the answer is 401 `not_signed_in`. A request from another origin is 403 \
                 `cross_origin_request`.\n\
                 - The number of requests is not limited, so there are no `RateLimit` headers. Attempts to sign in are \
                 limited, as they are at the token API.\n\n\
                 {ERRORS}",
            ),
            url: format!("{}/session/v1", settings.server.origin()),
            scheme: "session",
            scheme_object: SecurityScheme::ApiKey(ApiKey::Cookie(cookie)),
            has_scopes: false,
            token_prefix: settings.tokens.prefix.clone(),
            anybody: [Problem::CrossOriginRequest].into_iter().chain(always()).collect(),
            callers: vec![Problem::NotSignedIn, Problem::TokenAtSessionDoor],
        }
    }

    /// The whole document of this mount: the operations of `api`, grouped by `tags` (name and description, in the order
    /// people read them), with what the mount adds to them.
    pub fn describe<'a>(&self, mut api: OpenApi, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
        let mut all: Vec<_> = api.paths.paths.values_mut().flat_map(operations).collect();
        for operation in &mut all {
            self.complete(operation);
        }
        let codes = problems::codes(&all);
        let mut components = Components::new();
        components.parameters = params::share(&mut all);
        components.responses = problems::share(&mut all);
        components.schemas = self.schemas(api.components.take().unwrap_or_default());
        components.schemas.extend(problems::schemas(&all, codes));
        components.headers = headers::described();
        components.add_security_scheme(self.scheme, self.scheme_object.clone());

        let mut license = License::new("MIT");
        license.identifier = Some("MIT".into());
        api.info = Info::new(self.title, env!("CARGO_PKG_VERSION"));
        api.info.description = Some(self.about.clone());
        api.info.license = Some(license);
        api.servers = Some(vec![Server::new(&self.url)]);
        let tag = |(name, about)| TagBuilder::new().name(name).description(Some(about)).build();
        api.tags = Some(tags.into_iter().map(tag).collect());
        api.components = Some(components);
        // Every part of a document can be written as JSON.
        portable::portable(serde_json::to_value(api).unwrap_or_default())
    }

    /// Names the credential, and adds the responses that the mount may give before the handler runs.
    fn complete(&self, operation: &mut Operation) {
        let mut refused = self.anybody.clone();
        let mut scopes = scopes_of(operation, CALLER);
        if let Some(scopes) = &mut scopes {
            refused.extend(self.callers.iter().cloned());
            if !self.has_scopes {
                scopes.clear();
            } else if !scopes.is_empty() {
                refused.push(Problem::ScopeMissing(SCOPE.into()));
            }
        }
        let security = scopes.map(|scopes| SecurityRequirement::new(self.scheme, scopes));
        operation.security = Some(security.into_iter().collect());

        let is_replayed = params::has(operation, "Idempotency-Key");
        let responses = &mut operation.responses.responses;
        for (status, added) in described(&refused) {
            match (responses.get_mut(&status), added) {
                (Some(RefOr::T(own)), RefOr::T(added)) => join(own, added),
                (_, added) => drop(responses.insert(status, added)),
            }
        }
        // Requests are counted by token or, without one, by address, wherever a limit is among the refusals.
        let is_counted = self.has_scopes && responses.contains_key("429");
        for (status, response) in responses {
            let RefOr::T(response) = response else { continue };
            let counted = if is_counted && headers::tell_limit(status) { &headers::LIMIT[..] } else { &[] };
            let replayed = (is_replayed && status.starts_with('2')).then_some(headers::REPLAYED);
            for name in counted.iter().copied().chain(replayed).chain([headers::REQUEST_ID]) {
                response.headers.insert(name.into(), Header::default().into());
            }
            for (name, header) in &mut response.headers {
                *header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
            }
        }
    }

    /// Every schema by its name, but those of single problems. Responses always hold all of their members; request
    /// bodies say themselves which members are optional.
    fn schemas(&self, api: Components) -> BTreeMap<String, RefOr<Schema>> {
        let mut all = vec![(Details::name().into(), Details::schema())];
        Details::schemas(&mut all);
        let mut schemas: BTreeMap<String, _> = all.into_iter().chain(api.schemas).collect();
        for (name, schema) in &mut schemas {
            let RefOr::T(Schema::Object(object)) = schema else { continue };
            if name == problems::BASE {
                problems::complete(object);
            } else if object.additional_properties.is_none() {
                object.required = object.properties.keys().cloned().collect();
            }
            if name == "TokenText" {
                let prefix = &self.token_prefix;
                object.description =
                    Some("A token in plain text. The last six characters are a checksum of the rest.".into());
                object.pattern = Some(format!("^{prefix}_[0-9A-Za-z]{{38}}$"));
                object.examples = vec![format!("{prefix}_{}", "0".repeat(38)).into()];
            }
        }
        schemas
    }
}

/// Any call may have a query parameter that it does not know.
fn always() -> [Problem; 5] {
    let (busy, broken) = (Problem::Unavailable(String::new()), Problem::Internal(String::new()));
    let unknown = Problem::Validation(unknown_params("colour=red", &[]));
    [Problem::NotAcceptable, Problem::Misdirected("shop.example".into()), unknown, busy, broken]
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, patch, put, delete, .. } = item;
    [get, post, patch, put, delete].into_iter().flatten()
}

/// The scopes that `operation` needs from the credential `scheme`, or `None` if it needs no credential. Read from its
/// JSON, because utoipa does not expose them.
fn scopes_of(operation: &Operation, scheme: &str) -> Option<Vec<String>> {
    let mut requirement = serde_json::to_value(operation.security.as_ref()?.first()?).ok()?;
    serde_json::from_value(requirement.get_mut(scheme)?.take()).ok()
}

/// Adds the descriptions, examples and headers of `added` to the handler's `own` response with the same status.
fn join(own: &mut Response, added: Response) {
    if own.description != added.description {
        own.description = format!("{} {}", own.description, added.description);
    }
    for (name, header) in added.headers {
        own.headers.entry(name).or_insert(header);
    }
    for (media_type, content) in added.content {
        match (own.content.get_mut(&media_type), content) {
            (Some(RefOr::T(own)), RefOr::T(added)) => {
                for (code, example) in added.examples {
                    own.examples.entry(code).or_insert(example);
                }
            }
            (_, content) => drop(own.content.insert(media_type, content)),
        }
    }
}
