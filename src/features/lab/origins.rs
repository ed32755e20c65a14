//! The three origins of the Lab.

use axum::http::{HeaderMap, header};
use serde::Serialize;
use url::Url;

/// One of the Lab's three origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The app's own origin, which serves the Lab's page.
    App,
    /// Another origin of the same site: on a development server, another port of localhost.
    SameSite,
    /// An origin of another site: on a development server, 127.0.0.1.
    CrossSite,
}

/// The three origins as browsers write them, such as `http://localhost:3002`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The app's own.
    pub app: String,
    /// The peer, under a name of the same site.
    pub same_site: String,
    /// The peer, under a name of another site.
    pub cross_site: String,
}

impl Origins {
    /// The URL of `origin`.
    pub fn url(&self, origin: Origin) -> &str {
        match origin {
            Origin::App => &self.app,
            Origin::SameSite => &self.same_site,
            Origin::CrossSite => &self.cross_site,
        }
    }

    /// All three URLs.
    pub fn all(&self) -> [&str; 3] {
        [&self.app, &self.same_site, &self.cross_site]
    }

    /// The host and port of `origin`, without a default port, as the `Host` header has it.
    pub fn authority(&self, origin: Origin) -> &str {
        let url = self.url(origin);
        url.split_once("://").map_or(url, |(_, authority)| authority)
    }

    /// The host of `origin`, for the `Domain` attribute of a cookie.
    pub fn host(&self, origin: Origin) -> String {
        let url = Url::parse(self.url(origin)).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The name of the peer that the `Host` header asks for. None if it is neither of its two.
    pub fn requested(&self, headers: &HeaderMap) -> Option<Origin> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let peer = [Origin::SameSite, Origin::CrossSite];
        peer.into_iter().find(|origin| self.authority(*origin).eq_ignore_ascii_case(host))
    }

    /// Whether all of them are plain `http` on this machine.
    pub fn is_local(&self) -> bool {
        self.app.starts_with("http://localhost:")
    }
}
