//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub ActivityRead = "activity:read", "Read the recent activity of your account", sensitive);
