//! A table of pages. axum's router does not tell which routes it has; this one does.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    routing::{get, post},
};

use super::extract::LARGE_BODY_LIMIT;

/// Pages and the forms that post to them.
pub struct Pages<S> {
    router: Router<S>,
    routes: Vec<(Method, &'static str)>,
}

impl<S: Clone + Send + Sync + 'static> Default for Pages<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Pages<S> {
    /// No pages yet.
    pub fn new() -> Self {
        Self { router: Router::new(), routes: Vec::new() }
    }

    /// A page.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
        self.routes.push((Method::GET, path));
        Self { router: self.router.route(path, get(handler)), ..self }
    }

    /// A form that posts to `path`.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
        self.routes.push((Method::POST, path));
        Self { router: self.router.route(path, post(handler)), ..self }
    }

    /// A form that may hold up to [`LARGE_BODY_LIMIT`] bytes.
    #[must_use]
    pub fn post_large<H: Handler<T, S>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
        self.routes.push((Method::POST, path));
        let handler = post(handler).layer(DefaultBodyLimit::max(LARGE_BODY_LIMIT));
        Self { router: self.router.route(path, handler), ..self }
    }

    /// These pages and `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Method and path of each.
    pub fn routes(&self) -> &[(Method, &'static str)] {
        &self.routes
    }

    /// The router that serves them.
    pub fn into_router(self) -> Router<S> {
        self.router
    }
}

/// Whether `path` is one of those that `pattern`, such as `/reset/{token}`, stands for.
pub fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(text)) if part.starts_with('{') && !text.is_empty() || part == text => {}
            _ => return false,
        }
    }
}
