//! A link and a reauthentication with an earlier password change nothing later.

use axum::http::Method;
use serde_json::json;
use time::Duration;

use crate::{
    credentials::{NEW, TOKEN},
    support::{Door, PASSWORD, TestApp, on_both_databases, resource::READ_NAME},
};

on_both_databases! {
    a_link_that_was_taken_changes_nothing_once_the_password_has_changed,
    reauthentication_in_another_request_does_not_count_for_this_one,
}

async fn a_link_that_was_taken_changes_nothing_once_the_password_has_changed(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.submit("/account/email", &[("email", "ada@new.example")]).await.assert_status(202);
    let link = app.link("/email/").await;
    // As if the password were changed between the link's being used up and its being followed.
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    if sqlite {
        app.sql(
            "CREATE TRIGGER meanwhile AFTER DELETE ON one_time_links BEGIN
                    UPDATE accounts SET auth_stamp = randomblob(16) WHERE id = OLD.account_id; END",
        )
        .await;
    } else {
        app.sql(
            "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN
                        UPDATE accounts SET auth_stamp = sha256(auth_stamp) WHERE id = OLD.account_id; RETURN OLD;
                    END $$;
                 CREATE TRIGGER meanwhile AFTER DELETE ON one_time_links FOR EACH ROW EXECUTE FUNCTION meanwhile()",
        )
        .await;
    }
    ada.browser.submit(&link, &[]).await.page(410);
    assert_eq!(app.raw().await.texts("SELECT email FROM accounts").await, [ada.email.as_str()]);

    // A reset the same.
    let hashes = "SELECT password_hash FROM accounts";
    let before = app.raw().await.texts(hashes).await;
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.assert_status(202);
    let link = app.link("/reset/").await;
    app.browser().submit(&link, &[("password", NEW)]).await.page(410);
    assert_eq!(app.raw().await.texts(hashes).await, before);
}

async fn reauthentication_in_another_request_does_not_count_for_this_one(app: TestApp) {
    let ada = app.person("ada").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    app.clock.advance(Duration::minutes(10));
    let mut page = thief.ask(Method::POST, "/tokens").form(&TOKEN).held();
    page.is_inside().await;
    let body = json!({"name": "stolen", "scopes": [READ_NAME], "days": 30});
    let mut call = thief.call(Method::POST, "/tokens").json(body).held();
    call.is_inside().await;
    // She gives her password for something else, in the same sign-in.
    ada.browser.submit("/account/confirm", &[("password-again", PASSWORD)]).await.assert_redirect("/account");
    // A form is read to its end before anybody is looked up, and by then the stolen session id is worth nothing.
    assert!(page.finish().await.assert_status(303).header("location").starts_with("/sign-in"));
    call.finish().await.problem(403, "reauthentication_required");
    assert_eq!(app.count("tokens WHERE name = 'stolen'").await, 0);
}
