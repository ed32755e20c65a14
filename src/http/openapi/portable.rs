//! Forms that every generator of clients takes, for those that only some of them take.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::headers::ALWAYS;

/// The values that a text has today, where later versions may add others.
pub(super) const OPEN_VALUES: &str = "x-extensible-enum";

const SCHEMAS: &str = "#/components/schemas/";

/// `document` with the same meaning, in forms that every generator takes.
pub(super) fn portable(mut document: Value) -> Value {
    open_enumerations(&mut document);
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    flatten_nullable(&mut document, &schemas);
    let text = document.to_string();
    if let Some(headers) = document["components"]["headers"].as_object_mut() {
        headers.retain(|name, _| text.contains(&format!("\"#/components/headers/{name}\"")));
        for name in ALWAYS {
            if let Some(header) = headers.get_mut(name) {
                header["required"] = true.into();
            }
        }
    }
    document
}

/// Responses may hold values that a client does not know yet, and generated code fails at one that its enumeration
/// lacks. So the named enumerations of responses become texts. Those of requests stay: the server refuses other values.
fn open_enumerations(document: &mut Value) {
    let asked = asked_for(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas.iter_mut().filter(|(name, _)| !asked.contains(*name)) {
        let Some(object) = schema.as_object_mut().filter(|object| object.get("type") == Some(&json!("string"))) else {
            continue;
        };
        let Some(values) = object.remove("enum") else { continue };
        let names: Vec<_> = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let about = object.get("description").and_then(Value::as_str).unwrap_or(name);
        let about = format!("{about} `{}`; later versions may add others.", names.join("`, `"));
        object.insert("description".into(), about.into());
        object.insert(OPEN_VALUES.into(), values);
    }
}

/// The names of the schemas that requests are made of.
fn asked_for(document: &Value) -> BTreeSet<String> {
    let mut found = Vec::new();
    references(&document["components"]["parameters"], &mut found);
    for operation in document["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object()) {
        for part in operation.values().flat_map(|operation| [&operation["parameters"], &operation["requestBody"]]) {
            references(part, &mut found);
        }
    }
    let mut asked = BTreeSet::new();
    while let Some(name) = found.pop() {
        references(&document["components"]["schemas"][&name], &mut found);
        if !asked.insert(name) {
            found.retain(|name| !asked.contains(name));
        }
    }
    asked
}

/// The names of the schemas that `value` refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SCHEMAS));
            found.extend(name.map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

/// What is a named schema or null becomes the schema itself with null among its types, if it is a text or a number;
/// otherwise its description moves to where generators look for it.
fn flatten_nullable(value: &mut Value, schemas: &Map<String, Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| flatten_nullable(item, schemas)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| flatten_nullable(member, schemas));
            if let Some(flat) = flat(members, schemas) {
                *members = flat;
            }
        }
        _ => {}
    }
}

fn flat(members: &Map<String, Value>, schemas: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (kind, either) = ["oneOf", "anyOf"].iter().find_map(|kind| Some((*kind, members.get(*kind)?.as_array()?)))?;
    let null = json!({"type": "null"});
    let [named] = either.iter().filter(|schema| **schema != null).collect::<Vec<_>>()[..] else { return None };
    let target = schemas.get(named["$ref"].as_str()?.strip_prefix(SCHEMAS)?)?;
    let about = named.get("description").or(members.get("description"));
    let mut flat = match target["type"].as_str() {
        Some("string" | "integer" | "number" | "boolean") if target.get("enum").is_none() => {
            let mut flat = target.as_object()?.clone();
            flat.insert("type".into(), json!([target["type"], "null"]));
            flat
        }
        _ => {
            let mut kept = members.clone();
            kept.insert(kind.into(), json!([{"$ref": named["$ref"]}, (null)]));
            kept
        }
    };
    flat.extend(about.map(|about| ("description".to_owned(), about.clone())));
    Some(flat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(schemas: Value, asked: &str) -> Value {
        let body = json!({"content": {"application/json": {"schema": {"$ref": format!("{SCHEMAS}{asked}")}}}});
        json!({"paths": {"/a": {"post": {"requestBody": body}}}, "components": {"schemas": schemas, "headers": {}}})
    }

    #[test]
    fn an_enumeration_of_answers_is_open_and_one_of_requests_is_not() {
        let kinds = json!({"type": "string", "enum": ["a", "b"], "description": "A kind."});
        let new = json!({"type": "object", "properties": {"sort": {"$ref": format!("{SCHEMAS}Sort")}}});
        let all = portable(document(json!({"Kind": kinds, "Sort": kinds, "New": new}), "New"));
        let schemas = &all["components"]["schemas"];
        let open = json!({
            "type": "string", "description": "A kind. `a`, `b`; later versions may add others.",
            "x-extensible-enum": ["a", "b"],
        });
        assert_eq!((&schemas["Kind"], &schemas["Sort"]), (&open, &kinds));
    }

    #[test]
    fn what_may_be_null_says_so_in_one_place() {
        let either = |name: &str| {
            let named = json!({"$ref": format!("{SCHEMAS}{name}"), "description": "When."});
            json!({"oneOf": [named, {"type": "null"}]})
        };
        let time = json!({"type": "string", "format": "date-time", "description": "An instant."});
        let one = json!({"type": "object", "properties": {"at": either("Time"), "other": either("One")}});
        let all = portable(document(json!({"Time": time, "One": one}), "Time"));
        let properties = &all["components"]["schemas"]["One"]["properties"];
        assert_eq!(
            properties["at"],
            json!({"type": ["string", "null"], "format": "date-time", "description": "When."})
        );
        let other = json!({"oneOf": [{"$ref": format!("{SCHEMAS}One")}, {"type": "null"}], "description": "When."});
        assert_eq!(properties["other"], other);
    }

    #[test]
    fn headers_are_those_that_responses_have() {
        let mut document = document(json!({}), "A");
        document["components"]["headers"] = json!({"ETag": {}, "RateLimit": {}, "Location": {}});
        document["paths"]["/a"]["get"] =
            json!([{"$ref": "#/components/headers/ETag"}, {"$ref": "#/components/headers/RateLimit"}]);
        let expected = json!({"ETag": {"required": true}, "RateLimit": {}});
        assert_eq!(portable(document)["components"]["headers"], expected);
    }
}
