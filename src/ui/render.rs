//! Rendering a page into text.
//!
//! This is what `leptos_axum` does to answer with a view, less what our pages do without: `leptos_router`,
//! `leptos_meta`, the request in the context, and a stream as the body.

use futures::{StreamExt, stream::once};
use leptos::{IntoView, reactive::owner::Sandboxed};
use leptos_integration_utils::{BoxedFnOnce, PinnedFuture, PinnedStream, build_response};

/// The HTML of `page`, which finds what `context` provides, and what its islands need to start.
pub async fn html<V: IntoView + 'static>(
    context: impl FnOnce() + Send + 'static,
    page: impl FnOnce() -> V + Send + 'static,
) -> String {
    let (owner, parts) = build_response(page, context, in_order, false);
    let rendered = async move {
        let html = parts.await.collect::<String>().await;
        owner.unset_with_forced_cleanup();
        html
    };
    Sandboxed::new(rendered).await
}

/// The page, whole, then the scripts with the data of its resources.
fn in_order<V: IntoView + 'static>(
    page: V,
    data: BoxedFnOnce<PinnedStream<String>>,
    _: bool,
) -> PinnedFuture<PinnedStream<String>> {
    Box::pin(async move {
        let html = page.to_html_stream_in_order().collect::<String>().await;
        let data = data();
        Box::pin(once(async move { html }).chain(data)) as PinnedStream<String>
    })
}
