//! Deleting several items at once: a `POST` of their ids, since many clients and proxies drop the body of a `DELETE`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    openapi::examples::id,
    problem::{FieldCode, FieldError, Problem},
};

/// The most items that one request deletes.
const MOST: usize = 100;

/// The items to delete.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdsToDelete, examples(asked))]
pub struct IdsToDelete {
    /// Their ids, 1 to 100. One that comes twice counts once.
    #[schema(min_items = 1, max_items = 100)]
    ids: Vec<Uuid>,
}

impl IdsToDelete {
    /// What is wrong with them: there are none, or too many.
    pub fn errors(&self) -> Vec<FieldError> {
        let message = "Send 1 to 100 ids.";
        match self.ids.len() {
            0 => vec![FieldError::new("ids", message).code(FieldCode::TooShort).param("min", 1).param("actual", 0)],
            1..=MOST => Vec::new(),
            count => vec![FieldError::too_long("ids", message, MOST, count)],
        }
    }

    /// The ids, each once.
    ///
    /// # Errors
    /// [`Problem::Validation`] if there are none, or too many.
    pub fn checked(self) -> Result<Vec<Uuid>, Problem> {
        Problem::unless(self.errors(), ())?;
        let mut seen = HashSet::new();
        Ok(self.ids.into_iter().filter(|id| seen.insert(*id)).collect())
    }
}

/// What became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(answered))]
pub struct DeletedIds {
    /// The ids that were deleted, in the order of the request.
    pub deleted: Vec<Uuid>,
    /// The ids of nothing that you have: deleted before, or never yours.
    pub not_found: Vec<Uuid>,
}

impl DeletedIds {
    /// Of the `asked` ids, `deleted` were deleted.
    pub fn of(asked: Vec<Uuid>, deleted: impl IntoIterator<Item = Uuid>) -> Self {
        let were: HashSet<_> = deleted.into_iter().collect();
        let (deleted, not_found) = asked.into_iter().partition(|id| were.contains(id));
        Self { deleted, not_found }
    }
}

fn asked() -> Value {
    json!({"ids": [id(3), id(4)]})
}

fn answered() -> Value {
    json!({"deleted": [id(3)], "not_found": [id(4)]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_in_their_order_and_once() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let asked = IdsToDelete { ids: vec![c, a, c, b, a] }.checked().unwrap();
        assert_eq!(asked, [c, a, b]);
        assert_eq!(DeletedIds::of(asked, [b, c]), DeletedIds { deleted: vec![c, b], not_found: vec![a] });
        for count in [0, 101] {
            assert!(IdsToDelete { ids: vec![a; count] }.checked().is_err(), "{count}");
        }
        assert!(IdsToDelete { ids: vec![a; 100] }.checked().is_ok());
    }
}
