//! A layer that makes what is inside of it cheap to clone.
//!
//! axum clones a route at each of its layers, with all layers further inside and their state, so that the cost of a
//! request grows with the square of the number of layers. Inside of this layer there is one copy, and a clone counts a
//! reference.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{extract::Request, routing::Route};
use tower::{Layer, Service, ServiceExt, util::Oneshot};

/// The layer: `router.layer(…).layer(Share)`.
#[derive(Clone, Copy, Debug)]
pub struct Share;

impl Layer<Route> for Share {
    type Service = Shared;

    fn layer(&self, inner: Route) -> Shared {
        Shared(Arc::new(inner))
    }
}

/// A route whose clones share it.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Route>);

impl Service<Request> for Shared {
    type Response = <Route as Service<Request>>::Response;
    type Error = Infallible;
    type Future = Oneshot<Route, Request>;

    /// A route is always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Route::clone(&self.0).oneshot(request)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::identity,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use axum::{
        Router,
        body::Body,
        extract::State,
        http::StatusCode,
        middleware::{Next, from_fn_with_state},
        response::Response,
        routing::get,
    };

    use super::*;

    /// Counts its clones.
    struct Counted(Arc<AtomicUsize>);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Self(self.0.clone())
        }
    }

    async fn pass(_: State<Counted>, request: Request, next: Next) -> Response {
        next.run(request).await
    }

    /// How many clones of their states a request through so many layers takes.
    async fn clones(layers: usize, wrap: impl Fn(Router) -> Router) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let router = Router::new().route("/", get(|| async { "here" }));
        let router =
            (0..layers).fold(router, |router, _| wrap(router.layer(from_fn_with_state(Counted(count.clone()), pass))));
        // The router itself is taken apart once.
        count.store(0, Ordering::Relaxed);
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_request_clones_each_layer_a_few_times() {
        let share = |router: Router| router.layer(Share);
        let (ten, twenty) = (clones(10, share).await, clones(20, share).await);
        assert!(twenty <= 2 * ten + 5, "linear: {ten}, {twenty}");
        let (ten, twenty) = (clones(10, identity).await, clones(20, identity).await);
        assert!(twenty > 3 * ten, "as axum does it: {ten}, {twenty}");
    }
}
