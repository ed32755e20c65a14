//! The links that every page has, and the ways to sign in beside the password. The server says what there is.

use leptos::prelude::AnyView;

/// A link: its path and its label.
#[derive(Clone, Copy, Debug)]
pub struct NavLink {
    /// Such as `/account`.
    pub path: &'static str,
    /// Such as "Account".
    pub label: &'static str,
}

/// A link on the account page, with what is behind it.
#[derive(Clone, Copy, Debug)]
pub struct AccountLink {
    /// Such as `/tokens`.
    pub path: &'static str,
    /// Such as "Manage tokens".
    pub label: &'static str,
    /// A sentence about it.
    pub hint: &'static str,
}

/// The links of header and footer, and what else the settings add to every page.
#[derive(Clone, Debug, Default)]
pub struct SiteLinks {
    /// In the header, for people who are signed in.
    pub nav: Vec<NavLink>,
    /// In the footer.
    pub footer: Vec<NavLink>,
    /// On the account page.
    pub account: Vec<AccountLink>,
    /// On the sign-in page, below the password.
    pub ways_in: Vec<WayIn>,
    /// On the sign-up page, below the password.
    pub ways_up: Vec<WayIn>,
    /// The files of the scripts of the first page after a sign-in with the password.
    pub after_sign_in: Vec<&'static str>,
    /// The path to which browsers send reports.
    pub reports_to: Option<&'static str>,
}

/// A way to sign in or up beside the password, as the page offers it: plain data and a function pointer.
#[derive(Clone, Copy, Debug)]
pub struct WayIn {
    /// The file of its script.
    pub script: &'static str,
    /// What it adds to the `autocomplete` of the address field, if browsers suggest it there.
    pub autocomplete: Option<&'static str>,
    /// Its HTML. It gets the hidden fields that go along, and the URL of the script.
    pub view: fn(Vec<(String, String)>, String) -> AnyView,
}
