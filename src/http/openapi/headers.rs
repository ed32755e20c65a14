//! The response headers that operations refer to by name.

use std::collections::BTreeMap;

use utoipa::openapi::{Header, HeaderBuilder, ObjectBuilder, RefOr, SchemaFormat, Type, schema::Object};

/// The header of every response.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// The header of a response that is sent again.
pub(super) const REPLAYED: &str = "Idempotent-Replayed";
/// The headers of a response to a request that was counted.
pub(super) const LIMIT: [&str; 2] = ["RateLimit", "RateLimit-Policy"];
/// Those that every response has that lists them. The others depend on the request.
pub(super) const ALWAYS: [&str; 3] = ["ETag", "Location", REQUEST_ID];

/// The scope in examples.
pub(crate) const SCOPE: &str = "account:read";

/// Every header by its name.
pub(crate) fn described() -> BTreeMap<String, RefOr<Header>> {
    let challenge = format!(r#"Bearer realm="vestibule", error="insufficient_scope", scope="{SCOPE}""#);
    let uri = SchemaFormat::Custom("uri-reference".into());
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).examples([2]);
    let all = [
        (
            "Accept-Patch",
            "The media types of the body of `PATCH` (RFC 5789 section 3.1).",
            text().examples(["application/merge-patch+json, application/json"]),
        ),
        ("ETag", "The version of the response, for `If-Match` and `If-None-Match`.", text().examples(["\"1\""])),
        (
            "RateLimit",
            "How many requests are left, and in how many seconds the whole limit is available again \
             (draft-ietf-httpapi-ratelimit-headers).",
            text().examples(["\"token\";r=599;t=60"]),
        ),
        (
            "RateLimit-Policy",
            "How many requests are allowed in how many seconds.",
            text().examples(["\"token\";q=600;w=60"]),
        ),
        (
            REPLAYED,
            "`true` if this is the answer to an earlier request with the same `Idempotency-Key`. Missing otherwise.",
            text().enum_values(Some(["true"])),
        ),
        (
            "DPoP-Nonce",
            "The nonce for the next proof (RFC 9449 section 8), in each answer to a request that has one.",
            text().examples(["Zm9yIGV4YW1wbGUgb25seSEh"]),
        ),
        ("Location", "The URL of the new resource.", text().format(Some(uri))),
        ("Retry-After", "In how many seconds to try again.", seconds),
        ("Set-Cookie", "The session cookie.", text()),
        (
            "Deprecation",
            "Since when the operation is deprecated (RFC 9745), in seconds since 1970.",
            text().examples(["@1803859200"]),
        ),
        ("Sunset", "When the operation may be removed (RFC 8594).", text().examples(["Wed, 01 Mar 2028 00:00:00 GMT"])),
        ("Link", "With `rel=\"deprecation\"`: a page that says what to use instead.", text()),
        (
            "WWW-Authenticate",
            "How to authenticate (RFC 6750 section 3, RFC 9449 section 7.1). Without `error` if no token was sent; \
             otherwise it says what is wrong with the token or the proof.",
            text().examples([challenge]),
        ),
        (
            REQUEST_ID,
            "The id of this request in the log of the server. To choose it, send one of up to 64 of `A-Za-z0-9-_.`.",
            text().pattern(Some("^[0-9A-Za-z_.-]{1,64}$")),
        ),
    ];
    all.into_iter().map(|(name, about, schema)| (name.to_owned(), header(about, schema.build()).into())).collect()
}

/// Whether a response with this `status` tells how much is left of the limit, if the request was counted. The others are
/// given before it is counted, or by a server that is in trouble.
pub(super) fn tell_limit(status: &str) -> bool {
    !status.starts_with('5') && !["406", "421"].contains(&status)
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn header(about: &str, schema: Object) -> Header {
    HeaderBuilder::new().description(Some(about)).schema(Some(schema)).build()
}
