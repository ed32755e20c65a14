//! The list of signed-in browsers.

use leptos::{either::Either, prelude::*};

use super::service;
use crate::{
    auth::{Credential, browser_session::BrowserSession},
    ui::{Badge, Confirm, Time},
};

/// The list of browsers, with a button to sign out each.
#[component]
pub fn BrowserSessionList(
    /// The credential of the caller, to mark this browser.
    credential: Credential,
    /// The account's signed-in browsers.
    browser_sessions: Vec<BrowserSession>,
) -> impl IntoView {
    let item = move |sign_in: BrowserSession| {
        let this_one = service::is_this_one(&sign_in, &credential);
        let browser = sign_in.browser();
        let bound = sign_in.bound_at.map(|_| ". Bound to the device: its cookies are useless elsewhere");
        let from = (!sign_in.address.is_empty()).then(|| format!(" from {}", sign_in.address));
        let action = if this_one {
            Either::Left(view! { <Badge>"This browser"</Badge> })
        } else {
            Either::Right(view! {
                <Confirm
                    id=format!("end-{}", sign_in.id)
                    open="Sign out…"
                    about=browser.clone()
                    title=format!("Sign out {browser}?")
                    action=format!("/account/sessions/{}/revoke", sign_in.id)
                    confirm="Sign out"
                >
                    "It will lose access to your account right away."
                </Confirm>
            })
        };
        view! {
            <li>
                <div>
                    <p class="agent">{browser}</p>
                    <p class="hint">
                        "Last seen " <Time at=sign_in.last_seen_at /> {from} ", signed in since "
                        <Time at=sign_in.created_at /> {bound}
                    </p>
                </div>
                {action}
            </li>
        }
    };
    let others = (browser_sessions.len() > 1).then(|| {
        view! {
            <div>
                <Confirm
                    id="end-others"
                    open="Sign out all other browsers…"
                    title="Sign out all other browsers?"
                    action="/account/sessions/revoke-others"
                    confirm="Sign out all others"
                >
                    "Only this browser stays signed in. Tokens keep working."
                </Confirm>
            </div>
        }
    });
    view! {
        <ul class="rows">{browser_sessions.into_iter().map(item).collect_view()}</ul>
        {others}
    }
}
