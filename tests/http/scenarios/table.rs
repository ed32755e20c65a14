//! The table: who does what, and by which ways.

use Move::{
    Again, EmailCode, EmailCodeStep, NewPassword, Passkey, PasskeyStep, Password, RecoveryCode, ResetByMail, SignUp,
    SignUpWithPasskey, Totp,
};

/// What somebody does, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    SignUp,
    SignUpWithPasskey,
    Password,
    NewPassword,
    Passkey,
    EmailCode,
    Totp,
    RecoveryCode,
    PasskeyStep,
    EmailCodeStep,
    ResetByMail,
    /// A sensitive action, which is refused until it was proved again who asks: by this.
    Again(By),
}

/// What proves it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Password,
    Passkey,
    Totp,
    EmailCode,
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Plain,
    WithTotp,
    /// On a site that asks for a code by mail after the password.
    Mailed,
}

/// A way to do it: that, or why there is none.
pub type Way = Result<(), &'static str>;

pub struct Scenario {
    pub name: &'static str,
    pub who: Who,
    pub moves: &'static [Move],
    /// Without JavaScript.
    pub pages: Way,
    /// With the scripts and the islands of the pages.
    pub scripts: Way,
    pub session: Way,
    pub token: Way,
}

pub const TABLE: &[Scenario] = &[
    row("sign up: password", Who::Nobody, &[SignUp], PAGES),
    row("sign up: passkey", Who::Nobody, &[SignUpWithPasskey], SCRIPTS),
    row("sign in: password", Who::Plain, &[Password], ALL),
    row("sign in: passkey", Who::Plain, &[Passkey], OWN),
    row("sign in: code by mail", Who::Plain, &[EmailCode], ALL),
    row("second factor: app", Who::WithTotp, &[Password, Totp], ALL),
    row("second factor: app after a code by mail", Who::WithTotp, &[EmailCode, Totp], ALL),
    row("second factor: recovery code", Who::WithTotp, &[Password, RecoveryCode], ALL),
    row("second factor: passkey", Who::WithTotp, &[Password, PasskeyStep], STEP),
    row("second factor: none after a passkey", Who::WithTotp, &[Passkey], OWN),
    row("second factor: code by mail", Who::Mailed, &[Password, EmailCodeStep], ALL),
    row("reset: password", Who::Plain, &[ResetByMail, NewPassword], LINK),
    row("reset: app", Who::WithTotp, &[ResetByMail, NewPassword, Totp], LINK),
    row("reset: recovery code", Who::WithTotp, &[ResetByMail, NewPassword, RecoveryCode], LINK),
    row("reset: code by mail", Who::Mailed, &[ResetByMail, NewPassword, EmailCodeStep], LINK),
    row("reauthentication: password", Who::Plain, &[Password, Again(By::Password)], ALL),
    row("reauthentication: password, after an app", Who::WithTotp, &[Password, Totp, Again(By::Password)], ALL),
    row("reauthentication: app", Who::WithTotp, &[Password, Totp, Again(By::Totp)], ALL),
    row("reauthentication: passkey", Who::Plain, &[Password, Again(By::Passkey)], OWN),
    row("reauthentication: passkey, after an app", Who::WithTotp, &[Password, Totp, Again(By::Passkey)], OWN),
    row("reauthentication: code by mail", Who::Plain, &[Password, Again(By::EmailCode)], ALL),
    row("without a password", Who::Nobody, &[SignUpWithPasskey, Again(By::Passkey)], SCRIPTS),
    row("without a password, by mail", Who::Nobody, &[SignUpWithPasskey, Again(By::EmailCode)], SCRIPTS),
];

/// Pages, pages with scripts, session door, token door.
type Ways = [Way; 4];

const ALL: Ways = [Ok(()); 4];
const PAGES: Ways = [Ok(()), Ok(()), Err(MADE_ON_PAGES), Err(MADE_ON_PAGES)];
const SCRIPTS: Ways = [Err(NO_PASSKEY), Ok(()), Err(MADE_ON_PAGES), Err(MADE_ON_PAGES)];
const OWN: Ways = [Err(NO_PASSKEY), Ok(()), Ok(()), Err(OWN_ORIGIN)];
const STEP: Ways = [Err(NO_PASSKEY), Ok(()), Err(NO_STEP), Err(OWN_ORIGIN)];
const LINK: Ways = [Ok(()), Ok(()), Err(LINKS), Err(LINKS)];

const MADE_ON_PAGES: &str = "accounts are created on the site's own pages";
const NO_PASSKEY: &str = "browsers use a passkey by a script only, and the pages offer none without it";
const OWN_ORIGIN: &str = "a passkey belongs to the site's own origin, so the token door has no step for it";
const NO_STEP: &str = "at the session door a passkey signs in alone, by POST login/passkey";
const LINKS: &str = "links in mails lead to pages";

const fn row(name: &'static str, who: Who, moves: &'static [Move], ways: Ways) -> Scenario {
    let [pages, scripts, session, token] = ways;
    Scenario { name, who, moves, pages, scripts, session, token }
}
