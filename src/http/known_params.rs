//! The query parameters of the JSON mounts. A parameter that an operation does not have is refused by its name, so that
//! a mistyped one is not ignored. Which ones there are is what the OpenAPI document says.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn},
};

use crate::http::{
    extract::{KnownNames, unknown_params},
    problem::Problem,
};

/// The names of the query parameters of each operation, by its path.
#[derive(Clone, Debug)]
pub struct KnownParams(Arc<HashMap<String, Vec<(Method, KnownNames)>>>);

impl KnownParams {
    /// Those of the operations that `api` describes, which is mounted at `mount`.
    pub fn of(mount: &str, api: &OpenApi) -> Self {
        let operations = api.paths.paths.iter().map(|(path, item)| {
            let methods = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PATCH, &item.patch),
                (Method::PUT, &item.put),
                (Method::DELETE, &item.delete),
            ];
            let known =
                methods.into_iter().filter_map(|(method, operation)| Some((method, names(operation.as_ref()?))));
            (format!("{mount}{path}"), known.collect())
        });
        Self(Arc::new(operations.collect()))
    }

    fn find(&self, request: &Request) -> Option<&KnownNames> {
        let path = request.extensions().get::<MatchedPath>()?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let (_, names) = self.0.get(path.as_str())?.iter().find(|(known, _)| known == method)?;
        Some(names)
    }
}

fn names(operation: &Operation) -> KnownNames {
    let given = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => Some(parameter.name.clone()),
        _ => None,
    });
    KnownNames(given.collect())
}

/// Refuses parameters that the operation does not have. Where it has some, its extractor does so, together with what is
/// wrong with those.
pub async fn layer(State(known): State<KnownParams>, mut request: Request, next: Next) -> Response {
    let Some(query) = request.uri().query() else { return next.run(request).await };
    let Some(names) = known.find(&request).cloned() else { return next.run(request).await };
    if names.0.is_empty() {
        let unknown = unknown_params(query, &names.0);
        if !unknown.is_empty() {
            return Problem::Validation(unknown).into_response();
        }
    }
    request.extensions_mut().insert(names);
    next.run(request).await
}
