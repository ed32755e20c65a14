//! The emails about tokens. They do not contain the tokens' names: somebody with a token that can create others could
//! otherwise send the owner text of their choice.

use crate::{
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
    timestamp::Timestamp,
};

/// A notification that a leaked token was reported, and revoked.
pub(super) fn found(settings: &Settings, to: &str, made_at: Timestamp) -> Mail {
    Mail::new("token_found", to, "A leaked token was revoked")
        .text(greeting(settings))
        .text(format!(
            "Somebody found and reported the token that you created on {}. We have revoked it: nobody can use it any \
             more, and whatever used it needs a new one.",
            made_at.to_minute()
        ))
        .text("Before you create another, find out where it leaked and check what was done with it.")
        .link("Manage tokens", page_url(settings, "/tokens"))
        .link("Recent activity", page_url(settings, "/account"))
}

/// A reminder that a token expires soon.
pub(super) fn ends_soon(settings: &Settings, to: &str, made_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> Mail {
    let days = (ends_at - now).whole_hours().div_euclid(24) + 1;
    let left = if days <= 1 { "within a day".into() } else { format!("in {days} days") };
    Mail::new("token_ends", to, "One of your tokens expires soon")
        .text(greeting(settings))
        .text(format!(
            "The token that you created on {} expires {left}, on {}. After that, it no longer works.",
            made_at.to_minute(),
            ends_at.to_minute()
        ))
        .text("If you still need it, create a new one to replace it. If not, you do not need to do anything.")
        .link("Manage tokens", page_url(settings, "/tokens"))
}
