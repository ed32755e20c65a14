//! Those who run the server, on the command line: who they are, what they did, and what the server tells them.

mod log;
mod operator;
pub mod served;
mod store;

pub use self::{
    log::{Entry, Subject, begin, end, list},
    operator::Operator,
};
