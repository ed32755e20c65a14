//! Whether a call of the token door may hold a password, or a code in its place.

use crate::{http::problem::Problem, settings::Settings};

/// What the settings say about it (`tokens.login`).
#[derive(Clone, Debug)]
pub struct PasswordRule {
    takes: bool,
    /// Where an application sends people instead.
    authorize: Option<String>,
}

impl PasswordRule {
    /// The rule of `settings`; `authorize` is the path of the authorization endpoint, if there is one.
    pub fn new(settings: &Settings, authorize: Option<&str>) -> Self {
        let authorize = authorize.map(|path| format!("{}{path}", settings.origin()));
        Self { takes: settings.takes_passwords_for_tokens(), authorize }
    }

    /// # Errors
    /// [`Problem::LoginDisabled`]
    pub fn check(&self) -> Result<(), Problem> {
        if self.takes { Ok(()) } else { Err(Problem::LoginDisabled(self.authorize.clone())) }
    }
}
