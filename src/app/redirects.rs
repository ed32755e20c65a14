//! Redirects for addresses that people type: of a form, and with a slash at the end.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    http::{
        pages::matches,
        redirect::{local_path, see_other},
    },
    state::Site,
};

/// The paths of all pages, such as `/reset/{token}`.
#[derive(Clone, Debug)]
pub(super) struct PagePaths(pub Arc<[&'static str]>);

impl PagePaths {
    /// The page nearest above `path`: the one that has the form which posts there.
    fn above(&self, path: &str) -> String {
        let mut path = path;
        while let Some((parent, _)) = path.rsplit_once('/') {
            if self.0.iter().any(|pattern| matches(pattern, parent)) {
                return parent.into();
            }
            path = parent;
        }
        "/".into()
    }
}

/// The address of a form, typed by hand, leads a person to the page that has the form. Programs are told which methods
/// there are.
pub(super) async fn to_the_form(State(pages): State<PagePaths>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let page = (reads && accepts.contains("text/html")).then(|| pages.above(request.uri().path()));
    let response = next.run(request).await;
    match page {
        Some(page) if response.status() == StatusCode::METHOD_NOT_ALLOWED => see_other(&page),
        _ => response,
    }
}

/// A page's address with a slash at its end leads to the page (RFC 9110 section 15.4.9). What begins with two slashes
/// would lead to another host, and what is not for people has one spelling.
pub(super) async fn without_slash(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let plain = reads && local_path(path) == path && !path.contains("//");
    let place = path.strip_suffix('/').filter(|path| plain && !path.is_empty()).and_then(|path| {
        let people = !["/fn", "/session", "/api", "/lab/"].iter().any(|mount| path.starts_with(mount));
        // There is a page behind each link in a mail, and none without the link's token.
        let people = people && !site.secret_paths.contains(&path);
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        people.then(|| HeaderValue::from_str(&format!("{path}{query}")).ok()).flatten()
    });
    let response = next.run(request).await;
    match place {
        Some(place) if response.status() == StatusCode::NOT_FOUND => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_on_the_page_above() {
        let pages = PagePaths(Arc::from(["/", "/things", "/things/{id}", "/account", "/reset/{token}"]));
        for (path, page) in [
            ("/things/7/delete", "/things/7"),
            ("/things/", "/things"),
            ("/account/sessions/7/revoke", "/account"),
            ("/sign-out", "/"),
            ("/reset/", "/"),
        ] {
            assert_eq!(pages.above(path), page, "{path}");
        }
    }
}
