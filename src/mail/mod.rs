//! Mail to people: worded by the features, sent after the request. Without a server to send it by, it is kept in a
//! folder, the outbox, which a development server shows at `/dev/outbox`.

mod message;
mod outbox;
pub mod page;
mod sender;
mod view;

pub use self::{message::Mail, sender::Mailer};
