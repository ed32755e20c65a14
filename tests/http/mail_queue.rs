//! Mail that the mail server does not take at once: it is kept in the database, tried for a day, sent once, and what
//! became of it can be told.

use std::{collections::BTreeSet, fs, time::Instant};

use serde_json::json;
use time::Duration;
use tokio::{net::TcpListener, time::timeout};
use vestibule::mail::{Mail, Mailer, admin};

use crate::{
    binary::{DatabaseLocation, PATIENCE, Server},
    operators::run_with,
    support::{Database, PASSWORD, RawDb, Sink, TestApp, folder, on_both_databases},
};

on_both_databases! {
    greylisting_of_five_minutes_is_survived,
    what_is_refused_for_good_is_kept_and_sent_again_by_an_operator,
    two_instances_send_each_mail_once,
    a_link_that_has_expired_or_was_replaced_is_not_sent,
    a_wrong_password_of_ours_loses_no_mail,
    kill_9_in_the_middle_of_a_mail_loses_nothing_and_sends_it_once,
    operators_see_what_the_mail_server_said,
    what_waits_is_sent_at_once_if_an_operator_says_so,
    only_what_waits_or_failed_is_listed_unless_all_is_asked_for,
    what_is_dropped_is_never_sent_and_no_longer_counted,
    operators_take_dead_letters_off_the_list,
}

fn mail(to: &str) -> Mail {
    Mail::new("test", to, "A test").text("Hello.").link("Follow", "http://localhost:3000/a".parse().unwrap())
}

async fn with_server(database: Database, sink: &Sink) -> TestApp {
    TestApp::with(database, |settings| {
        settings.mail.smtp_url = sink.url().into();
        settings.mail.from = "Vestibule <hello@vestibule.example>".into();
    })
    .await
}

/// One attempt at a mail is two tries.
fn refuse_once(sink: &Sink, line: &str) {
    sink.refuse(&[line, line]);
}

/// Lets `app` send what is due.
async fn send_due(app: &TestApp) {
    app.state.mailer.wake();
    app.db.wait_idle().await;
}

async fn states(app: &TestApp) -> Vec<String> {
    app.raw().await.texts("SELECT state FROM outgoing_mails ORDER BY id").await
}

/// How many mails still say something.
async fn kept(app: &TestApp) -> i64 {
    app.count("outgoing_mails WHERE content IS NOT NULL").await
}

async fn greylisting_of_five_minutes_is_survived(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    app.clock.stop();
    let mut attempts = 1;
    refuse_once(&sink, "450 4.2.0 greylisted, come back in five minutes");
    app.state.mailer.send(mail("ada@example.org")).await;
    app.db.wait_idle().await;
    let [listed] = admin::list(&app.db, None, true, 10).await.unwrap().try_into().unwrap();
    assert_eq!((listed.state.as_str(), listed.attempts), ("waiting", 1));
    assert_eq!(listed.answer, "450 4.2.0 greylisted, come back in five minutes");
    for minute in 1..=12 {
        app.clock.advance(Duration::minutes(1));
        let due = app.count("outgoing_mails WHERE state = 'waiting'").await > 0
            && admin::list(&app.db, None, true, 10).await.unwrap()[0].due_at <= app.db.now();
        if due {
            attempts += 1;
            if minute < 5 {
                refuse_once(&sink, "450 4.2.0 greylisted");
            }
        }
        let before = sink.tries();
        send_due(&app).await;
        assert_eq!(sink.tries() > before, due, "minute {minute}: it is tried when it is due, and not before");
    }
    assert_eq!(sink.taken().len(), 1);
    let [sent] = admin::list(&app.db, Some("ADA@example.org".into()), false, 10).await.unwrap().try_into().unwrap();
    assert_eq!((sent.state.as_str(), sent.attempts, sent.answer.as_str()), ("sent", attempts, "250 taken"));
    assert!(!sent.kept && kept(&app).await == 0, "what it said is forgotten");
    let id = sink.taken()[0].1.header("Message-ID").to_owned();
    assert_eq!(id, format!("<{}@vestibule.example>", sent.id.simple()));

    admin::delete_expired(&app.db, 7, 100).await.unwrap();
    assert_eq!(states(&app).await, ["sent"]);
    app.clock.advance(Duration::days(8));
    admin::delete_expired(&app.db, 7, 100).await.unwrap();
    assert!(states(&app).await.is_empty());
}

async fn what_is_refused_for_good_is_kept_and_sent_again_by_an_operator(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    sink.refuse(&["550 5.7.1 the relay is not configured for this sender"]);
    app.state.mailer.send(mail("ada@example.org")).await;
    app.db.wait_idle().await;
    app.clock.advance(Duration::hours(3));
    send_due(&app).await;
    assert_eq!((sink.tries(), sink.taken().len()), (1, 0), "it is not tried again by itself");
    let [failed] = admin::list(&app.db, None, true, 10).await.unwrap().try_into().unwrap();
    assert_eq!((failed.state.as_str(), failed.kept), ("failed", true));
    assert_eq!(failed.answer, "550 5.7.1 the relay is not configured for this sender");

    assert_eq!(admin::resend(&app.db, Some(failed.id)).await.unwrap(), 1);
    send_due(&app).await;
    assert_eq!((sink.tries(), sink.taken().len()), (2, 1));
    assert_eq!(states(&app).await, ["sent"]);

    // What has a link is of no use once that has expired.
    sink.refuse(&["550 no"]);
    app.state.mailer.send(mail("bob@example.org").lasting(Duration::minutes(30))).await;
    app.db.wait_idle().await;
    app.clock.advance(Duration::minutes(31));
    assert_eq!(admin::resend(&app.db, None).await.unwrap(), 0);
    admin::delete_expired(&app.db, 7, 100).await.unwrap();
    assert_eq!((states(&app).await, kept(&app).await), (vec!["sent".into(), "failed".into()], 0));
}

/// As after a mail server was mended that was away for long.
async fn what_waits_is_sent_at_once_if_an_operator_says_so(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    app.clock.stop();
    for to in ["ada@example.org", "bob@example.org"] {
        refuse_once(&sink, "450 later");
        app.state.mailer.send(mail(to)).await;
        app.db.wait_idle().await;
    }
    let tries = sink.tries();
    send_due(&app).await;
    assert_eq!((sink.tries(), states(&app).await), (tries, vec!["waiting".into(); 2]), "neither is due");
    // Another instance sends the second one.
    app.sql(
        "UPDATE outgoing_mails SET claim = (SELECT id FROM outgoing_mails WHERE recipient = 'ada@example.org')
             WHERE recipient = 'bob@example.org'",
    )
    .await;
    let [bobs, adas] = admin::list(&app.db, None, true, 10).await.unwrap().try_into().unwrap();
    assert_eq!(admin::resend(&app.db, Some(bobs.id)).await.unwrap(), 0, "nobody sends it twice");
    assert_eq!(admin::resend(&app.db, None).await.unwrap(), 1);
    send_due(&app).await;
    assert_eq!(states(&app).await, ["sent", "waiting"]);
    assert_eq!(sink.taken().len(), 1);
    assert_eq!(admin::resend(&app.db, Some(adas.id)).await.unwrap(), 0, "it is sent");
    // Once the claim has ended, it is anybody's.
    app.clock.advance(Duration::hours(1));
    assert_eq!(admin::resend(&app.db, Some(bobs.id)).await.unwrap(), 1);
    send_due(&app).await;
    assert_eq!((states(&app).await, sink.taken().len()), (vec!["sent".into(), "sent".into()], 2));
}

async fn only_what_waits_or_failed_is_listed_unless_all_is_asked_for(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    app.clock.stop();
    for to in ["waiting", "failed", "expired", "replaced", "dropped", "sent"] {
        refuse_once(&sink, "450 later");
        app.state.mailer.send(mail(&format!("{to}@example.org"))).await;
        app.db.wait_idle().await;
    }
    app.sql("UPDATE outgoing_mails SET state = replace(recipient, '@example.org', '')").await;
    let listed = async |open: bool| {
        let mails = admin::list(&app.db, None, open, 10).await.unwrap();
        mails.into_iter().map(|mail| mail.state).collect::<Vec<_>>()
    };
    assert_eq!(listed(true).await, ["failed", "waiting"]);
    assert_eq!(listed(false).await, ["sent", "dropped", "replaced", "expired", "failed", "waiting"]);
}

async fn what_is_dropped_is_never_sent_and_no_longer_counted(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    app.clock.stop();
    for (to, answers) in [("ada", &["550 no"][..]), ("bob", &["450 later", "450 later"]), ("eve", &["550 no"])] {
        sink.refuse(answers);
        app.state.mailer.send(mail(&format!("{to}@example.org"))).await;
        app.db.wait_idle().await;
    }
    let [eves, bobs, adas] = admin::list(&app.db, None, true, 10).await.unwrap().try_into().unwrap();
    assert_eq!(states(&app).await, ["failed", "waiting", "failed"]);
    assert_eq!(admin::queue(&app.db).await.unwrap().failed, 2);

    assert_eq!(admin::discard(&app.db, Some(adas.id)).await.unwrap(), 1);
    assert_eq!(states(&app).await, ["dropped", "waiting", "failed"]);
    assert_eq!(kept(&app).await, 2);
    assert_eq!(admin::discard(&app.db, Some(adas.id)).await.unwrap(), 0, "it is dropped");
    assert_eq!(admin::resend(&app.db, Some(adas.id)).await.unwrap(), 0, "what it said is forgotten");
    // All are all that failed. What waits may still be taken.
    assert_eq!(admin::discard(&app.db, None).await.unwrap(), 1);
    assert_eq!(states(&app).await, ["dropped", "waiting", "dropped"]);
    let queue = admin::queue(&app.db).await.unwrap();
    assert_eq!((queue.failed, queue.waiting), (0, 1), "the alert ends");
    assert!(!admin::find(&app.db, eves.id).await.unwrap().unwrap().kept);

    // Another instance sends it.
    app.sql("UPDATE outgoing_mails SET claim = id WHERE state = 'waiting'").await;
    assert_eq!(admin::discard(&app.db, Some(bobs.id)).await.unwrap(), 0, "it may have been taken already");
    app.sql("UPDATE outgoing_mails SET claim = NULL").await;
    assert_eq!(admin::discard(&app.db, Some(bobs.id)).await.unwrap(), 1);
    app.clock.advance(Duration::hours(3));
    let tries = sink.tries();
    send_due(&app).await;
    assert_eq!((sink.tries(), sink.taken().len(), kept(&app).await), (tries, 0, 0));
    app.clock.advance(Duration::days(8));
    admin::delete_expired(&app.db, 7, 100).await.unwrap();
    assert!(states(&app).await.is_empty(), "it is deleted like any other that has ended");
}

async fn two_instances_send_each_mail_once(database: Database) {
    const MAILS: usize = 60;
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    let other = app.another_instance().await;
    sink.refuse(&["550 not now"; MAILS]);
    for number in 0..MAILS {
        app.state.mailer.send(mail(&format!("{number}@example.org"))).await;
    }
    app.db.wait_idle().await;
    assert_eq!((sink.tries(), sink.taken().len()), (MAILS, 0));
    assert_eq!(admin::resend(&app.db, None).await.unwrap(), MAILS as u64);
    app.state.mailer.wake();
    other.state.mailer.wake();
    tokio::join!(app.db.wait_idle(), other.db.wait_idle());
    let to: BTreeSet<_> = sink.taken().iter().map(|(_, letter)| letter.header("To").to_owned()).collect();
    assert_eq!((sink.taken().len(), to.len()), (MAILS, MAILS));
    assert!(states(&app).await.iter().all(|state| state == "sent"));
}

async fn a_link_that_has_expired_or_was_replaced_is_not_sent(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    app.clock.stop();
    let link = |to: &str| mail(to).lasting(Duration::minutes(30)).replacing_older();
    refuse_once(&sink, "450 later");
    app.state.mailer.send(link("ada@example.org")).await;
    app.db.wait_idle().await;
    app.clock.advance(Duration::minutes(30));
    let tries = sink.tries();
    send_due(&app).await;
    assert_eq!((sink.tries(), states(&app).await, kept(&app).await), (tries, vec!["expired".into()], 0));

    for to in ["bob@example.org", "eve@example.org"] {
        refuse_once(&sink, "450 later");
        app.state.mailer.send(link(to)).await;
        app.db.wait_idle().await;
    }
    app.state.mailer.send(link("bob@example.org")).await;
    app.clock.advance(Duration::minutes(2));
    send_due(&app).await;
    assert_eq!(states(&app).await, ["expired", "replaced", "sent", "sent"]);
    let mut to: Vec<_> = sink.taken().iter().map(|(_, letter)| letter.header("To").to_owned()).collect();
    to.sort();
    assert_eq!(to, ["bob@example.org", "eve@example.org"]);
    assert_eq!(kept(&app).await, 0);
}

async fn a_wrong_password_of_ours_loses_no_mail(database: Database) {
    let sink = Sink::open().await;
    let app = with_server(database, &sink).await;
    sink.refuse(&["535 5.7.8 authentication credentials invalid"]);
    app.state.mailer.send(mail("ada@example.org")).await;
    app.db.wait_idle().await;
    assert_eq!((states(&app).await, sink.tries()), (vec!["waiting".into()], 1));

    // The end of the day is the end of a mail, too.
    app.clock.advance(Duration::hours(25));
    sink.refuse(&["535 5.7.8 authentication credentials invalid"]);
    send_due(&app).await;
    assert_eq!((states(&app).await, kept(&app).await), (vec!["failed".into()], 1));
    let mailer = Mailer::new(&app.settings, app.db.clone()).unwrap();
    sink.refuse(&["550 5.1.1 no such person"]);
    assert_eq!(mailer.deliver(&mail("eve@example.org")).await.unwrap_err(), "550 5.1.1 no such person");
    assert_eq!(mailer.deliver(&mail("eve@example.org")).await.unwrap(), "250 taken");
    assert_eq!(states(&app).await.len(), 1, "a test message is not stored");
}

async fn raw(folder: &std::path::Path, place: &DatabaseLocation) -> RawDb {
    match place {
        DatabaseLocation::Postgres(postgres) => RawDb::connect(&postgres.url).await,
        _ => RawDb::connect(&format!("sqlite:{}", folder.join("vestibule.db").display())).await,
    }
}

async fn kill_9_in_the_middle_of_a_mail_loses_nothing_and_sends_it_once(place: DatabaseLocation) {
    let folder = folder();
    let from = ("VESTIBULE_MAIL__FROM", "hello@vestibule.example");
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", mute.local_addr().unwrap());
    let mut server = Server::start(&folder, &[("DATABASE_URL", place.url()), ("VESTIBULE_MAIL__SMTP_URL", &url), from]);
    server.token();
    // The mail that confirms the address is on its way.
    let held = timeout(PATIENCE, mute.accept()).await.unwrap().unwrap();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    drop((server, held, mute));
    let before = "SELECT state FROM outgoing_mails";
    assert_eq!(raw(&folder, &place).await.texts(before).await, ["waiting"]);

    let sink = Sink::open().await;
    let settings = [("DATABASE_URL", place.url()), ("VESTIBULE_MAIL__SMTP_URL", &sink.url()), from];
    let server = Server::start(&folder, &settings);
    // For two minutes it belongs to the server that was killed.
    assert_eq!(raw(&folder, &place).await.count("outgoing_mails WHERE claim IS NOT NULL").await, 1);
    raw(&folder, &place).await.run("UPDATE outgoing_mails SET due_at = created_at").await;
    let begun = Instant::now();
    while raw(&folder, &place).await.texts(before).await != ["sent"] {
        assert!(begun.elapsed() < PATIENCE, "it is not sent: {}", server.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let [(_, letter)] = sink.taken().try_into().unwrap();
    let link = letter.path("/confirm/").unwrap();
    assert_eq!(server.call(&format!("GET {link}"), &[], "").0, 200, "the link works");
    let log = server.log();
    let told = log.lines().find(|line| line.contains("mail_sent")).unwrap();
    assert!(told.contains("domain=\"example.org\"") && told.contains("attempts=2"), "{told}");
    assert!(!log.contains("ada@example.org") && !log.contains(link.trim_start_matches("/confirm/")), "{log}");
}

async fn operators_see_what_the_mail_server_said(place: DatabaseLocation) {
    let (folder, sink) = (folder(), Sink::open().await);
    let url = sink.url();
    let settings = [
        ("DATABASE_URL", place.url()),
        ("VESTIBULE_MAIL__SMTP_URL", url.as_str()),
        ("VESTIBULE_MAIL__FROM", "hello@vestibule.example"),
    ];
    sink.refuse(&["550 5.1.1 ada@example.org is unknown here"]);
    let server = Server::start(&folder, &settings);
    server.token();
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let begun = Instant::now();
    let listed = loop {
        let listed = run(&["mail", "list", "--json"]).json();
        if listed[0]["state"] == "failed" {
            break listed;
        }
        assert!(begun.elapsed() < PATIENCE, "{listed}");
    };
    let id = listed[0]["id"].as_str().unwrap();
    assert_eq!(listed[0]["answer"], "550 5.1.1 ada@example.org is unknown here");
    let table = run(&["mail", "list", "--to", "ada@example.org"]).assert_status(0).out;
    assert!(table.lines().count() == 2 && table.contains("confirm") && table.contains("unknown here"), "{table}");
    let shown = run(&["mail", "show", id]).assert_status(0).out;
    assert!(shown.contains("550 5.1.1 ada@example.org is unknown here") && shown.contains("failed"), "{shown}");
    assert!(!server.log().contains("unknown here") && server.log().contains(id), "the log has the ID alone");
    let request = listed[0]["request_id"].as_str().unwrap();
    assert!(shown.contains(request), "{shown}");
    let log = server.log();
    assert!(log.lines().any(|line| line.contains("/sign-up") && line.contains(request)), "{log}");
    run(&["mail", "show", "01890000-0000-7000-8000-000000000000"]).assert_status(2);

    assert_eq!(run(&["mail", "resend", id, "--json"]).json(), json!({"resent": 1}));
    while run(&["mail", "show", id, "--json"]).json()["state"] != "sent" {
        assert!(begun.elapsed() < PATIENCE, "{}", server.log());
    }
    assert_eq!(sink.taken().len(), 1);
    assert!(run(&["mail", "resend", id]).assert_status(2).err.contains("is sent"), "once is enough");
    assert!(run(&["mail", "resend", "--all"]).assert_status(0).out.contains("No mail waits or has failed"));
    assert_eq!(run(&["mail", "list"]).assert_status(0).out, "No mail waits, and none has failed.\n");
    assert_eq!(run(&["mail", "list", "--all", "--json"]).json()[0]["answer"], "250 taken");
    assert_eq!(run(&["log", "--json"]).json()[0]["action"], "mail resend");

    let said = run(&["mail", "test", "eve@example.org"]).assert_status(0).out;
    assert!(said.contains("eve@example.org was sent: 250 taken"), "{said}");
    sink.refuse(&["554 5.7.1 blocked"]);
    assert!(run(&["mail", "test", "eve@example.org"]).assert_status(1).err.contains("554 5.7.1 blocked"));
    let log = run(&["log", "--json"]).json();
    for (place, outcome) in ["failed", "done"].into_iter().enumerate() {
        let entry = ["action", "subject", "outcome"].map(|member| log[place][member].as_str().unwrap());
        assert_eq!(entry, ["mail test", "eve@example.org", outcome]);
    }
    let without = crate::operators::run(&folder, &place, &["mail", "test", "eve@example.org"], "");
    assert!(without.assert_status(0).out.contains("no mail server is set"));
    assert_eq!(fs::read_dir(folder.join("outbox")).unwrap().count(), 1);
}

async fn operators_take_dead_letters_off_the_list(place: DatabaseLocation) {
    let (folder, sink) = (folder(), Sink::open().await);
    let url = sink.url();
    let settings = [
        ("DATABASE_URL", place.url()),
        ("VESTIBULE_MAIL__SMTP_URL", url.as_str()),
        ("VESTIBULE_MAIL__FROM", "hello@vestibule.example"),
    ];
    sink.refuse(&["550 5.1.1 unknown"; 3]);
    let server = Server::start(&folder, &settings);
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    for name in ["ada", "bob", "eve"] {
        let email = format!("{name}@example.org");
        assert_eq!(server.form("/sign-up", "", &[("name", name), ("email", &email), ("password", PASSWORD)]).0, 303);
    }
    let begun = Instant::now();
    let ids: Vec<String> = loop {
        let listed = run(&["mail", "list", "--json"]).json();
        let failed = listed.as_array().unwrap().iter().filter(|mail| mail["state"] == "failed");
        let ids: Vec<_> = failed.map(|mail| mail["id"].as_str().unwrap().to_owned()).collect();
        if ids.len() == 3 {
            break ids;
        }
        assert!(begun.elapsed() < PATIENCE, "{listed}");
    };

    let nowhere = "01890000-0000-7000-8000-000000000000";
    assert!(run(&["mail", "drop", &ids[0], nowhere]).assert_status(2).err.contains("no mail has the ID"));
    assert_eq!(run(&["mail", "list", "--json"]).json().as_array().unwrap().len(), 3, "a mistake drops none");
    let twice: [&str; 5] = ["mail", "drop", &ids[0], &ids[1], &ids[0]];
    assert_eq!(run(&twice).assert_status(0).out, "2 mails have been dropped.\n");
    let again = run(&["mail", "drop", &ids[0]]).assert_status(2).err;
    assert!(again.contains("is dropped, so there is nothing to drop"), "{again}");
    assert!(run(&["mail", "drop", "--all"]).assert_status(2).err.contains("--yes"));
    assert_eq!(run(&["mail", "drop", "--all", "--yes", "--json"]).json(), json!({"dropped": 1}));
    assert_eq!(run(&["mail", "drop", "--all", "--yes"]).assert_status(0).out, "No mail has failed.\n");
    assert_eq!(run(&["mail", "list"]).assert_status(0).out, "No mail waits, and none has failed.\n");
    let all = run(&["mail", "list", "--all"]).assert_status(0).out;
    assert_eq!(all.matches(" dropped ").count(), 3, "{all}");
    let log = run(&["log", "--json"]).json();
    let drops: Vec<_> = log.as_array().unwrap().iter().filter(|entry| entry["action"] == "mail drop").collect();
    assert_eq!(drops.len(), 4, "{log}");
    assert!(drops.iter().all(|entry| entry["outcome"] == "done"), "{log}");
    let named = |id: &String| drops.iter().any(|entry| entry["subject_id"] == id.as_str());
    assert!(named(&ids[0]) && named(&ids[1]) && drops[0]["subject"] == "all that failed", "{log}");
}
