//! The activity list.

use leptos::prelude::*;

use crate::{
    auth::activity::{Page, Row},
    ui::{Pagination, Time},
};

/// A page of an account's activity.
#[component]
pub fn ActivityList(
    /// The page to show.
    page: Page,
) -> impl IntoView {
    let item = |Row { newest: event, since, count }: Row| {
        let subject = (!event.subject.is_empty()).then(|| format!(": {}", event.subject));
        let times = (count > 1).then(|| format!(", {count} times"));
        let since = (count > 1).then(|| view! { ", first " <Time at=since /> });
        let from = (!event.address.is_empty()).then(|| format!(" from {}", event.address));
        view! {
            <li>
                <div>
                    <p>{event.kind.meaning()}{subject}{times}</p>
                    <p class="hint"><Time at=event.at />{from}", "{event.browser}", by "{event.credential}{since}</p>
                </div>
            </li>
        }
    };
    let older = page.older.map(|id| view! { <Pagination older=Some(format!("/account?before={id}#activity")) /> });
    view! {
        <ul class="rows">{page.rows.into_iter().map(item).collect_view()}</ul>
        {older}
    }
}
