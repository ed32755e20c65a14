//! A word in passing.

use std::time::Duration;

use leptos::prelude::*;

/// Where toasts appear: a live region that is there from the start, so that screen readers watch it.
const REGION: &str = "toasts";
/// Long enough to be read twice. Nothing is said here only.
const SHOWN: Duration = Duration::from_secs(6);

/// The place of toasts; the layout has it once.
#[component]
pub fn Toasts() -> impl IntoView {
    view! { <div id=REGION role="status"></div> }
}

/// Says `text` at the edge of the page for a while. In the browser only.
pub fn toast(text: &str) {
    let Some(region) = document().get_element_by_id(REGION) else { return };
    let Ok(shown) = document().create_element("p") else { return };
    shown.set_text_content(Some(text));
    // One at a time: the last word counts.
    region.set_text_content(None);
    let _ = region.append_child(&shown);
    set_timeout(move || shown.remove(), SHOWN);
}
