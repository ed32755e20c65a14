//! JSON bodies. Everything that is wrong with one is named at once, in our own words.

use std::fmt;

use axum::extract::{FromRequest, Request};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, error::Category};
use serde_path_to_error::{Path, Segment};

use super::{
    Unvalidated, check_depth, essence, read,
    wrong::{ERRORS_MAX, Expected, missing, quoted, repeated, short, unknown},
};
use crate::http::problem::{FieldError, Problem};

/// The field of an error about the whole body. No member has this name.
const WHOLE: &str = "$";

/// A JSON object of `Content-Type: application/json`, up to the limit of the route. All members of a wrong type, all
/// that are missing and all that are unknown are refused at once.
///
/// If some members have rules of their own, take [`Unvalidated`], which names also what these refuse.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Unvalidated::from_request(request, state).await?.validate(|_| Vec::new()).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Unvalidated<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if essence(request.headers()) != "application/json" {
            return Err(Problem::UnsupportedMediaType);
        }
        let bytes = read(request, state).await?;
        check_depth(&bytes)?;
        parse(&bytes)
    }
}

/// serde would read a struct from an array too, by the order of its members, and finds that a value is no name of a
/// choice before it knows whether the rest is JSON.
fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<Unvalidated<T>, Problem> {
    match serde_json::from_slice(json) {
        Ok(value) if json.trim_ascii_start().starts_with(b"{") => {
            Ok(Unvalidated { value: Some(value), errors: Vec::new() })
        }
        _ => explained(json),
    }
}

/// What the answer says about text that is no JSON.
pub(crate) fn not_json(error: &serde_json::Error) -> Problem {
    if error.classify() == Category::Eof {
        return Problem::InvalidBody("The body is not valid JSON: it ends too early.".into());
    }
    not_json_at(error.line(), error.column())
}

/// The same, for a mistake at this line and column.
pub(crate) fn not_json_at(line: usize, column: usize) -> Problem {
    Problem::InvalidBody(format!("The body is not valid JSON: look at line {line}, column {column}."))
}

/// Reads `json` again, which does not fit, and finds out all that is wrong. Each time, what is wrong is replaced by a
/// placeholder of the right type, so that reading comes to the next mistake.
fn explained<T: DeserializeOwned>(json: &[u8]) -> Result<Unvalidated<T>, Problem> {
    let mut body: Value = serde_json::from_slice(json).map_err(|error| not_json(&error))?;
    if !body.is_object() {
        return Err(Expected::Object.error(WHOLE.into(), &body).into());
    }
    let mut errors: Vec<_> = match serde_json::from_slice(json) {
        Ok(Repeated(names)) => names.iter().map(|name| repeated(name)).collect(),
        Err(_) => Vec::new(),
    };
    let (mut value, mut replaced) = (None, Vec::new());
    while errors.len() <= ERRORS_MAX {
        match serde_path_to_error::deserialize(&body) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(error) => {
                let message = error.inner().to_string();
                if replace(&mut body, error.path(), &message, &mut replaced, &mut errors).is_none() {
                    break;
                }
            }
        }
    }
    if errors.is_empty() {
        errors.push(FieldError::new(WHOLE, "The body is not valid."));
    }
    Ok(Unvalidated { value, errors })
}

/// Records what `message` says about the value at `path`, and puts a placeholder there. `None` if there is nothing more
/// to find out.
fn replace(
    body: &mut Value,
    path: &Path,
    message: &str,
    replaced: &mut Vec<String>,
    errors: &mut Vec<FieldError>,
) -> Option<()> {
    let segments: Vec<_> = path.iter().collect();
    if message.starts_with("missing field") {
        let name = quoted(message).into_iter().next()?;
        let field = if segments.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if !is_inside(&field, replaced) {
            errors.push(missing(field.clone()));
        }
        // What type it should have is told by the next attempt.
        find(body, &segments)?.as_object_mut()?.insert(name, Value::Null);
        replaced.push(field);
        return Some(());
    }
    if let Some(said) = message.strip_prefix("unknown field `") {
        // The path may end with the name of the member, or before it.
        let (container, name) = [segments.len(), segments.len().saturating_sub(1)].into_iter().find_map(|length| {
            let container = find(body, &segments[..length])?.as_object()?;
            let names =
                container.keys().filter(|name| said.strip_prefix(*name).is_some_and(|rest| rest.starts_with('`')));
            Some((length, names.max_by_key(|name| name.len())?.clone()))
        })?;
        find(body, &segments[..container])?.as_object_mut()?.remove(&name);
        let above =
            segments[..container].iter().fold(String::new(), |above, segment| above + &segment.to_string() + ".");
        let known = message.rsplit_once(", expected ").map(|(_, known)| quoted(known)).unwrap_or_default();
        errors.push(unknown(above + &short(&name), "member", &known));
        return Some(());
    }
    let field = if segments.is_empty() { WHOLE.to_owned() } else { path.to_string() };
    let (expected, place) = (Expected::of(message), find(body, &segments)?);
    match replaced.iter().filter(|done| **done == field).count() {
        0 if is_inside(&field, replaced) => {}
        0 => errors.push(expected.error(short(&field), place)),
        // It was missing, or was replaced by a value of another type.
        1 => {}
        _ => return None,
    }
    if segments.is_empty() {
        return None;
    }
    *place = expected.placeholder();
    replaced.push(field);
    Some(())
}

/// Whether `field` is inside of a placeholder, about which there is nothing to say.
fn is_inside(field: &str, replaced: &[String]) -> bool {
    replaced.iter().any(|outer| field.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with(['.', '['])))
}

/// The value at `path`.
fn find<'a>(body: &'a mut Value, path: &[&Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(body, |value, segment| match segment {
        Segment::Map { key } => value.get_mut(key.as_str()),
        Segment::Seq { index } => value.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

/// The names that an object has more than once; of two values, serde takes none and `Value` the last.
struct Repeated(Vec<String>);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Repeated;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Repeated, A::Error> {
                let (mut seen, mut repeated) = (std::collections::HashSet::new(), Vec::new());
                while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                    if seen.contains(&name) && repeated.len() < ERRORS_MAX && !repeated.contains(&name) {
                        repeated.push(name.clone());
                    }
                    seen.insert(name);
                }
                Ok(Repeated(repeated))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::timestamp::Timestamp;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Green,
    }

    #[expect(dead_code, reason = "only its type matters")]
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        x: f64,
    }

    #[expect(dead_code, reason = "only its types matter")]
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        title: String,
        days: Option<u32>,
        #[serde(default)]
        renew: bool,
        at: Option<Timestamp>,
        #[serde(default)]
        ids: Vec<Uuid>,
        colour: Option<Colour>,
        point: Option<Point>,
    }

    /// The field and the code of each error.
    fn wrong(json: &str) -> Vec<(String, String)> {
        let Err(Problem::Validation(errors)) = parse::<New>(json.as_bytes()).and_then(|new| new.validate(|_| vec![]))
        else {
            return Vec::new();
        };
        for FieldError { field, message, .. } in &errors {
            assert!(message.starts_with("This ") || message.starts_with("There is no "), "{message}");
            assert!(!message.contains('`') && field.len() <= 200, "{field}: {message}");
        }
        errors.into_iter().map(|error| (error.field, error.code.into_owned())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let all = json!({"title": 7, "days": -1, "renew": "yes", "at": "tomorrow", "ids": ["a", 7, Uuid::nil()],
            "colour": "blue", "point": {"x": "a", "y": 1}, "color": 1});
        let mut found = wrong(&all.to_string());
        found.sort();
        let expected = [
            ("title", "invalid_type"),
            ("days", "out_of_range"),
            ("renew", "invalid_type"),
            ("at", "invalid"),
            ("ids[0]", "invalid"),
            ("ids[1]", "invalid_type"),
            ("colour", "invalid_choice"),
            ("point.x", "invalid_type"),
            ("point.y", "unknown"),
            ("color", "unknown"),
        ];
        assert_eq!(found, pairs(&expected));
    }

    #[test]
    fn each_mistake_has_its_code() {
        for (json, expected) in [
            ("{}", &[("title", "required")][..]),
            (r#"{"title": null}"#, &[("title", "invalid_type")]),
            (r#"{"title": "a", "title": "b"}"#, &[("title", "invalid")]),
            (r#"{"title": "a", "days": 1.5}"#, &[("days", "invalid_type")]),
            (r#"{"title": "a", "days": 4294967296}"#, &[("days", "out_of_range")]),
            (r#"{"title": "a", "days": []}"#, &[("days", "invalid_type")]),
            (r#"{"title": "a", "at": 7}"#, &[("at", "invalid_type")]),
            (r#"{"title": "a", "ids": {}}"#, &[("ids", "invalid_type")]),
            (r#"{"title": "a", "colour": 7}"#, &[("colour", "invalid_type")]),
            (r#"{"title": "a", "point": {}}"#, &[("point.x", "required")]),
            (r#"{"title": "a", "point": 7}"#, &[("point", "invalid_type")]),
            (r#"{"a`b": 1, "a": 2, "title": "a"}"#, &[("a`b", "unknown"), ("a", "unknown")]),
            ("[7]", &[("$", "invalid_type")]),
            (r#" ["a", null]"#, &[("$", "invalid_type")]),
            ("7", &[("$", "invalid_type")]),
            ("null", &[("$", "invalid_type")]),
            (r#"{"title": "a", "point": null, "days": null}"#, &[]),
        ] {
            let mut found = wrong(json);
            found.sort();
            assert_eq!(found, pairs(expected), "{json}");
        }
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many: Vec<_> = (0..10_000).map(|number| format!("\"{number}\": 1")).collect();
        assert!(wrong(&format!("{{{}}}", many.join(","))).len() <= ERRORS_MAX + 1);
        assert!(!wrong(&format!(r#"{{"title": "a", "{}": 1}}"#, "x".repeat(10_000))).is_empty());
        let ids = vec!["7"; 10_000].join(",");
        assert!(wrong(&format!(r#"{{"title": "a", "ids": [{ids}]}}"#)).len() <= ERRORS_MAX + 1);
    }

    #[test]
    fn rules_and_types_are_told_together_and_each_member_once() {
        let parse = |json: &str| parse::<New>(json.as_bytes()).unwrap();
        let rules = |new: &New| {
            let short = (new.title.len() < 2).then(|| FieldError::new("title", "too short"));
            let late = (new.days == Some(500)).then(|| FieldError::new("days", "too many"));
            short.into_iter().chain(late).collect()
        };
        let fields = |json| match parse(json).validate(rules) {
            Err(Problem::Validation(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => vec![format!("{other:?}")],
        };
        assert_eq!(fields(r#"{"title": 7, "renew": 7, "days": 500}"#), ["renew", "title", "days"]);
        assert_eq!(fields(r#"{"title": "a", "days": 500}"#), ["title", "days"]);
        assert!(parse(r#"{"title": "ab", "days": 5}"#).validate(rules).is_ok());
    }

    #[test]
    fn text_that_is_no_json_is_told_where() {
        let said = |json: &str| match parse::<New>(json.as_bytes()) {
            Err(Problem::InvalidBody(detail)) => detail,
            other => format!("{other:?}"),
        };
        assert_eq!(said("{"), "The body is not valid JSON: it ends too early.");
        assert_eq!(said("{\n  'title': 1}"), "The body is not valid JSON: look at line 2, column 3.");
        assert_eq!(said(r#"{"title": 7, nonsense"#), "The body is not valid JSON: look at line 1, column 14.");
        assert_eq!(said(r#"{"title": "a"} {}"#), "The body is not valid JSON: look at line 1, column 16.");
    }
}
