//! Which hosts the server answers for.

use axum::http::Method;

use crate::support::{
    Database, Door, TestApp,
    resource::{COLLECTION, LIST_FUNCTION},
    without_database,
};

without_database! {
    what_is_asked_of_another_host_is_misdirected,
    health_is_told_to_everybody,
    a_development_server_answers_for_this_machine,
    the_settings_name_further_hosts,
    a_host_is_named_as_people_write_it,
}

const ELSEWHERE: [&str; 5] =
    ["evil.example", "localhost", "vestibule.example.evil.example", "127.0.0.1:3000", "not a host"];

async fn what_is_asked_of_another_host_is_misdirected(database: Database) {
    let app = TestApp::https(database).await;
    let mut witness = app.witness().await;
    for path in ["/", COLLECTION, "/mark.svg", "/no/such/page", "/session/v1/me", LIST_FUNCTION, "/api/v1/me", "/api/x"]
    {
        for host in ELSEWHERE {
            let reply = app.browser().ask(Method::GET, path).header("host", host).await;
            let problem = reply.problem(421, "misdirected_request");
            let told = problem.to_string().replace(host, "");
            assert!(!told.contains("vestibule.example"), "it does not say what it is called");
        }
        let reply = app.get(path).header("host", "vestibule.example").append_header("host", "evil.example").await;
        reply.problem(421, "misdirected_request");
        // Absolute form: the target names the host, whatever the header says.
        let reply = app.get(&format!("http://evil.example{path}")).header("host", "vestibule.example").await;
        reply.problem(421, "misdirected_request");
    }
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", "three quiet words")];
    app.browser().ask(Method::POST, "/sign-up").form(&form).header("host", "evil.example").await.assert_status(421);
    assert!(!witness.saw_a_write().await);
    for host in ["vestibule.example", "VESTIBULE.example", "vestibule.example:443", "vestibule.example:8443"] {
        app.get("/").header("host", host).await.page(200);
    }
}

async fn health_is_told_to_everybody(database: Database) {
    let app = TestApp::https(database).await;
    for path in ["/healthz", "/readyz"] {
        for host in ELSEWHERE {
            app.get(path).header("host", host).await.assert_status(200);
        }
    }
}

async fn a_development_server_answers_for_this_machine(app: TestApp) {
    let ada = app.person("ada").await;
    for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "localhost"] {
        ada.client.get("/me").header("host", host).await.assert_status(200);
    }
    ada.client.get("/me").header("host", "evil.example:3000").await.problem(421, "misdirected_request");
}

async fn the_settings_name_further_hosts(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.server.hosts = vec!["www.vestibule.example".into(), "10.0.0.7".into()];
    })
    .await;
    for (host, status) in [("www.vestibule.example", 200), ("10.0.0.7:3000", 200), ("10.0.0.8", 421)] {
        app.get("/").header("host", host).await.assert_status(status);
    }
}

/// Browsers ask for it in its IDNA form, in lower case.
async fn a_host_is_named_as_people_write_it(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://Bücher.example".parse().unwrap();
        settings.server.hosts = vec!["münchen.example".into(), "WWW.Vestibule.example".into()];
    })
    .await;
    for host in ["xn--bcher-kva.example", "xn--mnchen-3ya.example", "www.vestibule.example:443"] {
        app.get("/").header("host", host).await.page(200);
    }
    app.get("/").header("host", "xn--elsewhere-3ya.example").await.assert_status(421);
}
