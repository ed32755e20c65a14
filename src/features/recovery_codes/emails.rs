//! The emails about recovery codes.

use super::PATH;
use crate::{
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
};

/// A notification that few codes are left.
pub(super) fn few_left(settings: &Settings, to: &str, left: i64) -> Mail {
    Mail::new("recovery_codes_few", to, "You have few recovery codes left")
        .text(greeting(settings))
        .text(format!(
            "A recovery code was just used to sign in to your account. You have {left} left. Create new ones before \
             you run out, or you may not be able to sign in without your phone."
        ))
        .link("Create new recovery codes", page_url(settings, PATH))
        .text("If this was not you, somebody knows your password and your recovery codes. Change your password now.")
        .link("Change your password", page_url(settings, "/account/password"))
}

/// A notification that new codes were made.
pub(super) fn renewed(settings: &Settings, to: &str) -> Mail {
    Mail::new("recovery_codes_made", to, "New recovery codes were created")
        .text(greeting(settings))
        .text("New recovery codes were just created for your account. The old ones no longer work.")
        .text("If this was not you, somebody else has access to your account. Reset your password.")
        .link("Reset your password", page_url(settings, "/forgot"))
}
