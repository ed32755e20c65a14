//! All sections together: what is read, and what is found.

use std::{collections::HashMap, fs, path::Path};

use super::{
    FILE, Finding, FirstPartyClient, ProxyHeader, Settings,
    Severity::{Advice, Error},
    TokenLogin,
    names::{self, unknown_variable, variable_of},
    sources,
};

fn environment(variables: &[(&str, &str)]) -> HashMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn load(variables: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::load(Path::new("no such file"), &environment(variables)).map_err(|error| error.to_string())
}

fn keys() -> names::Keys {
    names::keys(&Settings::default())
}

/// What is found after a `change` of the defaults.
fn found(change: impl FnOnce(&mut Settings)) -> Vec<Finding> {
    let mut settings = Settings::default();
    change(&mut settings);
    settings.findings()
}

#[test]
fn the_defaults_are_sound() {
    assert!(found(|_| {}).is_empty());
}

#[test]
fn everything_is_found_at_once_and_errors_come_first() {
    let found = found(|settings| {
        settings.server.public_url = "http://vestibule.example".parse().unwrap();
        settings.cors.allowed_origins = vec!["*".into(), "https://app.example/".into(), "https://ok.example".into()];
        settings.tokens.prefix = String::new();
        settings.tokens.per_account = 0;
    });
    let keys: Vec<_> = found.iter().map(|finding| (finding.severity, finding.key)).collect();
    assert_eq!(
        keys,
        [
            (Error, "tokens.prefix"),
            (Error, "tokens.per_account"),
            (Error, "cors.allowed_origins"),
            (Error, "cors.allowed_origins"),
            (Advice, "server.public_url"),
            (Advice, "mail.smtp_url"),
        ]
    );
}

/// Reads the list of settings from the settings themselves, so that one which is added later is among them.
#[test]
fn every_number_has_a_range() {
    let numbers = keys().into_iter().filter(|(_, default)| default.is_number()).map(|(key, _)| key);
    for key in numbers {
        for (outside, named) in [("4294967295", Some("must be ")), ("4294967296", None), ("-1", None)] {
            match Settings::examine(Path::new("no such file"), &environment(&[(&variable_of(&key), outside)])) {
                Ok((_, found)) => {
                    let found = found.iter().find(|found| found.severity == Error && found.key == key);
                    let found = found.unwrap_or_else(|| panic!("{key} = {outside} is taken"));
                    assert!(named.is_none_or(|named| found.message.contains(named)), "{found:?}");
                }
                Err(error) => assert!(error.to_string().contains(&key), "{key} = {outside}: {error}"),
            }
        }
    }
}

#[test]
fn a_required_confirmation_needs_mail() {
    let mut settings = Settings::default();
    settings.accounts.confirm = super::Confirm::Required;
    assert!(settings.findings().is_empty(), "a development server has its outbox");
    settings.server.public_url = "https://vestibule.example".parse().unwrap();
    let found = settings.findings();
    assert_eq!((found[0].severity, found[0].key), (Error, "accounts.confirm"));
    settings.mail.smtp_url = "smtps://mail.example".into();
    settings.mail.from = "hello@vestibule.example".into();
    assert!(settings.findings().iter().all(|found| found.severity == Advice));
}

#[test]
fn the_public_url_follows_the_port_unless_it_is_set() {
    let port = ("LEPTOS_SITE_ADDR", "127.0.0.1:3400");
    assert_eq!(load(&[port]).unwrap().origin(), "http://localhost:3400");
    // The file of the repository has the default in it.
    let settings = Settings::load(Path::new(FILE), &environment(&[port])).unwrap();
    assert_eq!(settings.origin(), "http://localhost:3400");
    assert!(settings.is_development());
    for url in ["http://localhost:3000", "http://localhost:5173", "https://vestibule.example"] {
        assert_eq!(load(&[port, ("VESTIBULE_SERVER__PUBLIC_URL", url)]).unwrap().origin(), url);
    }
    assert_eq!(load(&[port, ("VESTIBULE_SERVER__PUBLIC_URL", "")]).unwrap().origin(), "http://localhost:3400");
    assert_eq!(load(&[("LEPTOS_SITE_ADDR", "0.0.0.0:3400")]).unwrap().origin(), "http://localhost:3000");
}

#[test]
fn a_limit_of_one_kind_of_object_is_told_its_section() {
    let name = "VESTIBULE_INVOICES__PER_ACCOUNT";
    let message = unknown_variable(name, "5", &keys()).unwrap();
    assert!(message.contains("did you mean VESTIBULE_RESOURCES__PER_ACCOUNT?"), "{message}");
    let message = unknown_variable("VESTIBULE_TOKEN__PER_ACCOUNT", "5", &keys()).unwrap();
    assert!(message.contains("did you mean VESTIBULE_TOKENS__PER_ACCOUNT?"), "{message}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Leptos.toml");
    for (text, told) in [
        ("[invoices]\nper_account = 5\n", "invoices.per_account is not a setting: did you mean resources.per_account?"),
        ("[server]\npublc_url = \"x\"\n", "server.publc_url is not a setting: did you mean server.public_url?"),
        ("[server]\ncolour = 1\n", "server.colour is not a setting"),
        ("[colours]\n", "colours"),
        ("port = 3000\n", "port"),
    ] {
        fs::write(&file, text).unwrap();
        let error = Settings::load(&file, &HashMap::new()).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn all_that_cannot_be_read_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Leptos.toml");
    fs::write(&file, "[server]\npublc_url = \"x\"\ncolour = 1\n[passwords]\nqueue = \"many\"\n").unwrap();
    let variables = environment(&[("VESTIBULE_TOKENS__MAX_DAYS", "long")]);
    let error = Settings::load(&file, &variables).unwrap_err().to_string();
    for told in [
        "server.publc_url is not a setting: did you mean server.public_url? ",
        "server.colour is not a setting",
        "passwords.queue",
        "VESTIBULE_TOKENS__MAX_DAYS",
    ] {
        assert!(error.contains(told), "{told}: {error}");
    }
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn nothing_at_all_works() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.origin(), "http://localhost:3000");
    assert_eq!(settings.database.url, "sqlite:vestibule.db");
}

#[test]
fn the_repository_file_holds_the_defaults() {
    let environment = HashMap::new();
    let file = Settings::load(Path::new(FILE), &environment).unwrap();
    assert_eq!(format!("{file:?}"), format!("{:?}", load(&[]).unwrap()));
}

#[test]
fn the_environment_overrides() {
    let settings = load(&[
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "http://localhost:5173,https://app.example.com"),
        ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example"),
        ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8"),
        ("VESTIBULE_SERVER__PROXY_HEADER", "forwarded"),
        ("VESTIBULE_SERVER__HOSTS", "www.vestibule.example,10.0.0.7"),
        ("VESTIBULE_PASSWORDS__QUEUE", "5"),
        ("VESTIBULE_TOOLS", "not a setting"),
        ("DATABASE_URL", "postgres://db/x?sslmode=require"),
        ("LEPTOS_SITE_ADDR", "0.0.0.0:8080"),
    ])
    .unwrap();
    assert_eq!(settings.cors.allowed_origins, ["http://localhost:5173", "https://app.example.com"]);
    assert_eq!(settings.origin(), "https://vestibule.example");
    assert_eq!(settings.server.trusted_proxies, ["127.0.0.1", "10.0.0.0/8"]);
    assert_eq!(settings.server.proxy_header, ProxyHeader::Forwarded);
    assert_eq!(settings.hosts(), ["vestibule.example", "www.vestibule.example", "10.0.0.7"]);
    assert_eq!(settings.passwords.queue, 5);
    assert_eq!(settings.database.url, "postgres://db/x?sslmode=require");
    assert_eq!(settings.server.address.to_string(), "0.0.0.0:8080");
}

#[test]
fn dangerous_and_mistyped_settings_are_named() {
    for (name, value, named) in [
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "*", "cors.allowed_origins"),
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "null", "cors.allowed_origins"),
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "https://app.example.com/", "https://app.example.com"),
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "app.example.com", "cors.allowed_origins"),
        ("VESTIBULE_SERVER__PUBLIC_URL", "https://x.example/app", "server.public_url"),
        ("VESTIBULE_SERVER__PUBLIC_URL", "nonsense", "public_url"),
        ("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,proxy.internal", "server.trusted_proxies"),
        ("VESTIBULE_SERVER__TRUSTED_PROXIES", "0.0.0.0/0", "server.trusted_proxies"),
        ("VESTIBULE_SERVER__HOSTS", "app.example.com:8443", "server.hosts"),
        ("VESTIBULE_SERVER__HOSTS", "https://app.example.com", "server.hosts"),
        ("VESTIBULE_SERVER__PROXY_HEADER", "x-real-ip", "proxy_header"),
        ("VESTIBULE_PASSWORDS__MEMORY_KIB", "8", "passwords"),
        ("VESTIBULE_DATABASE__SEARCH_MS", "99", "database.search_ms"),
        ("VESTIBULE_DATABASE__SEARCH_MS", "10001", "database.search_ms"),
        ("VESTIBULE_TOKENS__PREFIX", "a b", "tokens.prefix"),
        ("VESTIBULE_TOKENS__MAX_DAYS", "29", "tokens.login_remember_days"),
        ("VESTIBULE_TOKENS__LOGIN_RENEW_HOURS", "0", "tokens.login_renew_hours"),
        ("VESTIBULE_TOKENS__LOGIN_REMEMBER_RENEW_DAYS", "3661", "tokens.login_remember_renew_days"),
        ("VESTIBULE_TOKENS__PER_ACCOUNT", "0", "tokens.per_account"),
        ("VESTIBULE_TOKENS__KEEP_DAYS", "0", "tokens.keep_days"),
        ("VESTIBULE_RESOURCES__PER_ACCOUNT", "0", "resources.per_account"),
        ("VESTIBULE_RESOURCES__PER_ACCOUNT", "1000001", "resources.per_account"),
        ("VESTIBULE_ACCOUNTS__RESET_MINUTES", "61", "accounts.reset_minutes"),
        ("VESTIBULE_FACTORS__RESET_HOURS", "0", "factors.reset_hours"),
        ("VESTIBULE_FACTORS__RESET_HOURS", "721", "factors.reset_hours"),
        ("VESTIBULE_ACCOUNTS__CONFIRM_HOURS", "0", "accounts.confirm_hours"),
        ("VESTIBULE_ACCOUNTS__REAUTHENTICATION_MINUTES", "0", "accounts.reauthentication_minutes"),
        ("VESTIBULE_ACCOUNTS__CONFIRM", "maybe", "confirm"),
        ("VESTIBULE_MAIL__FROM", "nobody", "mail.from"),
        ("VESTIBULE_MAIL__SMTP_URL", "smtps://mail.example", "mail.from"),
        ("VESTIBULE_SESSIONS__IDLE_HOURS", "0", "sessions.idle_hours"),
        ("VESTIBULE_SESSIONS__IDLE_HOURS", "25", "sessions.lifetime_hours"),
        ("VESTIBULE_SESSIONS__LIFETIME_HOURS", "337", "sessions.lifetime_hours"),
        ("VESTIBULE_SESSIONS__REMEMBER_IDLE_DAYS", "0", "sessions.remember_idle_days"),
        ("VESTIBULE_SESSIONS__REMEMBER_DAYS", "7", "sessions.remember_days"),
        ("VESTIBULE_SESSIONS__DEVICE_BOUND", "required-for-operators", "sessions.device_bound"),
        ("VESTIBULE_SESSIONS__BOUND_COOKIE_SECONDS", "9", "sessions.bound_cookie_seconds"),
        ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "0", "throttle.sign_ins_here"),
        ("VESTIBULE_THROTTLE__SIGN_INS_HERE", "101", "throttle.sign_ins_here"),
        ("VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS", "0", "throttle.sign_ups_per_address"),
        ("VESTIBULE_THROTTLE__MAILS_PER_RECIPIENT", "0", "throttle.mails_per_recipient"),
        ("VESTIBULE_RATE_LIMITS__PER_TOKEN", "0", "rate_limits.per_token"),
        ("VESTIBULE_RATE_LIMITS__PER_ADDRESS", "0", "rate_limits.per_address"),
        ("VESTIBULE_ACTIVITY__KEEP_DAYS", "0", "activity.keep_days"),
        ("VESTIBULE_MAIL__KEEP_DAYS", "0", "mail.keep_days"),
        ("VESTIBULE_BACKUP__KEEP", "0", "backup.keep"),
        ("VESTIBULE_BACKUP__EVERY_HOURS", "10000", "backup.every_hours"),
        ("VESTIBULE_EVENTS__STREAMS", "0", "events.streams"),
        ("VESTIBULE_EVENTS__STREAMS_PER_ACCOUNT", "0", "events.streams_per_account"),
        ("VESTIBULE_EVENTS__KEEP_ALIVE_SECONDS", "51", "events.keep_alive_seconds"),
        ("VESTIBULE_EVENTS__KEEP_DAYS", "0", "events.keep_days"),
        ("VESTIBULE_REPORTS__KEEP_DAYS", "0", "reports.keep_days"),
        ("VESTIBULE_LAB__ENABLED", "sometimes", "enabled"),
        ("VESTIBULE_LAB__ADDRESS", "127.0.0.1:3000", "lab.address"),
        ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3000", "lab.same_site_url"),
        ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3002/", "lab.same_site_url"),
        ("VESTIBULE_LAB__SAME_SITE_URL", "http://localhost:3002", "lab.cross_site_url"),
        ("VESTIBULE_LAB__CROSS_SITE_URL", "http://127.0.0.1:3002", "lab.same_site_url"),
        ("VESTIBULE_SERVER__PORT", "3000", "port"),
        ("LEPTOS_SITE_ADDR", "somewhere", "address"),
    ] {
        let error = load(&[(name, value)]).unwrap_err();
        assert!(error.contains(named), "{name}={value}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn empty_means_not_set() {
    let names: Vec<_> = keys().keys().map(|key| variable_of(key)).collect();
    for empty in ["", " ", "\t"] {
        let mut variables: Vec<_> = names.iter().map(|name| (name.as_str(), empty)).collect();
        variables.extend(sources::WELL_KNOWN.iter().map(|(name, _)| (*name, empty)));
        assert_eq!(format!("{:?}", load(&variables).unwrap()), format!("{:?}", Settings::default()));
    }
}

#[test]
fn a_list_is_what_stands_between_its_commas() {
    for (value, list) in [
        ("https://a.example,", &["https://a.example"][..]),
        (", https://a.example , ,https://b.example\n", &["https://a.example", "https://b.example"]),
        (",", &[]),
    ] {
        let settings = load(&[("VESTIBULE_CORS__ALLOWED_ORIGINS", value)]).unwrap();
        assert_eq!(settings.cors.allowed_origins, list, "{value:?}");
    }
    let settings = load(&[
        ("VESTIBULE_SERVER__HOSTS", "a.example, b.example,"),
        ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1, ::1,"),
    ])
    .unwrap();
    assert_eq!(settings.server.hosts, ["a.example", "b.example"]);
    assert_eq!(settings.server.trusted_proxies, ["127.0.0.1", "::1"]);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Leptos.toml");
    fs::write(&file, "[cors]\nallowed_origins = [\" https://a.example\", \"\"]\n").unwrap();
    let settings = Settings::load(&file, &HashMap::new()).unwrap();
    assert_eq!(settings.cors.allowed_origins, ["https://a.example"]);
    let over = environment(&[("VESTIBULE_CORS__ALLOWED_ORIGINS", "https://b.example")]);
    assert_eq!(Settings::load(&file, &over).unwrap().cors.allowed_origins, ["https://b.example"]);
}

#[test]
fn a_text_stays_what_it_is() {
    let settings = load(&[("VESTIBULE_TOKENS__PREFIX", "0123"), ("VESTIBULE_TOKENS__MAX_DAYS", " 365 ")]).unwrap();
    assert_eq!((settings.tokens.prefix.as_str(), settings.tokens.max_days), ("0123", 365));
}

#[test]
fn a_name_that_means_nothing_is_an_error() {
    let variables = environment(&[("VESTIBULE_SERVER_PUBLIC_URL", "https://app.example"), ("VESTIBULE_X", "")]);
    let (_, findings) = Settings::examine(Path::new("no such file"), &variables).unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].severity, findings[0].key), (Error, "environment"));
    assert!(findings[0].message.contains("did you mean VESTIBULE_SERVER__PUBLIC_URL?"), "{findings:?}");
    assert!(Settings::load(Path::new("no such file"), &variables).is_err());
}

#[test]
fn what_named_the_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Leptos.toml");
    let told = |variables: &[(&str, &str)]| {
        let variables = environment(variables);
        Settings::load(&file, &variables).unwrap().sources(&file, &variables).to_string()
    };
    assert!(told(&[]).contains("sqlite:vestibule.db (the default, in /") && told(&[]).contains("does not exist"));
    fs::write(&file, "[database]\nurl = \"sqlite:/srv/house.db\"\n").unwrap();
    assert!(told(&[]).contains(&format!("sqlite:/srv/house.db (from {})", file.display())), "{}", told(&[]));
    let ours = ("VESTIBULE_DATABASE__URL", "sqlite:/srv/ours.db");
    assert!(told(&[ours, ("DATABASE_URL", "")]).contains("sqlite:/srv/ours.db (from VESTIBULE_DATABASE__URL)"));
    let theirs = ("DATABASE_URL", "postgres://me:s3cret@localhost/theirs");
    let both = told(&[ours, theirs]);
    assert!(both.contains("postgres://localhost/theirs (from DATABASE_URL)") && !both.contains("s3cret"), "{both}");
    let (_, findings) = Settings::examine(&file, &environment(&[ours, theirs])).unwrap();
    assert!(findings.iter().any(|found| found.severity == Advice && found.message.contains("two databases")));
}

#[test]
fn what_is_no_file_is_not_taken_for_an_absent_one() {
    let folder = tempfile::tempdir().unwrap();
    let error = Settings::load(folder.path(), &HashMap::new()).unwrap_err().to_string();
    assert!(error.contains("it is not a file"), "{error}");
}

#[test]
fn what_means_nothing_is_told_with_what_was_meant() {
    let keys = keys();
    for (name, meant) in [
        ("VESTIBULE_SERVER_PUBLIC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
        ("VESTIBULE_SERVER__PUBLC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
        ("VESTIBULE_PUBLIC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
        ("VESTIBULE_MAIL_SMTP_URL", "did you mean VESTIBULE_MAIL__SMTP_URL?"),
        ("VESTIBULE_CORS__ALLOWED_ORIGIN", "did you mean VESTIBULE_CORS__ALLOWED_ORIGINS?"),
        ("VESTIBULE_SERVER___HOSTS", "did you mean VESTIBULE_SERVER__HOSTS?"),
        ("VESTIBULE_DATABASE_URL", "did you mean VESTIBULE_DATABASE__URL?"),
        ("VESTIBULE_COLOUR", "VESTIBULE_<SECTION>__<KEY>"),
        ("VESTIBULE_", "VESTIBULE_<SECTION>__<KEY>"),
    ] {
        let message = unknown_variable(name, "x", &keys).unwrap();
        assert!(message.starts_with(name) && message.contains(meant), "{name}: {message}");
    }
}

#[test]
fn every_setting_has_a_name() {
    let keys = keys();
    assert!(keys.len() > 40 && keys["cors.allowed_origins"].is_array() && keys["passwords.queue"].is_number());
    for key in keys.keys() {
        assert_eq!(unknown_variable(&variable_of(key), "x", &keys), None, "{key}");
    }
}

#[test]
fn what_others_put_there_is_theirs() {
    for (name, value) in [
        ("VESTIBULE_TOOLS", "/opt/tools"),
        ("VESTIBULE_BINARY", "target/debug/vestibule"),
        ("VESTIBULE_SERVICE_HOST", "10.0.0.1"),
        ("VESTIBULE_SERVICE_PORT", "3000"),
        ("VESTIBULE_SERVICE_PORT_HTTP", "3000"),
        ("VESTIBULE_PORT", "tcp://10.0.0.1:3000"),
        ("VESTIBULE_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
        ("VESTIBULE_PORT_3000_TCP_ADDR", "10.0.0.1"),
        ("VESTIBULE_WEB_PORT_3000_TCP_PROTO", "tcp"),
        ("PATH", "/bin"),
    ] {
        assert_eq!(unknown_variable(name, value, &keys()), None, "{name}");
    }
    assert!(unknown_variable("VESTIBULE_PORT", "3000", &keys()).is_some(), "that one was meant for us");
}

#[test]
fn passwords_are_taken_for_tokens_until_something_better_is_there() {
    let takes = |login: TokenLogin, address: &str, client: bool| {
        let mut settings = Settings::default();
        settings.tokens.login = login;
        settings.server.address = address.parse().unwrap();
        settings.oauth.clients = client.then(FirstPartyClient::default).into_iter().collect();
        (settings.takes_passwords_for_tokens(), settings.token_login_summary())
    };
    let (here, open) = ("127.0.0.1:3000", "0.0.0.0:3000");
    for (login, address, client, taken) in [
        (TokenLogin::Auto, here, false, true),
        (TokenLogin::Auto, here, true, true),
        (TokenLogin::Auto, open, false, true),
        (TokenLogin::Auto, open, true, false),
        (TokenLogin::On, open, true, true),
        (TokenLogin::Off, here, false, false),
    ] {
        let (takes, said) = takes(login, address, client);
        assert_eq!(takes, taken, "{login:?} {address} {client}");
        assert_eq!(said.starts_with("Calls of /api/v1 take passwords"), taken, "{said}");
    }
    let advised = |login: TokenLogin| {
        let found = found(|settings| {
            settings.tokens.login = login;
            settings.server.address = open.parse().unwrap();
            let uris = vec!["https://app.example/callback".into()];
            settings.oauth.clients = vec![FirstPartyClient {
                id: "spa".into(),
                name: "spa".into(),
                redirect_uris: uris,
                ..Default::default()
            }];
        });
        found.iter().any(|finding| finding.key == "tokens.login" && finding.severity == Advice)
    };
    assert!(advised(TokenLogin::On) && !advised(TokenLogin::Auto) && !advised(TokenLogin::Off));
}
