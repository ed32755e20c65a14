//! `vestibule migrate`: what an upgrade would do is said before it is done.

use std::fs;

use serde_json::{Value, json};

use crate::{
    binary::{DatabaseLocation, Server, free_address, refusal},
    operators::{run, run_with},
    support::{Database, RawDb, folder, on_both_databases},
    upgrade::copy,
};

on_both_databases! {
    an_upgrade_is_told_before_it_is_done,
    a_new_database_is_made_before_the_first_start,
}

async fn an_upgrade_is_told_before_it_is_done(database: Database) {
    let (url, _postgres) = copy("0.1.0", database).await;
    let folder = folder();
    let settings = [("DATABASE_URL", url.as_str())];
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    for _ in 0..2 {
        let said = run(&["migrate", "--check"]).assert_status(3);
        assert!(said.out.contains("passkeys") && said.out.contains("Make a backup"), "{}", said.out);
        assert!(said.err.contains("migrations are to be applied"), "{}", said.err);
    }
    let refused = run(&["move", "--to", "sqlite:there.db"]).assert_status(2).err;
    assert!(refused.contains("Run `vestibule migrate` first"), "{refused}");
    let checked = run(&["migrate", "--check", "--json"]).assert_status(3).out;
    let checked: Value = serde_json::from_str(&checked).unwrap();
    let passkeys = checked["migrations"].as_array().unwrap().iter().find(|found| found["version"] == 19).unwrap();
    assert_eq!(passkeys["name"], "passkeys");
    assert_eq!((&passkeys["tables"], &passkeys["rewrites"]), (&json!(["passkey_challenges", "passkeys"]), &json!([])));
    assert_eq!((&checked["backup_advised"], &checked["applied"]), (&json!(true), &json!(false)));

    assert!(run(&["migrate"]).assert_status(0).out.contains("migrations were applied"));
    assert!(run(&["migrate", "--check"]).assert_status(0).out.contains("is up to date"));
    assert_eq!(run(&["log", "--json"]).json()[0]["action"], "migrate");

    // A version that is older than the database says so in one line, whatever it is asked.
    let future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 9999, 'future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1";
    let mut raw = RawDb::connect(&url).await;
    raw.run(future).await;
    raw.close().await;
    let lines =
        [&["migrate", "--check"][..], &["migrate"], &["move", "--to", "sqlite:there.db"], &["accounts", "list"]];
    for line in lines {
        let (code, said) = refusal(&folder, free_address(), &settings, line);
        assert!(code == 1 && said.contains("newer vestibule"), "{said}");
    }
}

/// A deployment has the same steps the first time.
async fn a_new_database_is_made_before_the_first_start(place: DatabaseLocation) {
    let folder = folder();
    let run = |line: &[&str]| run(&folder, &place, line, "");
    let said = run(&["migrate", "--check"]).assert_status(3);
    assert!(said.out.contains("There is no database of a server"), "{}", said.out);
    assert!(said.err.contains("is to be created") && said.err.contains("(from DATABASE_URL"), "{}", said.err);
    let checked: Value = serde_json::from_str(&run(&["migrate", "--check", "--json"]).assert_status(3).out).unwrap();
    assert_eq!((&checked["new_database"], &checked["backup_advised"]), (&json!(true), &json!(false)));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made");
    run(&["log"]).assert_status(1);

    let made = run(&["migrate"]).assert_status(0);
    assert!(made.out.contains("was created") && made.err.contains("(from DATABASE_URL"), "{}{}", made.out, made.err);
    assert!(run(&["migrate"]).assert_status(0).out.contains("is up to date"));
    assert_eq!(run(&["log", "--json"]).json()[0]["action"], "migrate");
    Server::start(&folder, &[("DATABASE_URL", place.url())]).token();
}
