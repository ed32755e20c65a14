//! What our mails say about tokens. Their names are not in them: whoever holds a token that may make others could
//! otherwise write to its owner in our name.

use crate::{
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
    timestamp::Timestamp,
};

/// Somebody found one of the owner's tokens, and it is revoked.
pub(super) fn found(settings: &Settings, to: &str, made_at: Timestamp) -> Mail {
    Mail::new("token_found", to, "One of your tokens was found, and revoked")
        .text(greeting(settings))
        .text(format!(
            "Somebody has found the token that you made on {} where others could read it, and has told us. It is \
             revoked: nobody can use it any more, and what uses it needs another.",
            made_at.to_minute()
        ))
        .text("Look where it was kept, and at what was done with it before you make another.")
        .link("Your tokens", page_url(settings, "/tokens"))
        .link("What happened lately", page_url(settings, "/account"))
}

/// One of the owner's tokens ends soon.
pub(super) fn ends_soon(settings: &Settings, to: &str, made_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> Mail {
    let days = (ends_at - now).whole_hours().div_euclid(24) + 1;
    let left = if days <= 1 { "within a day".into() } else { format!("in {days} days") };
    Mail::new("token_ends", to, "One of your tokens ends soon")
        .text(greeting(settings))
        .text(format!(
            "The token that you made on {} ends {left}, on {}. What uses it is refused from then on.",
            made_at.to_minute(),
            ends_at.to_minute()
        ))
        .text("If it is still needed, make another in its place. If not, there is nothing to do.")
        .link("Your tokens", page_url(settings, "/tokens"))
}
