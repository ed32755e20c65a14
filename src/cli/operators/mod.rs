//! Operators, who use the command line: who they are, what they did, and the server's public URL.

mod entry;
mod log;
mod operator;
pub mod schedule;
pub mod served;
mod store;

pub use self::{
    entry::Between,
    log::{Subject, begin, end, list, list_between},
    operator::Operator,
};
