//! The page for a link that has expired.

use leptos::prelude::*;

/// Says that the link has expired, and links to where a new one can be requested.
#[component]
pub fn ExpiredView(
    /// Where to get another link.
    href: &'static str,
    /// The label of that button.
    label: &'static str,
) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"This link has expired"</h1>
            <p>
                "The link was already used, it is too old, or a newer link replaced it. "
                "If your email program split the link, copy all of it into the address bar."
            </p>
            <p><a class="button" href=href>{label}</a></p>
        </section>
    }
}
