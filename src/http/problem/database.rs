//! What the database's errors are to a client.

use super::Problem;
use crate::db::{SearchError, TaskPanicked};

impl From<TaskPanicked> for Problem {
    fn from(error: TaskPanicked) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::TimedOut => Self::Unavailable(error.to_string()),
            SearchError::Panicked(_) => Self::Internal(error.to_string()),
            SearchError::Database(error) => error.into(),
        }
    }
}
