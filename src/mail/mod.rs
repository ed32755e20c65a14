//! Mail to people: features write it, and it is sent after the request. If no mail server is set, it is kept in a
//! folder, the outbox, which a development server shows at `/dev/outbox`.

mod message;
pub mod outbox;
mod sender;
pub mod template;

pub use self::{message::Mail, sender::Mailer};
