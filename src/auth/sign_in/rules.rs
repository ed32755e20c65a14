//! Which steps a sign-in has. Pure: what the database knows is passed in.

use super::Factor;

impl Factor {
    /// Whether a sign-in may begin with it.
    pub fn is_first(self) -> bool {
        matches!(self, Self::Password | Self::Passkey | Self::EmailCode)
    }

    /// Whether it counts as two: a passkey is something that the person has, and is unlocked by something that they
    /// know or are (NIST SP 800-63B section 3.1.7).
    pub fn stands_alone(self) -> bool {
        self == Self::Passkey
    }

    /// Whether an account that has it is opened by no other factor alone. A passkey is a way in beside the password,
    /// and a recovery code is a substitute.
    pub fn is_demanded(self) -> bool {
        self == Self::Totp
    }

    /// Whether it answers the question for a second factor. Mail does not: whoever reads it can reset the password
    /// (ASVS 6.3.6).
    pub fn is_second(self) -> bool {
        matches!(self, Self::Totp | Self::Passkey | Self::RecoveryCode)
    }

    /// Whether it proves once more who uses a session or a token, which the sign-in has opened with all that it asks
    /// for: one factor is enough (ASVS 7.5.1, 7.5.3). `is_required` is whether the account asks for a second factor.
    ///
    /// Mail is none then: such an account is not opened by whoever reads it, and must not be changed by them either. A
    /// recovery code is a substitute for a sign-in, and there are few.
    fn reauthenticates(self, is_required: bool) -> bool {
        match self {
            Self::Password | Self::Passkey | Self::Totp => true,
            Self::EmailCode => !is_required,
            Self::RecoveryCode => false,
        }
    }
}

/// The factors by which somebody who is signed in may prove who they are once more, the one to offer first comes first.
/// `enrolled` are the second factors of the account.
pub(super) fn reauthentication(has_password: bool, enrolled: &[Factor]) -> Vec<Factor> {
    let is_required = is_required(enrolled);
    let has = |factor: &Factor| if *factor == Factor::Password { has_password } else { enrolled.contains(factor) };
    let order = [Factor::Password, Factor::Passkey, Factor::Totp, Factor::EmailCode];
    order.into_iter().filter(|factor| has(factor) && factor.reauthenticates(is_required)).collect()
}

/// The factors of which one is still wanted from somebody who proved `first`; none if they are let in. `enrolled` are
/// the second factors of the account, `is_trusted` is whether the account trusts the browser.
pub(super) fn wanted(first: Factor, enrolled: &[Factor], is_trusted: bool) -> Vec<Factor> {
    if first.stands_alone() || is_trusted || !is_required(enrolled) {
        return Vec::new();
    }
    Factor::ALL
        .into_iter()
        .filter(|factor| factor.is_second() && *factor != first && enrolled.contains(factor))
        .collect()
}

/// What the settings ask of an account beside what it has turned on itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    /// Whether the account must have a second factor or a passkey: then its password alone does not do, if it has a
    /// passkey.
    pub(super) is_required: bool,
    /// Whether a code by mail is asked for after the password of accounts without a second factor.
    pub(super) mails_codes: bool,
}

/// The same as [`wanted`], for an account of which the settings ask what `policy` says. A code by mail never takes the
/// place of a factor that the account has turned on, and is not asked for after another one.
pub(super) fn wanted_by(policy: Policy, first: Factor, enrolled: &[Factor], is_trusted: bool) -> Vec<Factor> {
    let own = wanted(first, enrolled, is_trusted);
    if !own.is_empty() || first.stands_alone() || is_trusted || is_required(enrolled) {
        return own;
    }
    if policy.is_required && enrolled.contains(&Factor::Passkey) {
        return vec![Factor::Passkey];
    }
    let mails = policy.mails_codes && first == Factor::Password && enrolled.contains(&Factor::EmailCode);
    if mails { vec![Factor::EmailCode] } else { Vec::new() }
}

/// Whether an account with these factors has what the settings may require.
pub(super) fn is_enough(enrolled: &[Factor]) -> bool {
    is_required(enrolled) || enrolled.contains(&Factor::Passkey)
}

/// Whether an account with these second factors asks for one of them.
pub(super) fn is_required(enrolled: &[Factor]) -> bool {
    enrolled.iter().any(|factor| factor.is_demanded())
}

#[cfg(test)]
mod tests {
    use super::{
        Factor::{EmailCode, Passkey, Password, RecoveryCode, Totp},
        *,
    };

    #[test]
    fn without_a_factor_that_is_demanded_the_first_one_is_enough() {
        for first in [Password, EmailCode, Passkey] {
            for enrolled in [&[][..], &[Passkey], &[RecoveryCode], &[Passkey, RecoveryCode, EmailCode]] {
                assert_eq!(wanted(first, enrolled, false), [], "{first:?} {enrolled:?}");
            }
        }
    }

    #[test]
    fn a_second_factor_is_wanted_of_whoever_proved_only_one() {
        for first in [Password, EmailCode] {
            assert_eq!(wanted(first, &[Totp], false), [Totp]);
            assert_eq!(wanted(first, &[RecoveryCode, Totp], false), [Totp, RecoveryCode], "in the order to ask");
            assert_eq!(wanted(first, &[Passkey, RecoveryCode, Totp], false), [Totp, Passkey, RecoveryCode]);
            assert_eq!(wanted(first, &[Totp, EmailCode], false), [Totp], "mail resets the password");
        }
    }

    #[test]
    fn a_passkey_and_a_trusted_browser_are_enough() {
        assert_eq!(wanted(Passkey, &[Totp, RecoveryCode, Passkey], false), []);
        assert_eq!(wanted(Password, &[Totp, RecoveryCode], true), []);
    }

    #[test]
    fn the_settings_may_ask_for_more() {
        let mails = Policy { mails_codes: true, ..Policy::default() };
        let required = Policy { is_required: true, ..Policy::default() };
        assert_eq!(wanted_by(mails, Password, &[EmailCode], false), [EmailCode]);
        assert_eq!(wanted_by(Policy::default(), Password, &[EmailCode], false), []);
        assert_eq!(wanted_by(mails, EmailCode, &[EmailCode], false), [], "never after itself");
        assert_eq!(wanted_by(mails, Password, &[EmailCode], true), [], "a trusted browser");
        for policy in [mails, required, Policy { is_required: true, mails_codes: true }] {
            assert_eq!(wanted_by(policy, Password, &[Totp, EmailCode], false), [Totp], "mail is no way around");
            assert_eq!(wanted_by(policy, Passkey, &[Totp, EmailCode, Passkey], false), []);
        }
        for first in [Password, EmailCode] {
            assert_eq!(wanted_by(required, first, &[Passkey, EmailCode], false), [Passkey]);
            assert_eq!(wanted_by(required, first, &[EmailCode], false), [], "it is set up after signing in");
        }
        assert!(is_enough(&[Passkey]) && is_enough(&[Totp]) && !is_enough(&[EmailCode, RecoveryCode]));
    }

    #[test]
    fn reauthentication_takes_what_the_account_has_and_nothing_weaker_than_its_sign_in() {
        assert_eq!(reauthentication(true, &[]), [Password]);
        assert_eq!(reauthentication(false, &[Passkey]), [Passkey]);
        assert_eq!(reauthentication(true, &[Totp, Passkey, RecoveryCode]), [Password, Passkey, Totp]);
        assert_eq!(reauthentication(true, &[EmailCode, Passkey]), [Password, Passkey, EmailCode]);
        assert_eq!(reauthentication(false, &[EmailCode]), [EmailCode]);
        assert_eq!(reauthentication(false, &[EmailCode, Totp, RecoveryCode]), [Totp], "mail opens no such account");
        assert_eq!(reauthentication(false, &[RecoveryCode]), []);
    }

    #[test]
    fn every_name_leads_back_to_its_factor() {
        for factor in Factor::ALL {
            assert_eq!(Factor::of_name(factor.as_str()), Some(factor));
        }
        assert_eq!(Factor::of_name("sms"), None);
        assert!(Factor::ALL.into_iter().all(|factor| factor.is_first() || factor.is_second()));
    }
}
