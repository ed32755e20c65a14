//! Many ids as one value of a statement.

use uuid::Uuid;

/// `ids` as a JSON array of 32 hexadecimal digits each: `unhex(value)` of SQLite's `json_each($1)`, and `value::uuid` of
/// PostgreSQL's `json_array_elements_text($1::text::json)`.
pub fn json_array(ids: &[Uuid]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("\"{}\"", id.simple())).collect();
    format!("[{}]", ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_an_array_in_their_order() {
        let [a, b] = [1, 2].map(Uuid::from_u128);
        assert_eq!(serde_json::from_str::<Vec<Uuid>>(&json_array(&[a, b])).unwrap(), [a, b]);
        assert_eq!(json_array(&[]), "[]");
    }
}
