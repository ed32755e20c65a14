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
        let browser = sign_in.browser();
        let from = (!sign_in.address.is_empty()).then(|| format!(" from {}", sign_in.address));
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
                    <p class="agent">{browser}</p>
                    <p class="hint">"Last seen " <Time at=sign_in.last_seen_at /> {from} ", signed in since " <Time at=sign_in.created_at /></p>
                </div>
                {action}
            </li>
        }
    };
    let others = (sign_ins.len() > 1).then(|| {
        view! {
            <form method="post" action="/account/sign-ins/revoke-others">
                <button class="quiet danger">"Sign out all other browsers"</button>
            </form>
        }
    });
    view! {
        <ul class="rows">{sign_ins.into_iter().map(item).collect_view()}</ul>
        {others}
    }
}
