//! Short messages that disappear by themselves.

use std::time::Duration;

use leptos::prelude::*;

/// The id of the live region. It exists from the start, so that screen readers announce what appears in it.
const REGION: &str = "toasts";
/// Long enough to be read twice. A toast must not be the only place that says something.
const SHOWN: Duration = Duration::from_secs(6);

/// The live region in which toasts appear. The layout has one.
#[component]
pub fn Toasts() -> impl IntoView {
    view! { <div id=REGION role="status"></div> }
}

/// Shows `text` at the edge of the page for a few seconds. In the browser only.
pub fn toast(text: &str) {
    let Some(region) = document().get_element_by_id(REGION) else { return };
    let Ok(shown) = document().create_element("p") else { return };
    shown.set_text_content(Some(text));
    // One at a time: a new message replaces the old one.
    region.set_text_content(None);
    let _ = region.append_child(&shown);
    set_timeout(move || shown.remove(), SHOWN);
}
