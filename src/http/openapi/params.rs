//! Headers that several operations read.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// `If-Match`: change the resource only if it still has this version.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch;

/// `If-None-Match`: send the resource only if it has another version.
#[derive(Clone, Copy, Debug)]
pub struct IfNoneMatch;

/// `Idempotency-Key`: give a repeated request the response of the first.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "Idempotency-Key",
            "A key that you choose for this request, such as a new UUID, with or without quotes. A request that is \
             repeated with the same key within a day creates nothing twice.",
            Some(r#"^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$"#),
        )]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "If-Match",
            "The version you read, in quotes: the `ETag`, or the `version` of the resource as `\"1\"`. If the resource \
             has changed since, the request fails with 412. Without it, the request overwrites changes.",
            Some(r#"^(\*|(W/)?"[0-9]{1,18}")$"#),
        )]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "If-None-Match",
            "The `ETag` you have, with its quotes. If it is still the current one, the response is 304.",
            Some(r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#),
        )]
    }
}

fn header(name: &str, description: &str, pattern: Option<&str>) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
