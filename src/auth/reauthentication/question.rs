//! What the page that asks who somebody is shows, and the names of its fields.

use axum::http::StatusCode;

use crate::{
    auth::sign_in::{ANSWER_FIELD, Factor, SecondFactor},
    http::problem::Problem,
    ui::FormState,
};

/// The name of the password field. No other form uses this name, nor those that follow.
pub(super) const PASSWORD_FIELD: &str = "password-again";
/// The factor that is answered by [`ANSWER_FIELD`].
pub(super) const BY_FIELD: &str = "again-by";
/// The button that shows the question by another factor, and checks nothing.
pub(super) const SHOW_FIELD: &str = "again-show";
/// The button that does what comes before an answer, such as sending a code.
pub(super) const BEGIN_FIELD: &str = "again-begin";

/// Whether the page that asks has a field of this name, so that it holds no other. The field for the answer is also that
/// of forms for a code of an app, which is too old by then anyway.
pub(super) fn is_ours(name: &str) -> bool {
    [PASSWORD_FIELD, BY_FIELD, SHOW_FIELD, BEGIN_FIELD, ANSWER_FIELD].contains(&name)
}

/// What the page that asks has to show.
#[derive(Debug)]
pub struct Question {
    /// The ways to answer, the one that is asked for first. None if the account has none.
    pub(super) ways: Vec<Way>,
    /// Whether what comes before the answer was done, such as sending a code.
    pub(super) begun: bool,
    /// Why the last answer was refused.
    pub(super) refused: Option<Problem>,
}

/// A way to answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Password,
    Second(SecondFactor),
}

impl Way {
    pub(super) fn factor(self) -> Factor {
        match self {
            Self::Password => Factor::Password,
            Self::Second(second) => second.factor,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Password => "Use your password",
            Self::Second(second) => second.label,
        }
    }
}

impl Question {
    /// The status of a page that shows why an answer was refused; `None` if none was.
    pub fn status(&self) -> Option<StatusCode> {
        self.refused.as_ref().map(Problem::status)
    }

    /// The form to show. The message for a wrong password does not mention the address, which is not asked for here.
    pub(super) fn form(&self) -> FormState {
        let form = FormState::default();
        match &self.refused {
            None => form,
            Some(Problem::InvalidCredentials) => {
                form.with_errors(&Problem::field(PASSWORD_FIELD, "The password is wrong."))
            }
            Some(problem) => {
                let form = form.with_errors(problem);
                // Another way is asked for now, which has no field for it.
                let elsewhere = form.error("step");
                FormState { notice: form.notice.clone().or(elsewhere), ..form }
            }
        }
    }
}
