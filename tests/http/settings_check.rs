//! Settings that cannot be right: how `vestibule serve` and `vestibule check` say so.

use std::fs;

use serde_json::{Value, json};

use crate::{
    binary::{command, free_address, refusal},
    support::folder,
};

#[test]
fn a_bad_setting_is_one_line_that_names_it_and_2() {
    for (name, value, named) in [
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "*", "cors.allowed_origins"),
        ("VESTIBULE_SERVER__PUBLIC_URL", "https://example.org/app", "server.public_url"),
        ("VESTIBULE_PASSWORDS__MEMORY_KIB", "8", "passwords"),
        ("VESTIBULE_TOKENS__PREFIX", "a b", "tokens.prefix"),
        ("VESTIBULE_SERVER__PROT", "3000", "prot"),
        ("VESTIBULE_PASSWORDS__QUEUE", "many", "queue"),
        ("LEPTOS_SITE_ADDR", "nowhere", "address"),
    ] {
        let (code, line) = refusal(&folder(), free_address(), &[(name, value)], &["serve"]);
        assert_eq!(code, 2, "{line}");
        assert!(line.contains(named), "{name}={value}: {line}");
        let (code, said) = check(&[(name, value)], &[]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(named), "{name}={value}: {said}");
    }
}

/// Runs `vestibule check` and gives the exit code and everything it says.
pub(super) fn check(settings: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut command = command(&folder(), free_address(), settings);
    let done = command.arg("check").args(arguments).output().unwrap();
    let said = String::from_utf8([done.stdout, if arguments.is_empty() { done.stderr } else { Vec::new() }].concat());
    (done.status.code().unwrap(), said.unwrap())
}

const ODD: [(&str, &str); 3] = [
    ("VESTIBULE_CORS__ALLOWED_ORIGINS", "*,https://app.example/,https://app.example"),
    ("VESTIBULE_SERVER__PUBLIC_URL", "http://vestibule.example"),
    ("VESTIBULE_TOKENS__PER_ACCOUNT", "0"),
];

/// So that whoever has the binary only can begin with it.
#[test]
fn the_settings_that_are_printed_are_a_settings_file() {
    let folder = folder();
    let printed = command(&folder, free_address(), &[]).arg("settings").output().unwrap();
    assert!(printed.status.success());
    fs::write(folder.join("mine.toml"), &printed.stdout).unwrap();
    let checked = command(&folder, free_address(), &[]).args(["check", "--config", "mine.toml"]).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
}

#[test]
fn check_says_everything_at_once() {
    let (code, said) = check(&ODD, &[]);
    assert_eq!(code, 2, "{said}");
    let lines: Vec<_> = said.lines().collect();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line.split_once("  ").map(|(kind, _)| kind.trim())).collect();
    assert_eq!(kinds, ["error", "error", "error", "advice", "advice"], "{said}");
    assert!(lines[0].contains("tokens.per_account") && lines[1].contains(r#""*" would let every page"#), "{said}");
    assert!(lines[2].contains(r#"write "https://app.example""#), "{said}");
    assert_eq!(lines[5], "vestibule: 3 settings must be fixed before the server can start");

    let (code, said) = check(&[ODD[1]], &[]);
    assert_eq!(code, 0, "advice alone does no harm: {said}");
    assert!(said.contains("advice  server.public_url: ") && said.contains("The settings are valid."), "{said}");
    let (code, line) = refusal(&folder(), free_address(), &ODD, &["serve"]);
    assert!(
        code == 2 && line.contains("tokens.per_account") && line.contains("2 more: see `vestibule check`"),
        "{line}"
    );
}

#[test]
fn what_is_said_has_one_full_stop() {
    let misspelt = ("VESTIBULE_SERVER_PUBLIC_URL", "https://app.example");
    let (_, said) = check(&[misspelt], &[]);
    assert!(said.contains("did you mean VESTIBULE_SERVER__PUBLIC_URL?\n"), "{said}");
    let (_, line) = refusal(&folder(), free_address(), &[misspelt, ODD[2]], &["serve"]);
    assert!(line.contains("did you mean VESTIBULE_SERVER__PUBLIC_URL? 1 more"), "{line}");
    let folder = folder();
    fs::write(folder.join("Leptos.toml"), "[server]\nhostz = []\n").unwrap();
    let (_, line) = refusal(&folder, free_address(), &[], &["serve"]);
    assert!(line.contains("did you mean server.hosts? See Leptos.toml"), "{line}");
}

/// The setting may be right, and a disk not there yet.
#[test]
fn what_the_machine_refuses_is_1_to_serve_and_2_to_check() {
    for setting in [("DATABASE_URL", "sqlite:no/such/folder/house.db"), ("VESTIBULE_PASSWORDS__BREACHED", "nowhere")] {
        assert_eq!(refusal(&folder(), free_address(), &[setting], &["serve"]).0, 1, "{setting:?}");
        assert_eq!(check(&[setting], &[]).0, 2, "{setting:?}");
    }
}

#[test]
fn check_speaks_json_too() {
    let (code, said) = check(&ODD, &["--json"]);
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &found["valid"]), (2, &json!(false)));
    assert_eq!(found["findings"].as_array().unwrap().len(), 5);
    let first = &found["findings"][0];
    assert_eq!((&first["severity"], &first["key"]), (&json!("error"), &json!("tokens.per_account")));
    assert!(first["message"].is_string());
    let (code, said) = check(&[], &["--json"]);
    assert_eq!((code, said.as_str()), (0, "{\"findings\":[],\"valid\":true}\n"));
}

#[test]
fn a_settings_file_that_cannot_be_read_is_one_line_and_2() {
    let folder = folder();
    for text in ["[server\n", "[server]\ncolour = 1\n", "[sessions]\nlifetime_hours = 0\n", "\u{0}"] {
        fs::write(folder.join("Leptos.toml"), text).unwrap();
        let (code, line) = refusal(&folder, free_address(), &[], &[]);
        assert_eq!(code, 2, "{text}: {line}");
    }
}
