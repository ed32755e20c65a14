//! How the document describes problems: a named schema for each status, and a list of codes that may grow.
//!
//! Generators name a type after its schema, and many of them make a type that fails at a value it does not know. So no
//! schema is written inside of a response, a status is an enumeration of one (several generators ignore `const`), and a
//! code is any text.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use utoipa::openapi::{
    AllOfBuilder, Content, ObjectBuilder, Ref, RefOr, Response, Schema, Type, extensions::Extensions, path::Operation,
    schema::Object,
};

use super::portable::OPEN_VALUES;
use crate::http::problem::{MEDIA_TYPE, Problem};

/// The schema that every problem has.
pub(super) const BASE: &str = "Problem";

/// The schema of codes.
const CODE: &str = "ProblemCode";

/// Responses by their names.
pub(super) type Shared = BTreeMap<String, RefOr<Response>>;

/// The members of a problem as clients need to know them.
pub(super) fn complete(problem: &mut Object) {
    problem.description = Some(
        "An error (RFC 9457), with the members `code`, `request_id`, `errors`, `limit`, `pending`, `next` and `see`."
            .into(),
    );
    problem.properties.insert("code".into(), Ref::from_schema_name(CODE).into());
    if let Some(RefOr::T(Schema::Object(status))) = problem.properties.get_mut("status") {
        (status.minimum, status.maximum) = (Some(400.into()), Some(599.into()));
    }
}

/// Every code that `operations` answer with, and those of unknown paths and methods, which no operation lists.
pub(super) fn codes(operations: &[&mut Operation]) -> BTreeSet<String> {
    let unrouted = [Problem::RouteNotFound(None), Problem::MethodNotAllowed].map(|problem| problem.code().to_owned());
    let listed = operations.iter().flat_map(|operation| operation.responses.responses.values()).flat_map(codes_of);
    listed.chain(unrouted).collect()
}

/// The schema of the code, and that of the problems of each status that a response has.
pub(super) fn schemas(operations: &[&mut Operation], codes: BTreeSet<String>) -> Vec<(String, RefOr<Schema>)> {
    let known = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The stable name of a kind of problem. Later versions may add others."))
        .examples(codes.iter().next().cloned())
        .extensions(Some(Extensions::from_iter([(OPEN_VALUES, codes.into_iter().collect::<Vec<_>>())])));
    let statuses = operations.iter().flat_map(|operation| operation.responses.responses.keys());
    let statuses: BTreeSet<u16> =
        statuses.filter_map(|status| status.parse().ok()).filter(|status| *status >= 400).collect();
    let each = statuses.into_iter().map(|status| (schema_name(status), of_status(status).into()));
    [(CODE.to_owned(), known.into())].into_iter().chain(each).collect()
}

fn of_status(status: u16) -> Schema {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("The HTTP status."))
        .enum_values(Some([status]));
    let own = ObjectBuilder::new().property("status", number).required("status");
    AllOfBuilder::new()
        .description(Some(format!("A problem with status {status}, {}.", reason(status))))
        .item(Ref::from_schema_name(BASE))
        .item(own)
        .into()
}

/// Gives every refusal its schema and its description, and moves those that several operations have to the components.
/// One with a single code has the name of that code there, any other the name of its status; if two would have the same
/// name, the more frequent one has it, and the other stays where it is.
pub(super) fn share(operations: &mut [&mut Operation]) -> Shared {
    let mut frequency = BTreeMap::<String, (String, usize)>::new();
    for (status, response) in refusals(operations) {
        describe(status, response);
        let (_, times) = frequency.entry(written(response)).or_insert_with(|| (name(status, &codes_of(response)), 0));
        *times += 1;
    }
    let mut names = BTreeMap::<String, (String, usize)>::new();
    for (response, (name, times)) in frequency.into_iter().filter(|(_, (_, times))| *times > 1) {
        match names.get(&name) {
            Some((_, most)) if *most >= times => {}
            _ => drop(names.insert(name, (response, times))),
        }
    }
    let names: BTreeMap<_, _> = names.into_iter().map(|(name, (response, _))| (response, name)).collect();
    let mut shared = Shared::new();
    for (_, response) in refusals(operations) {
        if let Some(name) = names.get(&written(response)) {
            let own = std::mem::replace(response, Ref::from_response_name(name).into());
            shared.entry(name.clone()).or_insert(own);
        }
    }
    shared
}

/// Every response that is a problem.
fn refusals<'a>(operations: &'a mut [&mut Operation]) -> impl Iterator<Item = (u16, &'a mut RefOr<Response>)> {
    let all = operations.iter_mut().flat_map(|operation| operation.responses.responses.iter_mut());
    all.filter_map(|(status, response)| {
        let status = status.parse().ok()?;
        problems(response)?;
        Some((status, response))
    })
}

/// The codes stand in the description because nothing else of a response is in the comments of generated code.
fn describe(status: u16, response: &mut RefOr<Response>) {
    let mut about = Vec::new();
    if let Some(content) = problems(response) {
        content.schema = Some(Ref::from_schema_name(schema_name(status)).into());
        for (code, example) in &content.examples {
            let title = match example {
                RefOr::T(example) => example.summary.as_str(),
                RefOr::Ref(_) => "",
            };
            about.push(format!("`{code}`: {title}."));
        }
    }
    if let RefOr::T(response) = response {
        response.description = about.join(" ");
    }
}

fn written(response: &RefOr<Response>) -> String {
    serde_json::to_string(response).unwrap_or_default()
}

/// The content of `response` that describes problems.
fn problems(response: &mut RefOr<Response>) -> Option<&mut Content> {
    let RefOr::T(response) = response else { return None };
    match response.content.get_mut(MEDIA_TYPE)? {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    }
}

fn codes_of(response: &RefOr<Response>) -> Vec<String> {
    let RefOr::T(response) = response else { return Vec::new() };
    let Some(RefOr::T(content)) = response.content.get(MEDIA_TYPE) else { return Vec::new() };
    content.examples.keys().cloned().collect()
}

fn name(status: u16, codes: &[String]) -> String {
    match codes {
        [only] => pascal(only),
        _ => by_status(status),
    }
}

fn schema_name(status: u16) -> String {
    by_status(status) + BASE
}

/// 412 becomes `PreconditionFailed`.
fn by_status(status: u16) -> String {
    pascal(&reason(status).to_lowercase().replace(' ', "_"))
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// `scope_missing` becomes `ScopeMissing`.
pub(super) fn pascal(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}
