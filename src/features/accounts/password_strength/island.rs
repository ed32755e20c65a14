//! A strength meter that updates while a new password is typed.
//!
//! The dictionaries are too large to send to the browser, so the island asks the server. Without JavaScript, or if the
//! request fails, the person sees the same message when they submit the form.

#![expect(missing_docs, reason = "the server macro makes a struct of each function's arguments")]

use std::{cell::RefCell, time::Duration};

use leptos::{ev, prelude::*, server_fn::codec::Json, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::{FormData, HtmlInputElement};

use crate::{
    auth::passwords::{PasswordStrength, SHORTEST},
    http::problem::Details,
};

/// How long to wait after the last keystroke before asking the server.
const PAUSE: Duration = Duration::from_millis(300);

/// The id of the password field.
const FIELD: &str = "password";

/// Estimates the strength of `password` for a person with this email address and name; either may be empty.
#[server(endpoint = "accounts/strength", input = Json)]
pub async fn strength(password: String, email: String, name: String) -> Result<PasswordStrength, Details> {
    super::page::strength(password, email, name).await
}

/// The strength meter. It goes after the password field of the form.
#[island]
pub fn Strength() -> impl IntoView {
    let (rating, set_rating) = signal(None::<PasswordStrength>);
    Effect::new(move |_| {
        let ask = RefCell::new(debounce(PAUSE, move |(): ()| {
            let Some((password, email, name)) = typed() else { return };
            spawn_local(async move {
                let found = strength(password.clone(), email, name).await;
                // Drop the answer if the field has changed since. If the request failed, show nothing.
                if typed().is_some_and(|(now, ..)| now == password) {
                    set_rating.set(found.ok());
                }
            });
        }));
        let look = move || {
            if typed().is_some() {
                (ask.borrow_mut())(());
            } else {
                set_rating.set(None);
            }
        };
        // Also rate what was typed before hydration.
        look();
        let handle = window_event_listener(ev::input, move |event| {
            if event_target::<web_sys::Element>(&event).id() == FIELD {
                look();
            }
        });
        on_cleanup(move || handle.remove());
    });
    let score = move || rating.with(|rating| rating.as_ref().map(|rating| rating.score.to_string()));
    let message = move || {
        rating.with(|rating| {
            let rating = rating.as_ref()?;
            let more = rating.rejection.as_ref().unwrap_or(&rating.feedback);
            Some(format!("{}. {more}", rating.word()))
        })
    };
    view! {
        <div class="strength" data-score=score>
            <div class="meter" aria-hidden="true" hidden=move || rating.with(Option::is_none)></div>
            <p class="hint" role="status">{message}</p>
        </div>
    }
}

fn field() -> Option<HtmlInputElement> {
    document().get_element_by_id(FIELD)?.dyn_into().ok()
}

/// The password, email address and name typed so far; `None` while the password is too short to rate.
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
