//! The migrations, carried inside the binary.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A migration's version, its name, and its text for SQLite and for PostgreSQL.
type Step = (i64, &'static str, &'static str, &'static str);

const STEPS: &[Step] = &[
    (
        1,
        "house",
        include_str!("../../migrations/sqlite/0001_house.sql"),
        include_str!("../../migrations/postgres/0001_house.sql"),
    ),
    (
        2,
        "sessions",
        include_str!("../../migrations/sqlite/0002_sessions.sql"),
        include_str!("../../migrations/postgres/0002_sessions.sql"),
    ),
    (
        3,
        "mail",
        include_str!("../../migrations/sqlite/0003_mail.sql"),
        include_str!("../../migrations/postgres/0003_mail.sql"),
    ),
    (
        4,
        "people",
        include_str!("../../migrations/sqlite/0004_people.sql"),
        include_str!("../../migrations/postgres/0004_people.sql"),
    ),
    (
        5,
        "token door",
        include_str!("../../migrations/sqlite/0005_token_door.sql"),
        include_str!("../../migrations/postgres/0005_token_door.sql"),
    ),
    (
        6,
        "credentials",
        include_str!("../../migrations/sqlite/0006_credentials.sql"),
        include_str!("../../migrations/postgres/0006_credentials.sql"),
    ),
    (
        7,
        "known devices",
        include_str!("../../migrations/sqlite/0007_known_devices.sql"),
        include_str!("../../migrations/postgres/0007_known_devices.sql"),
    ),
    (
        8,
        "operators",
        include_str!("../../migrations/sqlite/0008_operators.sql"),
        include_str!("../../migrations/postgres/0008_operators.sql"),
    ),
    (
        10,
        "bounds",
        include_str!("../../migrations/sqlite/0010_bounds.sql"),
        include_str!("../../migrations/postgres/0010_bounds.sql"),
    ),
];

/// SQLite's. Each step runs in a transaction of its own.
pub(super) fn sqlite() -> Migrator {
    migrator(|step| step.2)
}

/// PostgreSQL's. sqlx holds an advisory lock while they run, so several instances may start at once (S46, T21).
pub(super) fn postgres() -> Migrator {
    migrator(|step| step.3)
}

fn migrator(text: impl Fn(&Step) -> &'static str) -> Migrator {
    let migration = |step: &Step| {
        Migration::new(step.0, Cow::Borrowed(step.1), MigrationType::Simple, Cow::Borrowed(text(step)), false)
    };
    Migrator { migrations: STEPS.iter().map(migration).collect(), ..Migrator::DEFAULT }
}
