//! The list of signed-in browsers.

use leptos::prelude::*;

use super::{SignIn, service};
use crate::{doors::Credential, ui::Time};

/// Each browser with a button that signs it out.
#[component]
pub fn SignInList(
    /// The one that asks, to mark it.
    credential: Credential,
    /// All of the account's.
    sign_ins: Vec<SignIn>,
) -> impl IntoView {
    let item = move |sign_in: SignIn| {
        let this_one = service::is_this_one(&sign_in, &credential);
        let agent = if sign_in.user_agent.is_empty() { "Unknown browser".into() } else { sign_in.user_agent };
        let action = if this_one {
            view! { <span class="badge">"This browser"</span> }.into_any()
        } else {
            view! {
                <form method="post" action=format!("/account/sign-ins/{}/revoke", sign_in.id)>
                    <button class="quiet danger">"Sign out this browser"</button>
                </form>
            }
            .into_any()
        };
        view! {
            <li>
                <div>
                    <p class="agent">{agent}</p>
                    <p class="hint">"Last seen " <Time at=sign_in.last_seen_at /> ", signed in since " <Time at=sign_in.created_at /></p>
                </div>
                {action}
            </li>
        }
    };
    view! { <ul class="rows">{sign_ins.into_iter().map(item).collect_view()}</ul> }
}
