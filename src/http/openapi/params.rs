//! Headers that several operations read.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// `If-Match`: change it only if it still has this version.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch;

/// `If-None-Match`: answer with it only if it has another version.
#[derive(Clone, Copy, Debug)]
pub struct IfNoneMatch;

/// `Idempotency-Key`: answer a repeated request as the first.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "Idempotency-Key",
            "A name of your own for this request, such as a new UUID, in quotes or bare. Sent again within a day, nothing is made \
             twice.",
            Some(r#"^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$"#),
        )]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header(
            "If-Match",
            "The `ETag` you read: the change is refused with 412 if somebody else was faster. Left out, it is made in any case.",
            Some(r#"^(\*|"[0-9]{1,18}")$"#),
        )]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header("If-None-Match", "The `ETag` you have: 304 if it is still that one.", None)]
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
