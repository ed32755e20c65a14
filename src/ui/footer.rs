//! The links at the foot of every page.

/// Paths and their names. The server says what there is.
#[derive(Clone, Debug, Default)]
pub struct FooterLinks(pub Vec<(&'static str, &'static str)>);
