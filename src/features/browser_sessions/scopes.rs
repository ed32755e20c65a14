//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub SessionsManage = "sessions:manage", "List your signed-in browsers and sign them out", sensitive);
