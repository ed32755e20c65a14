//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub AccountRead = "account:read", "See your name and e-mail address");
