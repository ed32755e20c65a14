//! IDs on the command line.

use uuid::Uuid;

/// The ID `text`, for clap.
///
/// # Errors
/// That it is none, in words for people.
pub(super) fn id(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| format!("{text} is not an ID, such as 0199f3a0-7b1c-7c41-a3d5-000000000004"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told_so() {
        let nil = Uuid::nil();
        assert_eq!(id(&nil.to_string()), Ok(nil));
        for text in ["xyz", "", "0199f3a0-…"] {
            assert!(id(text).unwrap_err().starts_with(&format!("{text} is not an ID")), "{text}");
        }
    }
}
