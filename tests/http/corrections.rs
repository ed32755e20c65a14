//! `vestibule accounts confirm`, `rename` and `change-address`, beside a server that runs on the same database.

use std::time::Instant;

use serde_json::json;

use crate::{
    binary::{DatabaseLocation, PATIENCE, Server},
    operators::{cookie, is_signed_in, run_with},
    support::{PASSWORD, Sink, folder, members, on_both_databases},
};

on_both_databases! {
    an_operator_corrects_an_account,
}

async fn an_operator_corrects_an_account(place: DatabaseLocation) {
    let (folder, sink) = (folder(), Sink::open().await);
    let (ada, new, url) = ("ada@example.org", "ada@new.example", sink.url());
    let settings = [
        ("DATABASE_URL", place.url()),
        ("VESTIBULE_MAIL__SMTP_URL", url.as_str()),
        ("VESTIBULE_MAIL__FROM", "hello@vestibule.example"),
    ];
    let server = Server::start(&folder, &settings);
    let token = server.token();
    let session = cookie(&server, ada, PASSWORD).unwrap();
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let last = || run(&["log", "--json", "--limit", "1"]).json()[0].clone();
    // The link to confirm that comes with signing up.
    let begun = Instant::now();
    while sink.taken().is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    let account = run(&["accounts", "confirm", ada, "--json"]).json();
    assert_eq!(members(&account), ["created_at", "disabled_at", "email", "email_verified_at", "id", "name"]);
    assert!(account["email_verified_at"].is_string(), "{account}");
    assert!(run(&["accounts", "confirm", ada]).assert_status(0).out.contains("was already confirmed"));
    assert_eq!((&last()["action"], &last()["subject_id"]), (&json!("accounts confirm"), &account["id"]));

    assert_eq!(run(&["accounts", "rename", ada, " Ada Lovelace ", "--json"]).json()["name"], "Ada Lovelace");
    assert_eq!(last()["action"], "accounts rename");
    assert!(run(&["accounts", "rename", ada, ""]).assert_status(2).err.contains("Enter a name"));
    assert_eq!(last()["outcome"], "failed");
    let odd = run(&["accounts", "rename", ada, "Ada\u{7}Lovelace"]).assert_status(2).err;
    assert!(odd.contains("Remove the control characters") && !odd.contains("1 to 100"), "{odd}");

    let bob = [("name", "Bob"), ("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(server.form("/sign-up", "", &bob).0, 303);
    for (wrong, told) in [("bob@example.org", "Another account"), (ada, "already the address"), ("ada", "Enter an")] {
        let said = run(&["accounts", "change-address", ada, wrong]).assert_status(2);
        assert!(said.err.contains(told), "{wrong}: {}", said.err);
    }
    let said = run(&["accounts", "change-address", ada, "Ada@New.example"]).assert_status(0);
    assert!(said.out.contains("is now ada@new.example") && said.err.contains("link to confirm"), "{}", said.err);
    assert_eq!(last()["subject"], "ada@example.org to ada@new.example");
    let to = |address: &str, subject: &str| {
        let mut letters = sink.taken().into_iter().map(|(_, letter)| letter);
        letters.find(|letter| letter.header("To").contains(address) && letter.header("Subject").contains(subject))
    };
    let letter = loop {
        let old = to(ada, "Your email address was changed");
        if let (Some(_), Some(letter)) = (old, to(new, "This is the new email address")) {
            break letter;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let link = letter.path("/confirm/").unwrap();
    assert!(is_signed_in(&server, &session), "as after a change by the owner");
    assert_eq!(server.json("GET /api/v1/me", &token, &json!(null)).1["email"], new);
    assert!(cookie(&server, ada, PASSWORD).is_none() && cookie(&server, new, PASSWORD).is_some());
    let shown = run(&["accounts", "show", new, "--json"]).json();
    assert!(shown["account"]["email_verified_at"].is_null(), "{shown}");
    assert_eq!(server.form(&link, &session, &[("password", PASSWORD)]).0, 303);
    let shown = run(&["accounts", "show", new, "--json"]).json();
    assert!(shown["account"]["email_verified_at"].is_string(), "{shown}");

    let back = run(&["accounts", "change-address", new, ada, "--confirmed", "--json"]).json();
    assert!(back["email"] == ada && back["email_verified_at"].is_string(), "{back}");
    run(&["accounts", "disable", ada]).assert_status(0);
    assert!(run(&["accounts", "change-address", ada, new]).assert_status(2).err.contains("enable it first"));
    let listed = run(&["activity", "list", ada, "--json"]).json();
    let by_operator = listed.as_array().unwrap().iter().filter(|event| event["credential"] == "operator");
    let kinds: Vec<_> = by_operator.map(|event| event["kind"].as_str().unwrap()).collect();
    for kind in ["address_confirmed", "name_changed", "address_changed"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}
