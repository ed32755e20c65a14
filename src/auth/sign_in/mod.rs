//! Signing in, as a state machine that both doors share. It alone decides who is let in (S76).
//!
//! | state | what is stored | what comes next |
//! |---|---|---|
//! | nobody | nothing | a first factor: the password, a passkey |
//! | a first factor is proved, and the account asks for a second | a row of `pending_sign_ins` | one of `next` |
//! | let in | nothing here | [`Admitted`], which a session or a token is made of |
//!
//! A pending sign-in is no session and no token: it opens nothing but its next step. Its handle is random and stored as
//! a hash; a browser has it in a cookie of its own ([`PendingCookie`]), a client of the token door in the problem
//! `second_factor_required`. It works at the door where it began, for ten minutes, for five answers, and once. It ends
//! when the password or the second factors of the account change.

mod admitted;
pub mod cookie;
pub mod counted;
mod factor;
pub mod letters;
mod machine;
mod reauthentication;
pub mod required;
mod rules;
mod store;
mod wants;

pub use self::{
    admitted::{Admitted, Proven},
    cookie::PendingCookie,
    factor::{ANSWER_FIELD, Begin, Factor, FactorContext, NextPage, SecondFactor, Summary, Work},
    machine::{Answer, At, SignIns, delete_expired},
    wants::Wants,
};
