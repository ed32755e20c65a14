//! The links that every page has. The server says what there is.

/// A link: its path and its label.
#[derive(Clone, Copy, Debug)]
pub struct NavLink {
    /// Such as `/account`.
    pub path: &'static str,
    /// Such as "Account".
    pub label: &'static str,
}

/// The links of header and footer.
#[derive(Clone, Debug, Default)]
pub struct SiteLinks {
    /// In the header, for people who are signed in.
    pub nav: Vec<NavLink>,
    /// In the footer.
    pub footer: Vec<NavLink>,
}
