//! Mail: how it is sent, kept and shown.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use tokio::net::TcpListener;
use vestibule::mail::{Mail, Mailer};

use crate::support::{Database, Request, Sink, TestApp, without_database};

without_database! {
    without_a_server_mail_is_kept_in_the_outbox,
    a_development_server_shows_the_outbox,
    the_outbox_opens_with_the_key_that_was_printed,
    the_outbox_is_for_this_machine_alone,
    nobody_else_is_shown_the_outbox,
    mail_goes_to_the_server_that_is_set,
    a_refusal_that_may_pass_is_tried_again,
    a_refusal_for_good_is_not,
    a_server_out_of_reach_stops_nobody,
    a_line_with_a_dot_arrives_as_it_was,
}

fn mail(to: &str) -> Mail {
    let url = "http://localhost:3000/reset/0123456789?a=1&b=2".parse().unwrap();
    Mail::new("test", to, "A test").text("Hello <there>.").link("Follow", url)
}

async fn with_server(database: Database, sink: &Sink) -> (TestApp, Mailer) {
    let app = TestApp::with(database, |settings| {
        settings.mail.smtp_url = sink.url().into();
        settings.mail.from = "Vestibule <hello@vestibule.example>".into();
    })
    .await;
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    (app, mailer)
}

async fn without_a_server_mail_is_kept_in_the_outbox(app: TestApp) {
    assert!(app.letters().await.is_empty());
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    mailer.post(mail("ada@example.org"));
    let [letter] = app.letters().await.try_into().unwrap();
    assert_eq!(letter.header("To"), "ada@example.org");
    assert_eq!(letter.header("From"), "Vestibule <vestibule@localhost>");
    assert_eq!(letter.header("Subject"), "A test");
    assert!(letter.header("Message-ID").ends_with("@localhost>") && letter.header("Date").ends_with(" +0000"));
    assert_eq!(letter.path("/reset/").unwrap(), "/reset/0123456789?a=1&b=2");
    assert!(letter.raw.contains("<p>Hello &lt;there&gt;.</p>"), "{}", letter.raw);

    for entry in fs::read_dir(&app.settings.mail.outbox).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

async fn a_development_server_shows_the_outbox(app: TestApp) {
    assert!(app.get_with_key("/dev/outbox").await.page(200).contains("Nothing yet."));
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    mailer.post(mail("ada@example.org"));
    app.db.wait_idle().await;
    let page = app.get_with_key("/dev/outbox").await.page(200);
    assert!(page.contains("ada@example.org") && page.contains("A test"), "{page}");
    let (_, rest) = page.split_once(r#"href="/dev/outbox/"#).unwrap();
    let path = format!("/dev/outbox/{}", rest.split_once('"').unwrap().0);
    let page = app.get_with_key(&path).await.page(200);
    assert!(page.contains("Hello &lt;there&gt;."), "{page}");
    assert!(page.contains(r#"<a href="http://localhost:3000/reset/0123456789?a=1&amp;b=2">"#), "{page}");

    for name in ["nothing", "..%2f..%2fhouse", "01890000-0000-7000-8000-000000000000"] {
        app.get_with_key(&format!("/dev/outbox/{name}")).await.page(404);
    }
}

async fn the_outbox_opens_with_the_key_that_was_printed(app: TestApp) {
    let opened = app.get(&app.outbox).await;
    let [cookie] = opened.assert_redirect("/dev/outbox").set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Path=/dev", "SameSite=Strict"]);
    assert!(cookie.value.len() >= 22, "128 bits");
    let pair = format!("{}={}", cookie.name, cookie.value);
    let page = app.get("/dev/outbox").header("cookie", &format!("a=b; {pair}")).await;
    assert!(!page.page(200).contains(&cookie.value));

    app.get("/dev/outbox").await.page(404);
    app.get("/dev/outbox?key=").await.page(404);
    app.get("/dev/outbox?key=AAAAAAAAAAAAAAAAAAAAAA").await.page(404);
    app.get("/dev/outbox").header("cookie", "dev_key=").await.page(404);
    let there = app.another_instance().await;
    there.get(&app.outbox).await.page(404);
}

/// Not even with the key: a proxy in front means that others come too.
async fn the_outbox_is_for_this_machine_alone(app: TestApp) {
    let ways: [&dyn Fn() -> Request; 2] = [&|| app.get(&app.outbox), &|| app.get_with_key("/dev/outbox")];
    for ask in ways {
        for address in ["192.0.2.1", "10.0.0.7", "2001:db8::1"] {
            ask().at(address).await.page(404);
        }
        for (name, value) in [
            ("forwarded", "for=192.0.2.1"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "localhost"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
        ] {
            ask().header(name, value).await.page(404);
        }
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_ne!(ask().at(address).await.status, 404, "{address}");
        }
    }
}

async fn nobody_else_is_shown_the_outbox(database: Database) {
    let app = TestApp::https(database).await;
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    mailer.post(mail("ada@example.org"));
    app.db.wait_idle().await;
    let name = fs::read_dir(&app.settings.mail.outbox).unwrap().next().unwrap().unwrap().file_name();
    let name = name.to_str().unwrap().trim_end_matches(".eml").to_owned();
    app.get("/dev/outbox").await.page(404);
    app.get_with_key("/dev/outbox").await.page(404);
    app.get(&format!("/dev/outbox/{name}")).await.page(404);
    app.get_with_key(&format!("/dev/outbox/{name}")).await.page(404);
}

async fn mail_goes_to_the_server_that_is_set(database: Database) {
    let sink = Sink::open().await;
    let (app, mailer) = with_server(database, &sink).await;
    mailer.post(mail("ada@example.org"));
    app.db.wait_idle().await;
    let [(commands, letter)] = sink.taken().try_into().unwrap();
    assert_eq!(commands[0], "EHLO localhost");
    assert!(commands[1].starts_with("MAIL FROM:<hello@vestibule.example>"), "{commands:?}");
    assert_eq!(&commands[2..], ["RCPT TO:<ada@example.org>", "DATA"]);
    assert_eq!(letter.header("To"), "ada@example.org");
    assert_eq!(letter.path("/reset/").unwrap(), "/reset/0123456789?a=1&b=2");
    assert!(!fs::exists(&app.settings.mail.outbox).unwrap());

    // What cannot be an address is not even tried.
    mailer.post(mail("ada@example.org>\r\nRCPT TO:<eve@example.org"));
    app.db.wait_idle().await;
    assert_eq!(sink.tries(), 1);
}

async fn a_refusal_that_may_pass_is_tried_again(database: Database) {
    let sink = Sink::open().await;
    let (app, mailer) = with_server(database, &sink).await;
    sink.refuse(&["451 come back later"]);
    mailer.post(mail("ada@example.org"));
    app.db.wait_idle().await;
    assert_eq!((sink.tries(), sink.taken().len()), (2, 1));
}

async fn a_refusal_for_good_is_not(database: Database) {
    let sink = Sink::open().await;
    let (app, mailer) = with_server(database, &sink).await;
    sink.refuse(&["550 no such person"]);
    mailer.post(mail("ada@example.org"));
    app.db.wait_idle().await;
    assert_eq!((sink.tries(), sink.taken().len()), (1, 0));
}

async fn a_server_out_of_reach_stops_nobody(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.mail.smtp_url = "smtp://127.0.0.1:1".into();
        settings.mail.from = "hello@vestibule.example".into();
    })
    .await;
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    mailer.post(mail("ada@example.org"));
    app.person("ada").await;
}

async fn a_line_with_a_dot_arrives_as_it_was(database: Database) {
    let sink = Sink::open().await;
    let (app, mailer) = with_server(database, &sink).await;
    mailer.post(Mail::new("test", "ada@example.org", "Dots").text("above\n.\n..\nbelow"));
    app.db.wait_idle().await;
    assert!(sink.taken()[0].1.text().starts_with("above\n.\n..\nbelow"), "{:?}", sink.taken());
}

/// A server that lets us in and then says nothing: the time is not the machine's, so nobody waits for it.
#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = TestApp::with(Database::Sqlite, |settings| {
        settings.mail.smtp_url = format!("smtp://{}", mute.local_addr().unwrap()).into();
        settings.mail.from = "hello@vestibule.example".into();
    })
    .await;
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    tokio::time::pause();
    let sent = tokio::time::timeout(Duration::from_secs(5 * 60), mailer.deliver(&mail("ada@example.org"))).await;
    assert!(sent.is_ok(), "every step has its time");
}
