//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub TokensManage = "tokens:manage", "Create, list and revoke your tokens", sensitive);
