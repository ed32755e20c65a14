//! `vestibule clients`, beside a server that runs on the same database.

use serde_json::json;

use crate::{
    binary::{DatabaseLocation, Server},
    operators::run,
    support::{folder, members, on_both_databases},
};

on_both_databases! {
    an_operator_registers_lists_and_deletes_applications,
}

async fn an_operator_registers_lists_and_deletes_applications(place: DatabaseLocation) {
    let folder = folder();
    let server = Server::start(&folder, &[("DATABASE_URL", place.url())]);
    let run = |line: &[&str]| run(&folder, &place, line, "");
    let none = run(&["clients", "list"]).assert_status(0).out;
    assert!(none.starts_with("There are no registered applications."), "{none}");

    let uri = "com.example.app:/callback";
    let made = run(&["clients", "add", "Notes for Mac", "--redirect-uri", uri]).assert_status(0).out;
    let id = made.strip_prefix("client_id").unwrap().trim().to_owned();
    let line = ["clients", "add", "Reader", "--redirect-uri", uri, "--scope", "account:read", "--letter", "R"];
    run(&[&line[..], &["--dpop-bound"]].concat()).assert_status(0);
    let [reader, _] = run(&["clients", "list", "--json"]).json().as_array().unwrap().clone().try_into().unwrap();
    assert_eq!((&reader["scopes"], &reader["letter"]), (&json!(["account:read"]), &json!("R")));
    assert_eq!(reader["dpop_bound_access_tokens"], true);
    let table = run(&["clients", "list"]).assert_status(0).out;
    assert!(table.contains("public, bound to a key") && table.contains("account:read"), "{table}");
    for wrong in [["--scope", "tokens:manage"], ["--letter", "RR"]] {
        let refused = run(&[&["clients", "add", "App", "--redirect-uri", uri][..], &wrong].concat());
        assert!(refused.code == 2 && refused.err.contains(&wrong[0][2..]), "{}", refused.err);
    }
    let asked = run(&["clients", "remove", reader["id"].as_str().unwrap()]).assert_status(2).err;
    assert!(asked.contains("this deletes the application Reader") && asked.contains("--yes"), "{asked}");
    run(&["clients", "remove", reader["id"].as_str().unwrap(), "--yes"]).assert_status(0);
    let line = ["clients", "add", "Server", "--redirect-uri", "https://app.example/cb", "--confidential", "--json"];
    let secret = run(&line).json();
    assert_eq!(members(&secret), ["client_id", "client_secret", "name"]);
    assert!(secret["client_secret"].as_str().unwrap().starts_with("vcs_"), "{secret}");

    let device = run(&["clients", "add", "TV", "--device", "--json"]).json();
    let fields = format!("client_id={}&scope=account:read", device["client_id"].as_str().unwrap());
    let form = ["content-type: application/x-www-form-urlencoded"];
    assert_eq!(server.call("POST /api/v1/oauth/device_authorization", &form, &fields).0, 200);
    let table = run(&["clients", "list"]).assert_status(0).out;
    assert!(table.contains("confidential") && table.contains(uri) && table.contains("operator"), "{table}");
    assert_eq!(run(&["clients", "list", "--json"]).json().as_array().unwrap().len(), 3);
    // The running server knows it: nobody is signed in, so it asks for that.
    let asked = format!(
        "GET /authorize?client_id={id}&redirect_uri=com.example.app%3A%2Fcallback&response_type=code&scope=account:read\
         &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    assert_eq!(server.call(&asked, &[], "").0, 303);
    run(&["clients", "remove", &id, "--yes"]).assert_status(0);
    assert_eq!(server.call(&asked, &[], "").0, 400);
    let again = run(&["clients", "remove", &id, "--yes"]).assert_status(2).err;
    assert!(again.contains(&format!("there is no application {id}. Database: ")), "{again}");
    for uri in ["http://app.example/", "javascript:alert(1)", ""] {
        let refused = run(&["clients", "add", "App", "--redirect-uri", uri]);
        assert!(refused.code == 2 && refused.err.contains("redirect"), "{}", refused.err);
    }
    let log = run(&["log", "--json"]).json().to_string();
    assert!(log.contains("clients add") && log.contains("clients remove"), "{log}");
}
