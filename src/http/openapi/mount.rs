//! What a mount adds to the description of every operation behind it.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        AllOfBuilder, Components, Content, Header, Info, License, ObjectBuilder, OpenApi, PathItem, Ref, RefOr,
        Response, Schema, SecurityRequirement, Server, Type,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
        tag::TagBuilder,
    },
};

use super::{
    headers::{self, SCOPE},
    refusals::described,
};
use crate::{
    http::problem::{Details, MEDIA_TYPE, Problem},
    settings::Settings,
};

/// How handlers name the credential of the mount, in `security(("caller" = […]))`.
const CALLER: &str = "caller";

const ERRORS: &str = "Every error is `application/problem+json` (RFC 9457). Match on its `code`, which never changes; \
     `detail` says what to do about it, and `request_id` is the id of the request in the log of the server. An unknown \
     path is 404 `not_found`, and a method that is not listed is 405 `method_not_allowed`. Ignore members that you do \
     not know: later versions may add some.";

/// Examples by status, shared by all operations.
type Shared = BTreeMap<String, RefOr<Response>>;

/// A JSON mount as its document describes it.
#[derive(Clone)]
pub struct MountDocs {
    title: &'static str,
    about: String,
    mount: &'static str,
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
                 the site, or with `POST /login`. Every token has a name, scopes and an expiry date.\n\n\
                 {ERRORS}",
            ),
            mount: "/api/v1",
            scheme: "token",
            scheme_object: SecurityScheme::Http(scheme),
            has_scopes: true,
            token_prefix: prefix,
            anybody: always().into(),
            callers: vec![
                Problem::InvalidBody("Send a single Authorization header.".into()),
                Problem::TokenMissing,
                Problem::TokenInvalid,
                Problem::TokenExpired,
                Problem::TokenRevoked,
                Problem::OriginNotAllowed,
                Problem::RateLimited(30),
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
                 told by `Sec-Fetch-Site`, or by `Origin` where that is missing. `Authorization` is ignored. A \
                 signed-in user may do everything, so there are no scopes.\n\n\
                 {ERRORS}",
            ),
            mount: "/session/v1",
            scheme: "session",
            scheme_object: SecurityScheme::ApiKey(ApiKey::Cookie(cookie)),
            has_scopes: false,
            token_prefix: settings.tokens.prefix.clone(),
            anybody: [Problem::CrossOriginRequest].into_iter().chain(always()).collect(),
            callers: vec![Problem::NotSignedIn],
        }
    }

    /// The whole document of this mount: the operations of `api`, grouped by `tags` (name and description, in the order
    /// people read them), with what the mount adds to them.
    pub fn describe<'a>(&self, mut api: OpenApi, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> OpenApi {
        let mut responses = Shared::new();
        for operation in api.paths.paths.values_mut().flat_map(operations) {
            self.complete(operation);
            share_refusals(operation, &mut responses);
        }
        let mut components = Components::new();
        components.schemas = self.schemas(api.components.take().unwrap_or_default(), &responses);
        components.responses = responses;
        components.headers = headers::described();
        components.add_security_scheme(self.scheme, self.scheme_object.clone());

        let mut license = License::new("MIT");
        license.identifier = Some("MIT".into());
        api.info = Info::new(self.title, env!("CARGO_PKG_VERSION"));
        api.info.description = Some(self.about.clone());
        api.info.license = Some(license);
        api.servers = Some(vec![Server::new(self.mount)]);
        let tag = |(name, about)| TagBuilder::new().name(name).description(Some(about)).build();
        api.tags = Some(tags.into_iter().map(tag).collect());
        api.components = Some(components);
        api
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
        let is_counted = self.has_scopes && scopes.is_some();
        let security = scopes.map(|scopes| SecurityRequirement::new(self.scheme, scopes));
        operation.security = Some(security.into_iter().collect());

        let responses = &mut operation.responses.responses;
        for (status, added) in described(&refused) {
            match (responses.get_mut(&status), added) {
                (Some(RefOr::T(own)), RefOr::T(added)) => join(own, added),
                (_, added) => drop(responses.insert(status, added)),
            }
        }
        for (status, response) in responses {
            let RefOr::T(response) = response else { continue };
            let counted =
                ["RateLimit", "RateLimit-Policy"].into_iter().filter(|_| is_counted && status.starts_with('2'));
            for name in counted.chain(["x-request-id"]) {
                response.headers.insert(name.into(), Header::default().into());
            }
            for (name, header) in &mut response.headers {
                *header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
            }
        }
    }

    /// Every schema by its name. Responses always hold all of their members; request bodies say themselves which
    /// members are optional.
    fn schemas(&self, api: Components, responses: &Shared) -> BTreeMap<String, RefOr<Schema>> {
        let mut all = vec![(Details::name().into(), Details::schema())];
        Details::schemas(&mut all);
        let mut schemas: BTreeMap<String, _> = all.into_iter().chain(api.schemas).collect();
        for (name, schema) in &mut schemas {
            let RefOr::T(Schema::Object(object)) = schema else { continue };
            if name == "Problem" {
                object.properties.insert("code".into(), Ref::from_schema_name("ProblemCode").into());
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
        // Unknown paths and methods are no operations, so nothing else lists their codes.
        let unrouted = [Problem::NotFound, Problem::MethodNotAllowed].map(|problem| problem.code().to_owned());
        let codes: BTreeSet<_> = responses.values().flat_map(codes).chain(unrouted).collect();
        let code = text(codes).description(Some("The stable name of a kind of problem."));
        schemas.insert("ProblemCode".into(), code.into());
        schemas
    }
}

fn always() -> [Problem; 4] {
    let (busy, broken) = (Problem::Unavailable(String::new()), Problem::Internal(String::new()));
    [Problem::NotAcceptable, Problem::Misdirected, busy, broken]
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

/// The content of `response` that describes problems.
fn problems(response: &mut RefOr<Response>) -> Option<&mut Content> {
    let RefOr::T(response) = response else { return None };
    match response.content.get_mut(MEDIA_TYPE)? {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    }
}

fn codes(response: &RefOr<Response>) -> Vec<String> {
    let RefOr::T(response) = response else { return Vec::new() };
    let Some(RefOr::T(content)) = response.content.get(MEDIA_TYPE) else { return Vec::new() };
    content.examples.keys().cloned().collect()
}

/// Moves refusals to the components, where several operations can refer to them.
fn share_refusals(operation: &mut Operation, shared: &mut Shared) {
    for (status, response) in &mut operation.responses.responses {
        let codes = codes(response);
        let (Some(content), Ok(number)) = (problems(response), status.parse::<u16>()) else { continue };
        let bounds = ObjectBuilder::new()
            .property("status", ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([number])))
            .property("code", text(codes.clone()))
            .required("status")
            .required("code");
        let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(bounds);
        content.schema = Some(Schema::from(schema).into());
        let name = name(number, &codes, shared);
        let response = std::mem::replace(response, Ref::from_response_name(&name).into());
        shared.entry(name).or_insert(response);
    }
}

fn text(values: impl IntoIterator<Item = impl Into<Value>>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values))
}

/// A response with one code has the name of that code. One with several has the name of its status, unless another with
/// that status has it already.
fn name(status: u16, these: &[String], shared: &Shared) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let joined = these.iter().map(|code| pascal(code)).collect::<Vec<_>>().join("Or");
    let by_status = pascal(&reason.to_lowercase().replace(' ', "_"));
    let is_free = shared.get(&by_status).is_none_or(|other| codes(other) == these);
    if these.len() > 1 && is_free { by_status } else { joined }
}

/// `scope_missing` becomes `ScopeMissing`.
fn pascal(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}
