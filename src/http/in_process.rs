//! Calls to the app's own routes from within the process, as a client elsewhere would make them.

use std::sync::{Arc, OnceLock, Weak};

use axum::Router;

/// The whole application, for a part of it that is built before. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct InProcess(Arc<OnceLock<Weak<Router>>>);

impl InProcess {
    /// Names the application. It is not kept alive by that, since it may hold this.
    pub fn set(&self, app: &Arc<Router>) {
        // A second application of the same parts has routes that do the same.
        let _ = self.0.set(Arc::downgrade(app));
    }

    /// The application, as long as there is one.
    pub fn app(&self) -> Option<Router> {
        self.0.get()?.upgrade().map(|app| Router::clone(&app))
    }
}
