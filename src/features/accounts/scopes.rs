//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub AccountRead = "account:read", "Read your name and email address");
