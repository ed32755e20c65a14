//! Our pages are embedded nowhere, and a cookie of a neighbour does no harm.

use axum::http::Method;

use crate::{
    same_origin::{Things, form},
    support::{
        Database, TestApp,
        resource::HOME,
        routes::{DOWNLOADS, personal_pages},
        without_database,
    },
};

without_database! {
    a_page_is_embedded_nowhere,
    a_neighbours_cookie_signs_nobody_out,
    browsers_drop_the_cookie_of_0_1_0,
}

async fn a_page_is_embedded_nowhere(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let open = |path: &str, site, mode, dest| {
        let headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
        ada.browser.forged(Method::GET, &things.path(path)).headers(&headers)
    };
    for path in personal_pages().into_iter().chain(["/", "/sign-in", "/no/such/page"]).chain(DOWNLOADS) {
        for site in ["cross-site", "same-site"] {
            for (mode, dest) in
                [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("navigate", "object")]
            {
                let reply = open(path, site, mode, dest).await;
                assert!(!reply.page(403).contains("Signed in as"), "{}", reply.asked);
            }
        }
        for site in ["same-origin", "none"] {
            assert_ne!(open(path, site, "navigate", "document").await.status, 403, "{path}");
        }
    }
    for path in personal_pages() {
        open(path, "cross-site", "navigate", "document").await.page(200);
    }
    // A link leads to a page, not to a file with everything in it.
    open("/account/export", "cross-site", "navigate", "document").await.page(403);
    open("/account/export", "same-origin", "navigate", "document").await.assert_status(200);
}

async fn a_neighbours_cookie_signs_nobody_out(app: TestApp) {
    let ada = app.person("ada").await;
    let ours = format!("session={}", ada.browser.cookie().unwrap());
    // As bytes, C3 BC: no text by the rules of HTTP.
    for line in [format!("city=Zürich; {ours}"), format!("{ours}; city=Zürich"), format!("é={ours}x; {ours}")] {
        app.get("/session/v1/me").header("cookie", &line).await.assert_status(200);
    }
    app.get("/session/v1/me")
        .append_header("cookie", "city=Zürich")
        .append_header("cookie", &ours)
        .await
        .assert_status(200);
    // Nor does one that only speaks of ours make a request act for somebody.
    let script = app.post("/sign-in").header("cookie", "last_session=ended").form(&form("/sign-in"));
    script.await.assert_redirect(HOME);
}

async fn browsers_drop_the_cookie_of_0_1_0(database: Database) {
    let app = TestApp::https(database).await;
    let reply = app.get("/").header("cookie", "__Host-session=x").await;
    let [cookie] = reply.assert_status(200).set_cookies().try_into().unwrap();
    assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("__Host-session", ""));
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]);
    assert!(!app.get("/").await.has("set-cookie"));
}
