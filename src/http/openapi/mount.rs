//! What a door adds to the description of everything behind it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{OpenApi, RefOr, Schema},
};

use super::refusals::described;
use crate::{
    http::problem::{Details, MEDIA_TYPE, Problem},
    settings::Settings,
};

/// How handlers call whoever the door lets in, in `security(("caller" = […]))`.
const CALLER: &str = "caller";

/// Methods of a path item (OpenAPI 3.1, "Path Item Object").
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A door as the document describes it.
#[derive(Clone, Debug)]
pub struct MountDocs {
    title: &'static str,
    about: String,
    mount: &'static str,
    scheme: &'static str,
    scheme_object: Value,
    has_scopes: bool,
    token_prefix: String,
    /// What it may refuse anybody.
    anybody: Vec<Problem>,
    /// What it may refuse where it asks who is calling.
    callers: Vec<Problem>,
}

impl MountDocs {
    /// The token door.
    pub fn token(settings: &Settings) -> Self {
        let prefix = settings.tokens.prefix.clone();
        Self {
            title: "Vestibule: the token door",
            about: format!(
                "For everybody but the site's own pages: single-page apps on other origins, scripts, phones, servers.\n\n\
                 Send `Authorization: Bearer {prefix}_…`. Cookies are not read here. A token is made on the site's tokens \
                 page, or by `POST /login`; it is named, has scopes, and expires.\n\n\
                 {ERRORS}",
            ),
            mount: "/api/v1",
            scheme: "token",
            scheme_object: json!({
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": format!("{prefix}_[0-9A-Za-z]{{38}}"),
                "description": "An access token (RFC 6750 section 2.1), with the scopes an operation lists.",
            }),
            has_scopes: true,
            token_prefix: prefix,
            anybody: vec![Problem::NotAcceptable, Problem::Misdirected, busy(), broken()],
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

    /// The session door.
    pub fn session(settings: &Settings) -> Self {
        let https = settings.server.public_url.scheme() == "https";
        Self {
            title: "Vestibule: the session door",
            about: format!(
                "For pages on the site's own origin, such as a single-page app behind the same proxy.\n\n\
                 The browser sends the session cookie by itself, so every call has to come from this origin: it is told by \
                 `Sec-Fetch-Site`, or else by `Origin`. `Authorization` is not read here. A signed-in person may do \
                 everything, so there are no scopes.\n\n\
                 {ERRORS}",
            ),
            mount: "/session/v1",
            scheme: "session",
            scheme_object: json!({
                "type": "apiKey",
                "in": "cookie",
                "name": if https { "__Host-Http-session" } else { "session" },
                "description": "The cookie that `POST /login` sets.",
            }),
            has_scopes: false,
            token_prefix: settings.tokens.prefix.clone(),
            anybody: vec![Problem::CrossOriginRequest, Problem::NotAcceptable, Problem::Misdirected, busy(), broken()],
            callers: vec![Problem::NotSignedIn],
        }
    }

    /// The whole document for what stands behind this door: `api` with the door's own part.
    pub fn describe(&self, api: OpenApi, tags: &[(&str, &str)]) -> Value {
        let mut paths = json(&api.paths);
        let mut responses = Map::new();
        for operation in operations(&mut paths) {
            self.complete(operation);
            share_refusals(operation, &mut responses);
        }
        let mut schemas = schemas(api);
        if let Some(schema) = schemas.get_mut("TokenText") {
            self.complete_token_text(schema);
        }
        let codes: BTreeSet<_> = responses.values().flat_map(codes).chain(elsewhere()).collect();
        schemas.insert("ProblemCode".into(), json!({"type": "string", "enum": codes, "description": CODES}));
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "version": env!("CARGO_PKG_VERSION"),
                "description": self.about,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": self.mount}],
            "tags": tags.iter().map(|(name, description)| json!({"name": name, "description": description})).collect::<Vec<_>>(),
            "paths": paths,
            "components": {
                "securitySchemes": {self.scheme: self.scheme_object},
                "headers": headers(),
                "responses": responses,
                "schemas": schemas,
            },
        })
    }

    /// Names the credential, and adds what the door may answer in the handler's stead.
    fn complete(&self, operation: &mut Value) {
        let scopes = operation.pointer(&format!("/security/0/{CALLER}")).and_then(Value::as_array).cloned();
        let mut refused = self.anybody.clone();
        if let Some(scopes) = scopes {
            refused.extend(self.callers.iter().cloned());
            let needed = scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned));
            if self.has_scopes {
                refused.extend(needed.map(Problem::ScopeMissing));
            }
            let scopes = if self.has_scopes { scopes } else { Vec::new() };
            operation["security"] = json!([{self.scheme: scopes}]);
        } else {
            operation["security"] = json!([]);
        }
        for (status, added) in described(&refused) {
            let added = json(&added);
            match operation["responses"].get_mut(&status) {
                Some(own) => join(own, &added),
                None => operation["responses"][status] = added,
            }
        }
        let counted = self.has_scopes && operation["security"] != json!([]);
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            if counted && status.starts_with('2') {
                response["headers"]["RateLimit"] = json!({});
                response["headers"]["RateLimit-Policy"] = json!({});
            }
            name_headers(response);
        }
    }

    fn complete_token_text(&self, schema: &mut Value) {
        schema["description"] = json!("A token in the clear. The last six characters are a checksum of the rest.");
        schema["pattern"] = json!(format!("^{}_[0-9A-Za-z]{{38}}$", self.token_prefix));
        schema["examples"] = json!([format!("{}_{}", self.token_prefix, "0".repeat(38))]);
    }
}

const ERRORS: &str = "Every error is `application/problem+json` (RFC 9457). Match on its `code`, which never changes; `detail` says what to \
     do about it, and `request_id` is what the server's log calls the request. An unknown path is 404 `not_found`, another \
     method than those listed 405 `method_not_allowed`. Members that an answer may gain later are no reason to fail.";

const CODES: &str = "The stable name of a kind of problem.";

/// Codes of what is no operation.
fn elsewhere() -> impl Iterator<Item = String> {
    [Problem::NotFound, Problem::MethodNotAllowed].into_iter().map(|problem| problem.code().into())
}

fn busy() -> Problem {
    Problem::Unavailable(String::new())
}

fn broken() -> Problem {
    Problem::Internal(String::new())
}

/// What can be written as JSON, and these types can, is.
fn json(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

fn members(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    object.as_object_mut().into_iter().flat_map(Map::values_mut)
}

fn operations(paths: &mut Value) -> impl Iterator<Item = &mut Value> {
    let items = members(paths).filter_map(Value::as_object_mut).flatten();
    items.filter(|(method, _)| METHODS.contains(&method.as_str())).map(|(_, operation)| operation)
}

/// The handler's and the door's refusals with one status: both descriptions, examples and headers.
fn join(own: &mut Value, added: &Value) {
    let both = [&*own, added].map(|response| response["description"].as_str().unwrap_or_default());
    if both[0] != both[1] {
        own["description"] = json!(format!("{} {}", both[0], both[1]));
    }
    for path in [vec!["headers"], vec!["content", MEDIA_TYPE, "examples"]] {
        let (mut into, mut from) = (&mut *own, added);
        for name in &path {
            (into, from) = (&mut into[*name], &from[*name]);
        }
        for (name, value) in from.as_object().into_iter().flatten() {
            if into.get(name).is_none() {
                into[name] = value.clone();
            }
        }
    }
}

/// Headers are described once, by their names.
fn name_headers(response: &mut Value) {
    response["headers"]["x-request-id"] = json!({});
    let named = response["headers"].as_object_mut().into_iter().flatten();
    for (name, header) in named {
        *header = json!({"$ref": format!("#/components/headers/{name}")});
    }
}

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let text = |example: &str| json!({"type": "string", "examples": [example]});
    json!({
        "ETag": header("The version of what is answered with, for `If-Match` and `If-None-Match`.", text("\"1\"")),
        "RateLimit": header(
            "How much of the limit is left, and in how many seconds all of it is free again \
             (draft-ietf-httpapi-ratelimit-headers).",
            text("\"token\";r=599;t=60"),
        ),
        "RateLimit-Policy": header("How many requests in how many seconds.", text("\"token\";q=600;w=60")),
        "Location": header("Where the new one is.", json!({"type": "string", "format": "uri-reference"})),
        "Retry-After": header("In how many seconds to try again.", json!({"type": "integer", "minimum": 1, "examples": [2]})),
        "Set-Cookie": header("The session cookie.", json!({"type": "string"})),
        "Clear-Site-Data": header("What the browser should forget.", json!({"type": "string"})),
        "WWW-Authenticate": header(
            "How to come in (RFC 6750 section 3): no `error` where no token was sent, otherwise what is wrong with it.",
            text("Bearer realm=\"vestibule\", error=\"insufficient_scope\", scope=\"notes:write\""),
        ),
        "x-request-id": header(
            "What the server's log calls this request. Send one of your own, up to 64 of `A-Za-z0-9-_.`, to choose it.",
            json!({"type": "string", "pattern": "^[0-9A-Za-z_.-]{1,64}$"}),
        ),
    })
}

fn codes(response: &Value) -> Vec<String> {
    let examples = &response["content"][MEDIA_TYPE]["examples"];
    examples.as_object().into_iter().flatten().map(|(code, _)| code.clone()).collect()
}

/// Moves refusals to where several operations can point at them.
fn share_refusals(operation: &mut Value, shared: &mut Map<String, Value>) {
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let codes = codes(response);
        let Some(status) = status.parse().ok().filter(|_| !codes.is_empty()) else { continue };
        response["content"][MEDIA_TYPE]["schema"] = json!({"allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {
                "type": "object",
                "required": ["status", "code"],
                "properties": {"status": {"const": status}, "code": {"enum": codes}},
            },
        ]});
        let name = name(status, &codes, shared);
        let response = std::mem::replace(response, json!({"$ref": format!("#/components/responses/{name}")}));
        shared.entry(name).or_insert(response);
    }
}

/// A single code names its answer; several are named by their status, unless others with that status are already.
fn name(status: u16, these: &[String], shared: &Map<String, Value>) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let joined = these.iter().map(|code| pascal(code)).collect::<Vec<_>>().join("Or");
    let by_status = pascal(&reason.to_lowercase().replace(' ', "_"));
    let free = |name: &String| shared.get(name).is_none_or(|other| codes(other) == these);
    if these.len() > 1 && free(&by_status) { by_status } else { joined }
}

/// `scope_missing` makes `ScopeMissing`.
fn pascal(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

/// Every schema by its name. What we answer with always holds all its members; what we take says for itself which may be
/// left out.
fn schemas(api: OpenApi) -> Map<String, Value> {
    let mut all: Vec<(String, RefOr<Schema>)> = vec![(Details::name().into(), Details::schema())];
    Details::schemas(&mut all);
    all.extend(api.components.into_iter().flat_map(|components| components.schemas));
    for (_, schema) in &mut all {
        if let RefOr::T(Schema::Object(object)) = schema
            && object.additional_properties.is_none()
        {
            object.required = object.properties.keys().cloned().collect();
        }
    }
    let mut schemas: Map<_, _> = all.into_iter().map(|(name, schema)| (name, json(&schema))).collect();
    let problem = &mut schemas["Problem"];
    problem["properties"]["code"] = json!({"$ref": "#/components/schemas/ProblemCode"});
    problem["properties"]["errors"]["description"] =
        json!("What is wrong with which field; with `validation_failed` only.");
    if let Some(required) = problem["required"].as_array_mut() {
        required.retain(|name| name != "errors");
    }
    schemas
}
