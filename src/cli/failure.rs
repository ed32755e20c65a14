//! Errors that end the program.

use std::{fmt, process::ExitCode};

use crate::http::problem::Problem;

/// An error that ends the program: the exit code, and the line for stderr, empty if the log has it. The code is 2 for
/// an error in the command line or the settings, and 1 for one of the machine.
pub(super) struct Failure(pub ExitCode, pub String);

impl Failure {
    pub(super) fn usage(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(2), error.to_string())
    }

    pub(super) fn machine(error: impl fmt::Display) -> Self {
        Self(ExitCode::from(1), error.to_string())
    }

    /// The same, with a line of the log in place of the one for stderr; unless `RUST_LOG` has turned the log off.
    pub(super) fn logged(self) -> Self {
        if !tracing::enabled!(tracing::Level::ERROR) {
            return self;
        }
        tracing::error!("{}", self.1);
        Self(self.0, String::new())
    }
}

/// A request that a service rejects is an error in the command line; a failing database is one of the machine.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match &problem {
            Problem::Validation(errors) => {
                let lines = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
                Self::usage(lines.collect::<Vec<_>>().join(" "))
            }
            problem if problem.status().is_server_error() => Self::machine(problem),
            problem => Self::usage(problem.detail()),
        }
    }
}
