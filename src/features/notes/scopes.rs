//! What tokens may be allowed to do here.

use crate::auth::scope;

scope!(pub NotesRead = "notes:read", "Read your notes");
scope!(pub NotesWrite = "notes:write", "Create, change and delete your notes");
