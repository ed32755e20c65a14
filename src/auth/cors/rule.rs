//! What decides about the origin of a call, by its path.

/// The paths, below the mount, that only origins in the settings can call.
const SETTINGS_ALONE: [&str; 2] = ["/v1/login", "/v1/tokens/report"];
/// The paths below the mount that begin with this are the later steps of a login.
const STEPS: &str = "/v1/login/";
/// The paths below the mount that begin with this are also for pages of registered applications.
const CLIENTS: &str = "/v1/oauth/";

/// What decides which pages of other origins may call a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The settings.
    Settings,
    /// The settings and the registered applications.
    Clients,
    /// The settings and the token.
    Tokens,
}

impl Rule {
    /// The rule for a path below the mount.
    pub(super) fn of(below: &str) -> Self {
        if SETTINGS_ALONE.contains(&below) || below.starts_with(STEPS) {
            Self::Settings
        } else if below.starts_with(CLIENTS) {
            Self::Clients
        } else {
            Self::Tokens
        }
    }
}
