//! What a handler requires its caller to be allowed to do.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{Caller, Door};
use crate::http::problem::Problem;

/// What a handler requires its caller to be allowed to do.
pub trait Need: Send + Sync {
    /// The scope a token must have; `None` if any valid credential is enough.
    const SCOPE: Option<&'static str>;
}

/// Any valid credential.
#[derive(Clone, Copy, Debug)]
pub enum Anything {}

impl Need for Anything {
    const SCOPE: Option<&'static str> = None;
}

/// Declares a scope: `scope!(pub ReportsRead = "reports:read", "Read your reports");`. The type is what a handler asks
/// for, as in `Allowed<ReportsRead>`; its `INFO` is what the feature lists. With `sensitive` at the end, a login gives
/// it only if it is asked for by name.
#[doc(hidden)]
#[macro_export]
macro_rules! __scope {
    ($visibility:vis $name:ident = $text:literal, $meaning:literal) => {
        $crate::auth::scope!($visibility $name = $text, $meaning, false);
    };
    ($visibility:vis $name:ident = $text:literal, $meaning:literal, sensitive) => {
        $crate::auth::scope!($visibility $name = $text, $meaning, true);
    };
    ($visibility:vis $name:ident = $text:literal, $meaning:literal, $sensitive:literal) => {
        #[doc = concat!("`", $text, "`")]
        #[derive(Clone, Copy, Debug)]
        $visibility enum $name {}

        impl $name {
            /// What the scope is called, and what it allows.
            $visibility const INFO: $crate::auth::ScopeInfo =
                $crate::auth::ScopeInfo { name: $text, meaning: $meaning, sensitive: $sensitive };
        }

        impl $crate::auth::Need for $name {
            const SCOPE: Option<&'static str> = Some($text);
        }
    };
}

#[doc(inline)]
pub use __scope as scope;

/// A caller who is allowed to do `N`. It is the only way for a JSON handler to get its caller, so that no handler can
/// forget to check the scope (S21).
#[derive(Debug)]
pub struct Allowed<N: Need> {
    /// The caller.
    pub caller: Caller,
    need: PhantomData<N>,
}

impl<S: Send + Sync, N: Need> FromRequestParts<S> for Allowed<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = Door::identify(parts).await?;
        if let Some(scope) = N::SCOPE {
            caller.must_hold(scope)?;
        }
        Ok(Self { caller, need: PhantomData })
    }
}
