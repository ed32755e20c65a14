//! What a form says to the page that asks who somebody is, and what that page shows.

use axum::http::StatusCode;

use super::{
    Reauthentication,
    view::{BEGIN_FIELD, BY_FIELD, PASSWORD_FIELD, SHOW_FIELD},
};
use crate::{
    auth::{
        Account,
        sign_in::{ANSWER_FIELD, Factor, SecondFactor},
    },
    http::{extract::Form, problem::Problem},
    ui::FormState,
};

/// What the page that asks has to show.
#[derive(Debug)]
pub struct Question {
    /// The ways to answer, the one that is asked for first. None if the account has none.
    pub(super) ways: Vec<Way>,
    /// Whether what comes before the answer was done, such as sending a code.
    pub(super) begun: bool,
    /// Why the last answer was refused.
    refused: Option<Problem>,
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

impl Reauthentication {
    /// What a form of the page that asks says: the next question, or `None` if it has just proved who the person is.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn asked(&mut self, account: &Account, form: &Form) -> Result<Option<Question>, Problem> {
        let named = |field: &str| Factor::of_name(&form.text(field));
        if let Some(factor) = named(SHOW_FIELD) {
            return self.question(account, Some(factor)).await.map(Some);
        }
        if let Some(factor) = named(BEGIN_FIELD) {
            let begun = self.sign_ins.begin_reauthentication(account, factor, &self.client).await;
            let question = self.question(account, Some(factor)).await?;
            return Ok(Some(match begun {
                Ok(begun) => Question { begun, ..question },
                Err(problem) => Question { refused: Some(problem), ..question },
            }));
        }
        let (factor, result) = if form.all(PASSWORD_FIELD).next().is_some() {
            (Factor::Password, self.verify(account, form.text(PASSWORD_FIELD).into()).await)
        } else if let Some(factor) = named(BY_FIELD) {
            (factor, self.verify_by(account, factor, &form.text(ANSWER_FIELD)).await)
        } else {
            return self.question(account, None).await.map(Some);
        };
        match result {
            Ok(()) => Ok(None),
            Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
            Err(problem) => {
                let question = self.question(account, Some(factor)).await?;
                Ok(Some(Question { begun: true, refused: Some(problem), ..question }))
            }
        }
    }

    /// The question to `account`, by `wanted` if it has that, or else by the best that it has.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn question(&self, account: &Account, wanted: Option<Factor>) -> Result<Question, Problem> {
        let factors = self.sign_ins.reauthentication(account.id).await?;
        let way = |factor: Factor| match factor {
            Factor::Password => Some(Way::Password),
            factor => self.sign_ins.second(factor).copied().map(Way::Second),
        };
        let mut ways: Vec<_> = factors.into_iter().filter_map(way).collect();
        // A stable sort: the others keep their order.
        ways.sort_by_key(|way| Some(way.factor()) != wanted);
        Ok(Question { ways, begun: false, refused: None })
    }
}
