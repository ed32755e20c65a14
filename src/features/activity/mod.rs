//! The list of recent activity on the account page.

mod view;

pub use view::ActivityList;
