//! The query string.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Unvalidated,
    wrong::{ERRORS_MAX, Expected, missing, quoted, repeated, short, unknown},
};
use crate::http::problem::{FieldError, Problem};

/// The query string. All parameters that are wrong are refused at once; on the JSON mounts also those that the
/// operation does not have.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts).validate(|_| Vec::new()).map(Self)
    }
}

/// The query string, of which some parameters have rules of their own: [`Unvalidated::validate`] names everything that
/// is wrong at once.
#[derive(Debug)]
pub struct UnvalidatedQuery<T>(pub Unvalidated<T>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for UnvalidatedQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(read(parts)))
    }
}

/// The names of the query parameters of the operation, on a request to it. A page has none, and ignores those that it
/// does not know.
#[derive(Clone, Debug)]
pub struct KnownNames(pub Arc<[String]>);

/// The parameters in `query` that are none of `known`, each with its error.
pub fn unknown_params(query: &str, known: &[String]) -> Vec<FieldError> {
    let mut errors = Vec::<FieldError>::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        let field = short(&name);
        if errors.len() < ERRORS_MAX
            && !known.iter().any(|known| *known == name)
            && errors.iter().all(|error| error.field != field)
        {
            errors.push(unknown(field, "query parameter", known));
        }
    }
    errors
}

fn read<T: DeserializeOwned>(parts: &Parts) -> Unvalidated<T> {
    let query = parts.uri.query().unwrap_or_default();
    let known = parts.extensions.get::<KnownNames>();
    parse(query, known.map_or_else(Vec::new, |KnownNames(known)| unknown_params(query, known)))
}

/// Reads `query`, without the parameters that are wrong.
fn parse<T: DeserializeOwned>(query: &str, mut errors: Vec<FieldError>) -> Unvalidated<T> {
    let mut query = Cow::from(query);
    while errors.len() <= ERRORS_MAX {
        let given = url::form_urlencoded::parse(query.as_bytes());
        let error = match serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(given)) {
            Ok(value) => return Unvalidated { value: Some(value), errors },
            Err(error) => error,
        };
        let (path, message) = (error.path().to_string(), error.into_inner().to_string());
        let named = quoted(&message).into_iter().next().unwrap_or_default();
        if message.starts_with("missing field") {
            errors.push(missing(named));
            break;
        }
        let name = if message.starts_with("duplicate field") { named } else { path };
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let Some((_, value)) = pairs.iter().find(|(given, _)| *given == name) else { break };
        if message.starts_with("duplicate field") {
            errors.push(repeated(&name));
        } else {
            errors.push(Expected::of(&message).error(short(&name), &Value::from(value.as_ref())));
        }
        let rest = pairs.iter().filter(|(given, _)| *given != name);
        query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).finish().into();
    }
    if errors.is_empty() {
        errors.push(FieldError::new("query", "The query string is not valid."));
    }
    Unvalidated { value: None, errors }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Sort {
        Created,
        Updated,
    }

    #[derive(Debug, Deserialize)]
    struct Listed {
        limit: Option<i64>,
        few: Option<u8>,
        cursor: Option<Uuid>,
        sort: Option<Sort>,
        all: Option<bool>,
    }

    fn wrong(query: &str) -> Vec<(String, String, String)> {
        let Unvalidated { value, errors } = parse::<Listed>(query, Vec::new());
        if let Some(Listed { limit, few, cursor, sort, all }) = value {
            assert_eq!([limit.is_some(), few.is_some(), cursor.is_some(), sort.is_some(), all.is_some()], [false; 5]);
        }
        let words = |error: FieldError| (error.field, error.code.into_owned(), error.message);
        errors.into_iter().map(words).collect()
    }

    #[test]
    fn every_wrong_parameter_is_named_in_words_for_people() {
        let errors = wrong("limit=x&few=300&cursor=7&sort=size&all=perhaps");
        let codes: Vec<_> = errors.iter().map(|(field, code, _)| (field.as_str(), code.as_str())).collect();
        let expected = [
            ("limit", "invalid_type"),
            ("few", "out_of_range"),
            ("cursor", "invalid"),
            ("sort", "invalid_choice"),
            ("all", "invalid_type"),
        ];
        assert_eq!(codes, expected, "{errors:?}");
        assert_eq!(errors[3].2, "This must be one of these: created, updated.");
        assert!(errors.iter().all(|(.., message)| message.starts_with("This ")), "{errors:?}");
        assert_eq!(wrong("limit=")[0].2, "This must be a whole number.");
        assert_eq!(wrong("limit=99999999999999999999")[0].1, "out_of_range");
        assert_eq!(
            wrong("limit=x&limit=2"),
            [("limit".into(), "invalid".into(), "This is there more than once.".into())]
        );
        assert!(wrong("").is_empty());
    }

    #[test]
    fn unknown_parameters_are_named_once_each_and_no_more_than_a_few() {
        let known = ["limit".to_owned()];
        let named =
            |query: &str| unknown_params(query, &known).into_iter().map(|error| error.field).collect::<Vec<_>>();
        assert_eq!(named("limit=1&page=2&page=3&q=a"), ["page", "q"]);
        assert!(named("limit=1").is_empty());
        let many: String = (0..10_000).map(|number| format!("{number}=&")).collect();
        assert_eq!(named(&many).len(), ERRORS_MAX);
        assert!(named(&"x".repeat(10_000))[0].len() <= 100);
    }
}
