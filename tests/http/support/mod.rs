//! The harness: the application, browsers and clients that use it, and access to its database.

mod app;
pub mod apps;
mod ask;
mod authenticator;
mod entries;
mod forms;
mod people;
mod post;
pub mod resource;
pub mod routes;
mod rows;
mod run;
mod template;
pub mod visitor;

pub use self::{
    app::{Database, OURS, PASSWORD, Prepare, SPA, TestApp, all_scopes, features},
    ask::{Request, Response, field_error, hang_up_after, members},
    authenticator::{Authenticator, flags},
    forms::PageForm,
    people::{Browser, Client, Door, Person, TOKEN_MEMBERS, current_token_members},
    post::{Email, Sink},
    rows::RawDb,
    run::{Pgbouncer, Postgres, folder},
};

/// Runs each of these functions as a test on both databases. What a function asks for, a `TestApp` or the bare
/// `Database`, is made for it.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::support::{Database, check};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                check(Database::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                check(Database::Postgres, super::$test).await;
            }
        }
    )+};
}

/// Runs each of these functions as a test once, on SQLite: what they are about does not depend on the database.
macro_rules! without_database {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::support::{Database, check};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn once() {
                check(Database::Sqlite, super::$test).await;
            }
        }
    )+};
}

pub(crate) use on_both_databases;
pub(crate) use without_database;

/// Runs `test` with what it asks for, on `database`.
pub async fn check<T: Prepare>(database: Database, test: impl AsyncFnOnce(T)) {
    test(T::on(database).await).await;
}
