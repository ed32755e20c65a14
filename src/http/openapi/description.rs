//! An OpenAPI document that is made when it is asked for.

use std::{fmt, sync::Arc};

use serde_json::Value;

/// What makes the OpenAPI document of a mount, which takes some milliseconds and megabytes. Whoever needs it more than
/// once keeps what they made of it.
#[derive(Clone)]
pub struct Description(Arc<dyn Fn() -> Value + Send + Sync>);

impl Description {
    /// The description that `make` returns.
    pub fn new(make: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The document.
    pub fn document(&self) -> Value {
        (self.0)()
    }
}

/// That of nothing, for whoever asks for the paths of pages only.
impl Default for Description {
    fn default() -> Self {
        Self::new(|| Value::Null)
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Description")
    }
}
