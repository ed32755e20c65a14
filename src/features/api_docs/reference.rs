//! The content of the page, read from the OpenAPI document.

use serde_json::Value;

/// An OpenAPI document, in the order people read it.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The paragraphs of the introduction.
    pub about: Vec<String>,
    /// The operations, by tag.
    pub groups: Vec<Group>,
    /// The schemas of requests and responses.
    pub shapes: Vec<Shape>,
    /// The codes of problems, by status and name.
    pub codes: Vec<Code>,
}

/// The operations of one tag.
#[derive(Clone, Debug)]
pub struct Group {
    /// The tag.
    pub name: String,
    /// The description of the tag.
    pub about: String,
    /// The operations of the tag.
    pub operations: Vec<Operation>,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name in generated clients.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path with its mount.
    pub path: String,
    /// What it does, in one line.
    pub summary: String,
    /// The paragraphs of the description.
    pub about: Vec<String>,
    /// Whether clients should use something else.
    pub is_deprecated: bool,
    /// Whether its response is a stream of events, which does not end by itself.
    pub is_stream: bool,
    /// The credential it needs.
    pub access: Access,
    /// The parameters in the path, the query and the headers.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub body: Option<Body>,
    /// The responses on success.
    pub answers: Vec<Answer>,
    /// The responses on failure.
    pub refusals: Vec<Refusal>,
}

/// The credential that an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// No credential.
    Open,
    /// Any valid token.
    Token,
    /// A token with this scope.
    Scope(String),
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, kind and description.
    pub field: Field,
    /// `path`, `query` or `header`.
    pub place: String,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type, with its bounds: `integer, 1 to 100`.
    pub kind: String,
    /// Whether it is required.
    pub required: bool,
    /// The description.
    pub about: String,
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// The name of its schema.
    pub shape: String,
    /// An example that is accepted, as indented JSON.
    pub example: String,
}

/// A response on success.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: String,
    /// The description.
    pub about: String,
    /// The name of the schema of its body.
    pub shape: Option<String>,
    /// Its headers, without those of every response.
    pub headers: Vec<String>,
}

/// A response on failure.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The status.
    pub status: String,
    /// The problem codes of that status.
    pub codes: Vec<String>,
}

/// A schema: an object, or text of a certain format.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// The description.
    pub about: String,
    /// Its members; empty if it is not an object.
    pub fields: Vec<Field>,
    /// The type, if it is not an object.
    pub kind: String,
}

/// A code of a problem.
#[derive(Clone, Debug)]
pub struct Code {
    /// The stable name.
    pub name: String,
    /// The status of its responses.
    pub status: String,
    /// The kind of problem, in a few words.
    pub title: String,
    /// An example of the detail.
    pub detail: String,
}

/// The methods of a path, in the order they are shown.
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

const MEDIA_TYPES: [&str; 2] = ["application/json", "application/problem+json"];

impl Reference {
    /// Reads `document`, an OpenAPI 3.1 document of this server.
    pub fn new(document: &Value) -> Self {
        let reader = Reader { document };
        let tags = document["tags"].as_array().into_iter().flatten();
        let groups = tags.map(|tag| Group {
            name: text(&tag["name"]),
            about: text(&tag["description"]),
            operations: reader.operations(&tag["name"]),
        });
        Self {
            about: paragraphs(&document["info"]["description"]),
            groups: groups.collect(),
            shapes: reader.shapes(),
            codes: reader.codes(),
        }
    }
}

struct Reader<'a> {
    document: &'a Value,
}

impl Reader<'_> {
    fn operations(&self, tag: &Value) -> Vec<Operation> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let all = paths.flat_map(|(path, item)| METHODS.iter().map(move |method| (path, *method, &item[*method])));
        let ours = all.filter(|(_, _, operation)| operation["tags"][0] == *tag);
        ours.map(|(path, method, operation)| self.operation(path, method, operation)).collect()
    }

    fn operation(&self, path: &str, method: &str, operation: &Value) -> Operation {
        let (mut answers, mut refusals) = (Vec::new(), Vec::new());
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let response = self.resolved(response);
            if status.as_str() < "400" {
                answers.push(answer(status, response));
            } else {
                refusals
                    .push(Refusal { status: status.clone(), codes: codes(response).map(|(code, _)| code).collect() });
            }
        }
        Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: mount(&self.document["servers"][0]["url"]) + path,
            summary: text(&operation["summary"]),
            about: paragraphs(&operation["description"]),
            is_deprecated: operation["deprecated"] == true,
            is_stream: is_stream(operation),
            access: access(&operation["security"]),
            parameters: self.parameters(operation),
            body: self.body(operation),
            answers,
            refusals,
        }
    }

    fn parameters(&self, operation: &Value) -> Vec<Parameter> {
        let given = operation["parameters"].as_array().into_iter().flatten().map(|given| self.resolved(given));
        let parameter = |given: &Value| Parameter {
            field: Field {
                name: text(&given["name"]),
                kind: kind(&given["schema"]),
                required: given["required"] == true,
                about: text(&given["description"]),
            },
            place: text(&given["in"]),
        };
        given.map(parameter).collect()
    }

    fn body(&self, operation: &Value) -> Option<Body> {
        let schema = &operation.get("requestBody")?["content"][MEDIA_TYPES[0]]["schema"];
        let example = &self.resolved(schema)["examples"][0];
        Some(Body { shape: name(schema)?, example: format!("{example:#}") })
    }

    fn shapes(&self) -> Vec<Shape> {
        let schemas = self.document["components"]["schemas"].as_object().into_iter().flatten();
        // A problem of one status differs from any other in its status only.
        let schemas = schemas.filter(|(name, _)| *name == "Problem" || !name.ends_with("Problem"));
        let shape = |(name, schema): (&String, &Value)| Shape {
            name: name.clone(),
            about: text(&schema["description"]),
            fields: fields(schema),
            kind: kind(schema),
        };
        schemas.map(shape).collect()
    }

    fn codes(&self) -> Vec<Code> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(_, item)| METHODS.iter().map(move |method| &item[*method]));
        let answers = operations.flat_map(|operation| operation["responses"].as_object().into_iter().flatten());
        let all = answers.flat_map(|(_, answer)| codes(self.resolved(answer)).map(|(_, code)| code));
        let mut all: Vec<_> = all.collect();
        all.sort_by(|a, b| (&a.status, &a.name).cmp(&(&b.status, &b.name)));
        all.dedup_by(|a, b| a.name == b.name);
        all
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let path = value["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
        path.and_then(|path| self.document.pointer(path)).unwrap_or(value)
    }
}

fn answer(status: &str, answer: &Value) -> Answer {
    let headers = answer["headers"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    Answer {
        status: status.into(),
        about: text(&answer["description"]),
        shape: name(&answer["content"][MEDIA_TYPES[0]]["schema"]),
        headers: headers.filter(|name| name != "x-request-id").collect(),
    }
}

/// The members of an object: first the required ones, in the order of the schema.
fn fields(schema: &Value) -> Vec<Field> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rest = properties.keys().map(String::as_str).filter(|name| !required.contains(name));
    let field = |name: &str| Field {
        name: name.into(),
        kind: kind(&properties[name]),
        required: required.contains(&name),
        about: text(&properties[name]["description"]),
    };
    required.iter().copied().chain(rest).map(field).collect()
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = name(schema) {
        return name;
    }
    let any = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).or(schema["allOf"].as_array());
    if let Some(any) = any {
        let kinds: Vec<_> = any.iter().map(kind).collect();
        return kinds.join(" or ");
    }
    let given = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    let named = match given.as_str() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "" => "anything".into(),
        _ => given,
    };
    [Some(named), format(schema), bounds(schema)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn codes(answer: &Value) -> impl Iterator<Item = (String, Code)> {
    let examples = answer["content"][MEDIA_TYPES[1]]["examples"].as_object().into_iter().flatten();
    examples.map(|(code, example)| {
        let problem = &example["value"];
        let status = problem["status"].to_string();
        let described =
            Code { name: code.clone(), status, title: text(&problem["title"]), detail: text(&problem["detail"]) };
        (code.clone(), described)
    })
}

fn access(security: &Value) -> Access {
    let Some((_, scopes)) = security[0].as_object().and_then(|schemes| schemes.iter().next()) else {
        return Access::Open;
    };
    scopes[0].as_str().map_or(Access::Token, |scope| Access::Scope(scope.into()))
}

fn is_stream(operation: &Value) -> bool {
    let mut responses = operation["responses"].as_object().into_iter().flatten();
    responses.any(|(_, response)| response["content"].get("text/event-stream").is_some())
}

/// The path of a server's URL, which may be absolute.
fn mount(url: &Value) -> String {
    let url = url.as_str().unwrap_or_default();
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    path.trim_end_matches('/').into()
}

fn name(schema: &Value) -> Option<String> {
    Some(schema["$ref"].as_str()?.rsplit('/').next()?.to_owned())
}

fn format(schema: &Value) -> Option<String> {
    let words = match schema["format"].as_str()? {
        "date-time" => "RFC 3339",
        "uuid" => "UUID",
        "uri-reference" => "URL",
        _ => return None,
    };
    Some(words.into())
}

fn bounds(schema: &Value) -> Option<String> {
    let number = |name: &str| schema[name].as_i64();
    match (number("minimum"), number("maximum"), number("minLength"), number("maxLength")) {
        (Some(least), Some(most), ..) => Some(format!("{least} to {most}")),
        (.., Some(least), Some(most)) => Some(format!("{least} to {most} characters")),
        (.., None, Some(most)) => Some(format!("up to {most} characters")),
        _ => None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

fn paragraphs(value: &Value) -> Vec<String> {
    value.as_str().into_iter().flat_map(|text| text.split("\n\n")).map(|text| text.replace('\n', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_mount_is_read_from_any_url() {
        for url in ["/api/v1", "https://app.example.com/api/v1", "http://localhost:3000/api/v1/"] {
            assert_eq!(mount(&url.into()), "/api/v1", "{url}");
        }
        assert_eq!(mount(&"https://app.example.com".into()), "");
    }

    #[test]
    fn a_stream_is_known_by_its_media_type() {
        let operation = |media: &str| serde_json::json!({"responses": {"200": {"content": {media: {}}}, "500": {}}});
        assert!(is_stream(&operation("text/event-stream")));
        assert!(!is_stream(&operation("application/json")) && !is_stream(&Value::Null));
    }
}
