//! What shows that the account of a link is that of the person who opens it.

use crate::{
    auth::{
        page::PageContext,
        sign_in::{Factor, SecondFactor},
    },
    features::accounts::one_time_links::Link,
    http::problem::Problem,
    state::AppState,
};

/// What shows that the account of a link is that of the person who opens it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof {
    /// This browser is signed in to it.
    SignedIn,
    /// Its password.
    Password,
    /// A passkey of it: it has no password.
    Passkey(SecondFactor),
    /// It has neither, so that a new password has to be chosen first, by mail.
    Nothing,
}

impl Proof {
    /// The proof that `link` asks for on the page of `context`.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn of(context: &PageContext, state: &AppState, link: &Link) -> Result<Self, Problem> {
        if is_owner_signed_in(context, link) {
            return Ok(Self::SignedIn);
        }
        let ways = state.sign_ins.reauthentication(link.account_id).await?;
        if ways.contains(&Factor::Password) {
            return Ok(Self::Password);
        }
        let passkey = state.sign_ins.second(Factor::Passkey).filter(|_| ways.contains(&Factor::Passkey));
        Ok(passkey.copied().map_or(Self::Nothing, Self::Passkey))
    }
}

/// Whether this browser is signed in to the account of the link.
fn is_owner_signed_in(context: &PageContext, link: &Link) -> bool {
    context.caller.as_ref().is_some_and(|caller| caller.account.id == link.account_id)
}
