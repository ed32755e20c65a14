//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub AccountRead = "account:read", "Read your name and email address");
scope!(
    pub AccountWrite = "account:write",
    "Change your name, and with your password also your email address and password",
    sensitive
);
scope!(pub AccountExport = "account:export", "Download everything in your account", sensitive);
