//! Authentication: who is calling. The session door reads the session cookie, the token door the bearer token, and each
//! ignores the other credential. Both yield a [`Caller`].

mod account;
pub mod passwords;
mod scope;
mod token;

#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
mod allowed;
#[cfg(feature = "ssr")]
pub mod authorization;
#[cfg(feature = "ssr")]
pub mod bearer;
#[cfg(feature = "ssr")]
pub mod browser_session;
#[cfg(feature = "ssr")]
mod caller;
#[cfg(feature = "ssr")]
pub mod cors;
#[cfg(feature = "ssr")]
pub mod dev_key;
#[cfg(feature = "ssr")]
pub mod device_bound;
#[cfg(feature = "ssr")]
pub mod device_cookie;
#[cfg(feature = "ssr")]
mod door;
#[cfg(feature = "ssr")]
pub mod dpop;
#[cfg(feature = "ssr")]
pub mod event_streams;
#[cfg(feature = "ssr")]
pub mod examples;
#[cfg(feature = "ssr")]
mod jose;
#[cfg(feature = "ssr")]
pub mod known_devices;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod rate_limit;
#[cfg(feature = "ssr")]
pub mod reauthentication;
#[cfg(feature = "ssr")]
pub mod refused_origins;
#[cfg(feature = "ssr")]
pub mod resource_metadata;
#[cfg(feature = "ssr")]
pub mod same_origin;
#[cfg(feature = "ssr")]
pub mod scope_boxes;
#[cfg(feature = "ssr")]
pub mod server_fn;
#[cfg(feature = "ssr")]
pub(crate) mod server_key;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
pub mod sign_in;
#[cfg(feature = "ssr")]
mod stamp;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
mod takes_passwords;
#[cfg(feature = "ssr")]
pub mod verify_password;

pub use self::{
    account::Account,
    scope::{Scope, ScopeInfo, Scopes},
    token::{IssuedBy, Token, TokenType},
};
#[cfg(feature = "ssr")]
pub use self::{
    allowed::{Allowed, Anything, Need, scope},
    caller::{Caller, Credential},
    door::{Door, TakesPasswords},
    session::AuthSession,
    stamp::{Stamp, new_stamp},
    takes_passwords::PasswordRule,
};
