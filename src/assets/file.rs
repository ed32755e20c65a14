//! A file as it is sent.

use std::borrow::Cow;

/// A file, in an encoding that the client accepts.
pub(super) struct File {
    pub bytes: Cow<'static, [u8]>,
    pub encoding: Option<&'static str>,
}
