//! Who is calling. Each door reads one credential and ignores the other; behind both stands a [`Caller`].

pub mod authorization;
mod caller;
pub mod cookie;
pub mod cors;
pub mod device;
pub mod limits;
pub mod same_origin;
pub mod server_fn;
pub mod session;
pub mod token;

pub use self::{
    caller::{AccountRead, Allowed, Anything, Caller, Credential, Door, Need, NotesRead, NotesWrite, TokensManage},
    session::AuthSession,
};
