//! How good a new password is, told while it is typed.
//!
//! The dictionaries that tell it are too large for a browser, so the island asks the server, on its own origin, as the
//! form will. Without JavaScript, or without an answer, the form says the same when it is refused.

#![expect(missing_docs, reason = "the server macro makes a struct of each function's arguments")]

use std::{cell::RefCell, time::Duration};

use leptos::{ev, prelude::*, server_fn::codec::Json, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::{FormData, HtmlInputElement};

use crate::{
    auth::passwords::{SHORTEST, Verdict},
    http::problem::Details,
};

/// How long a typist may pause before the server is asked.
const PAUSE: Duration = Duration::from_millis(300);

/// The id of the field.
const FIELD: &str = "password";

/// What there is to say of `password`, for somebody of this address and name; either may be empty.
#[server(endpoint = "accounts/strength", input = Json)]
pub async fn strength(password: String, email: String, name: String) -> Result<Verdict, Details> {
    super::page::strength(password, email, name).await
}

/// Stands after the field for the new password of a form and says how good what is in it is.
#[island]
pub fn Strength() -> impl IntoView {
    let (verdict, set_verdict) = signal(None::<Verdict>);
    Effect::new(move |_| {
        let ask = RefCell::new(debounce(PAUSE, move |(): ()| {
            let Some((password, email, name)) = typed() else { return };
            spawn_local(async move {
                let found = strength(password.clone(), email, name).await;
                // An answer to what is no longer there is dropped. Without one there is nothing to say.
                if typed().is_some_and(|(now, ..)| now == password) {
                    set_verdict.set(found.ok());
                }
            });
        }));
        let look = move || {
            if typed().is_some() {
                (ask.borrow_mut())(());
            } else {
                set_verdict.set(None);
            }
        };
        // What was typed before the page came alive counts too.
        look();
        let handle = window_event_listener(ev::input, move |event| {
            if event_target::<web_sys::Element>(&event).id() == FIELD {
                look();
            }
        });
        on_cleanup(move || handle.remove());
    });
    let score = move || verdict.with(|verdict| verdict.as_ref().map(|verdict| verdict.score.to_string()));
    let said = move || {
        verdict.with(|verdict| {
            let verdict = verdict.as_ref()?;
            let more = verdict.objection.as_ref().unwrap_or(&verdict.advice);
            Some(format!("{}. {more}", verdict.word()))
        })
    };
    view! {
        <div class="strength" data-score=score>
            <div class="meter" aria-hidden="true" hidden=move || verdict.with(Option::is_none)></div>
            <p class="hint" role="status">{said}</p>
        </div>
    }
}

fn field() -> Option<HtmlInputElement> {
    document().get_element_by_id(FIELD)?.dyn_into().ok()
}

/// The password, and whose it is to be, once there is enough to judge: of shorter ones the hint says all.
fn typed() -> Option<(String, String, String)> {
    let field = field()?;
    let password = field.value();
    if password.chars().count() < SHORTEST {
        return None;
    }
    let form = field.form().and_then(|form| FormData::new_with_form(&form).ok());
    let value = |name| form.as_ref().and_then(|form| form.get(name).as_string()).unwrap_or_default();
    Some((password, value("email"), value("name")))
}
