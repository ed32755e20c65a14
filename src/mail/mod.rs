//! Mail to people: features write it, and it is sent after the request, from a queue in the database. If no mail server
//! is set, it is kept in a folder, the outbox, which a development server shows at `/dev/outbox`.

pub mod admin;
mod certificates;
mod delivery;
mod message;
pub mod outbox;
mod sender;
mod store;
pub mod template;

pub(crate) use self::certificates::system as system_certificates;
pub use self::{
    message::Mail,
    sender::{MAILS, Mailer},
};
