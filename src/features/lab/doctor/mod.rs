//! The setup doctor: finds out why a page of the visitor's does not reach an API of the visitor's.
//!
//! Its scripts run in the visitor's own page: `public/lab/doctor/steps.js` makes requests there, and `diagnosis.js`, a
//! pure function, makes of what it saw the ids of causes. The words and the lines to change are one table
//! (`causes.js`), which the page shows as well, and `vestibule check --from` uses.
//!
//! The server takes part in nothing of that: it serves files, which every page may load. It gets no address that a
//! visitor types, and no result.

mod causes;
mod origin;
mod page;
mod scripts;
mod view;

pub(super) use self::{
    origin::examine,
    page::show,
    scripts::{PATH as SCRIPTS, serve},
};
