//! The schemas of texts that people type, by the rules of [`crate::text`]: for `#[schema(schema_with = …)]`, whose
//! function takes no arguments and calls one of these.
//!
//! The patterns are regular expressions without the flag `u`, which know no characters above U+FFFF. So a text of such
//! characters alone, which cannot be seen either, is refused by the server only.

use std::{fmt::Write, ops::RangeInclusive};

use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Type};

use crate::text::INVISIBLE;

/// Control characters, and those that change the direction of the text, see [`crate::text::turns_direction`].
const NOT_IN_NAMES: &str = r"\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069";

/// A text of up to `max` characters. Without NUL, which PostgreSQL cannot store.
pub fn text(about: &str, max: usize) -> Object {
    described(about).max_length(Some(max)).pattern(Some(r"^[^\u0000]*$")).build()
}

/// A text like [`text`], with at least one visible character.
pub fn visible_text(about: &str, max: usize) -> Object {
    visible(about, max, r"\u0000", r"\u0000")
}

/// The name of something, in one line: like [`visible_text`], without characters that change the direction.
pub fn name(about: &str, max: usize) -> Object {
    visible(about, max, NOT_IN_NAMES, r"\u0000-\u001f\u007f-\u009f")
}

/// An object with any members.
pub fn any_object(about: &str) -> Object {
    let any = AdditionalProperties::FreeForm(true);
    ObjectBuilder::new().schema_type(Type::Object).description(Some(about)).additional_properties(Some(any)).build()
}

/// `schema`, or null, which counts as left out.
pub fn or_null(mut schema: Object) -> Object {
    schema.schema_type = [Type::String, Type::Null].into_iter().collect();
    schema
}

/// Without the characters `never`, and with at least one that is neither of `control` nor invisible.
fn visible(about: &str, max: usize, never: &str, control: &str) -> Object {
    let pattern = format!(r"^[^{never}]*[^\s{control}{}][^{never}]*$", class(&INVISIBLE));
    described(about).min_length(Some(1)).max_length(Some(max)).pattern(Some(pattern)).build()
}

fn described(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

/// The inside of a character class of a regular expression.
fn class(ranges: &[RangeInclusive<char>]) -> String {
    let mut class = String::new();
    for (first, last) in ranges.iter().map(|range| (u32::from(*range.start()), u32::from(*range.end()))) {
        if last > 0xffff {
            continue;
        }
        let _ = write!(class, r"\u{first:04x}");
        match last - first {
            0 => {}
            1 => {
                let _ = write!(class, r"\u{last:04x}");
            }
            _ => {
                let _ = write!(class, r"-\u{last:04x}");
            }
        }
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_names_its_characters() {
        let ranges = ['\u{ad}'..='\u{ad}', '\u{115f}'..='\u{1160}', '\u{200b}'..='\u{200f}', '\u{1bca0}'..='\u{1bca3}'];
        assert_eq!(class(&ranges), r"\u00ad\u115f\u1160\u200b-\u200f");
    }

    #[test]
    fn a_schema_has_the_limits_of_its_text() {
        let schema = serde_json::to_value(or_null(visible_text("A title.", 200))).unwrap();
        assert_eq!(schema["type"], serde_json::json!(["string", "null"]));
        assert_eq!((&schema["minLength"], &schema["maxLength"]), (&1.into(), &200.into()));
        let pattern = schema["pattern"].as_str().unwrap();
        assert!(pattern.starts_with(r"^[^\u0000]*[^\s\u0000\u00ad\u034f") && pattern.ends_with(r"][^\u0000]*$"));
    }
}
