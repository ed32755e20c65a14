//! What the log line of an answer says about a refusal.

/// The most bytes of the names of fields.
const FIELDS_MAX: usize = 200;

/// On a response: the code of its problem, and the fields it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: String,
    /// The names of the fields, if there are any. Some are what the client sent, so they are escaped and cut.
    pub fields: Option<String>,
}

impl Refusal {
    /// Of a problem with this `code`, about these `fields`.
    pub fn new<'a>(code: &str, fields: impl Iterator<Item = &'a str>) -> Self {
        let named: String = fields.collect::<Vec<_>>().join(",").escape_default().take(FIELDS_MAX).collect();
        Self { code: code.into(), fields: (!named.is_empty()).then_some(named) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_client_made_up_forges_no_line() {
        let fields = |names: &[&str]| Refusal::new("x", names.iter().copied()).fields;
        assert_eq!(fields(&[]), None);
        assert_eq!(fields(&["title", "body"]).as_deref(), Some("title,body"));
        assert_eq!(fields(&["a\nb"]).as_deref(), Some("a\\nb"));
        assert_eq!(fields(&[&"x".repeat(10_000)]).map(|text| text.len()), Some(FIELDS_MAX));
    }
}
