//! Parameters that several operations read.

use std::collections::BTreeMap;

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Ref, RefOr, Required, Schema, Type,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::problems::pascal;

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
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).pattern(pattern).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// Whether `operation` reads the header `name`.
pub(super) fn has(operation: &Operation, name: &str) -> bool {
    given(operation).any(|parameter| parameter.name == name && parameter.parameter_in == ParameterIn::Header)
}

/// Moves to the components, by their names there, every header that is described in the same way wherever it is read,
/// and so every parameter of the query that several operations have.
pub(super) fn share(operations: &mut [&mut Operation]) -> BTreeMap<String, RefOr<Parameter>> {
    for parameter in operations.iter_mut().flat_map(|operation| operation.parameters.iter_mut().flatten()) {
        describe(parameter);
    }
    let mut shared = BTreeMap::<String, (Parameter, usize, bool)>::new();
    for parameter in
        operations.iter().flat_map(|operation| given(operation)).filter(|parameter| can_be_shared(parameter))
    {
        let (first, times, are_same) =
            shared.entry(component(parameter)).or_insert_with(|| (parameter.clone(), 0, true));
        *times += 1;
        *are_same &= first == parameter;
    }
    shared.retain(|_, (first, times, are_same)| *are_same && (*times > 1 || first.parameter_in == ParameterIn::Header));
    for parameter in operations.iter_mut().flat_map(|operation| operation.parameters.iter_mut().flatten()) {
        let RefOr::T(own) = parameter else { continue };
        let name = component(own);
        if can_be_shared(own) && shared.contains_key(&name) {
            *parameter = RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
        }
    }
    shared.into_iter().map(|(name, (parameter, ..))| (name, parameter.into())).collect()
}

/// `schema_with` leaves a parameter without its description, so it is read from the schema.
fn describe(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(Parameter { description: about @ None, schema: Some(RefOr::T(Schema::Object(schema))), .. }) =
        parameter
    {
        *about = schema.description.take();
    }
}

fn given(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

/// The ids in paths are of different things under one name.
fn can_be_shared(parameter: &Parameter) -> bool {
    matches!(parameter.parameter_in, ParameterIn::Header | ParameterIn::Query)
}

/// `If-Match` becomes `IfMatch`.
fn component(parameter: &Parameter) -> String {
    pascal(&parameter.name.replace('-', "_"))
}
