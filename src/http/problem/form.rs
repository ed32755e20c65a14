//! A problem as the form shows it.

use super::Problem;
use crate::ui::FormState;

impl FormState {
    /// With what `problem` says: beside the fields it names, above the form otherwise.
    #[must_use]
    pub fn with_errors(mut self, problem: &Problem) -> Self {
        self.errors = problem.errors().to_vec();
        self.notice = self.errors.is_empty().then(|| problem.detail());
        self
    }
}
