//! What all of our mails have in common.

use url::Url;

use crate::settings::Settings;

/// The first paragraph, which says where the mail comes from.
pub fn greeting(settings: &Settings) -> String {
    let host = settings.server.public_url.host_str().unwrap_or_default();
    format!("This is Vestibule at {host}.")
}

/// The public URL of the site's page at `path`.
pub fn page_url(settings: &Settings, path: &str) -> Url {
    let mut url = settings.server.public_url.clone();
    url.set_path(path);
    url
}
