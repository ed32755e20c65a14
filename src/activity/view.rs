//! The list of what happened.

use leptos::prelude::*;

use super::Event;
use crate::ui::Time;

/// What happened to an account, one row each.
#[component]
pub fn ActivityList(
    /// The newest first.
    events: Vec<Event>,
) -> impl IntoView {
    let item = |event: Event| {
        let subject = (!event.subject.is_empty()).then(|| format!(": {}", event.subject));
        let from = (!event.address.is_empty()).then(|| format!(" from {}", event.address));
        view! {
            <li>
                <div>
                    <p>{event.kind.meaning()}{subject}</p>
                    <p class="hint"><Time at=event.at />{from}", "{event.browser}", by "{event.credential}</p>
                </div>
            </li>
        }
    };
    view! { <ul class="rows">{events.into_iter().map(item).collect_view()}</ul> }
}
