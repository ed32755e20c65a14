//! The pages of notes as a browser without JavaScript uses them.

use super::path_of;
use crate::support::{Door, PageForm, TestApp, field_error, on_both_databases};

on_both_databases! {
    a_note_is_written_edited_and_deleted,
    a_note_that_does_not_fit_comes_back_as_typed,
    a_note_changed_elsewhere_is_not_lost,
    their_version_is_a_link_away,
    a_note_page_of_anothers_is_not_found,
    notes_are_searched_and_paged_by_links,
    a_bad_search_is_a_page,
    the_editor_holds_the_text_exactly,
    line_breaks_are_kept_as_one_kind,
}

async fn a_note_is_written_edited_and_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = &ada.browser;
    browser.submit("/notes", &[("title", "Milk"), ("body", "two litres")]).await.assert_redirect("/notes");
    let page = browser.visit("/notes").await.page(200);
    assert!(page.contains(">Milk</a>") && page.contains("two litres"));

    let note = path_of(&ada.client.get("/notes").await.json()["items"][0]);
    assert!(page.contains(&format!(r#"href="{note}""#)));
    let page = browser.visit(&note).await.page(200);
    assert!(page.contains(r#"name="version" value="1""#) && page.contains(r#"value="Milk""#));
    let form = [("version", "1"), ("title", "Oat milk"), ("body", "one litre")];
    browser.submit(&note, &form).await.assert_redirect("/notes");
    assert!(browser.visit("/notes").await.page(200).contains(">Oat milk</a>"));

    browser.submit(&format!("{note}/delete"), &[]).await.assert_redirect("/notes");
    assert!(!browser.visit("/notes").await.page(200).contains("Oat milk"));
    browser.visit(&note).await.page(404);
    browser.submit(&note, &form).await.page(404);
    // The second click does no harm.
    browser.submit(&format!("{note}/delete"), &[]).await.assert_redirect("/notes");
}

/// What the page's text area holds, as a browser reads it.
fn typed_body(page: &str) -> String {
    let (_, rest) = page.split_once("<textarea").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    let (content, _) = rest.split_once("</textarea").unwrap();
    let content = content.strip_prefix('\n').unwrap_or(content);
    content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

async fn a_note_that_does_not_fit_comes_back_as_typed(app: TestApp) {
    let ada = app.person("ada").await;
    let page = ada.browser.submit("/notes", &[("title", " "), ("body", "a long thought")]).await.page(422);
    assert_eq!(field_error(&page, "title"), "A note needs a title.");
    assert_eq!(typed_body(&page), "a long thought");
    let note = ada.note_path("a").await;
    let form = [("version", "1"), ("title", &*"x".repeat(201)), ("body", "another thought")];
    let page = ada.browser.submit(&note, &form).await.page(422);
    assert!(field_error(&page, "title").starts_with("The title can have at most 200 characters"));
    assert!(page.contains(&"x".repeat(201)));
    assert_eq!(typed_body(&page), "another thought");
    assert_eq!(ada.client.get(&note).await.json()["title"], "a");
}

async fn a_note_changed_elsewhere_is_not_lost(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    ada.client.patch(&note, serde_json::json!({"title": "theirs"})).await.assert_status(200);
    let form = [("version", "1"), ("title", "mine"), ("body", "my text")];
    let page = ada.browser.submit(&note, &form).await.page(412);
    assert!(page.contains("This note was changed elsewhere while you were editing."));
    assert!(page.contains(r#"value="mine""#) && page.contains(r#"name="version" value="2""#), "{page}");
    assert_eq!(typed_body(&page), "my text");
    assert_eq!(ada.client.get(&note).await.json()["title"], "theirs");

    let form = [("version", "2"), ("title", "mine"), ("body", "my text")];
    ada.browser.submit(&note, &form).await.assert_redirect("/notes");
    assert_eq!(ada.client.get(&note).await.json()["title"], "mine");
}

async fn their_version_is_a_link_away(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("Shared").await;
    let mine = PageForm::to(&ada.browser.visit(&note).await.page(200), &note).with(&[("body", "mine")]);
    ada.browser.fill(&note, &note, &[("body", "theirs")]).await.assert_redirect("/notes");
    let page = mine.by(&ada.browser).await.page(412);
    assert!(page.contains(&format!(r#"<a href="{note}" target="_blank">View the other version"#)), "{page}");
    assert!(!page.contains("reload the page") && page.contains("mine"), "{page}");
    // A reload is the same post again, and tells the same.
    assert_eq!(mine.by(&ada.browser).await.page(412), page);
    let theirs = ada.browser.visit(&note).await.page(200);
    assert!(theirs.contains("theirs") && !theirs.contains("View the other version"));
    let again = PageForm::to(&page, &note);
    assert_eq!(again.value("body"), "mine");
    again.by(&ada.browser).await.assert_redirect("/notes");
    assert!(ada.browser.visit(&note).await.page(200).contains("mine"));
}

async fn a_note_page_of_anothers_is_not_found(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let note = ada.note_path("secret").await;
    let mut witness = app.witness().await;
    bob.browser.visit(&note).await.page(404);
    bob.browser.submit(&note, &[("version", "1"), ("title", "taken"), ("body", "")]).await.page(404);
    // Deleting says nothing of whether there was anything.
    bob.browser.submit(&format!("{note}/delete"), &[]).await.assert_redirect("/notes");
    bob.browser.visit("/notes/nonsense").await.page(404);
    assert!(!witness.saw_a_write().await);
}

async fn notes_are_searched_and_paged_by_links(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..21 {
        ada.note(&format!("note {number}"), "").await;
    }
    ada.note("100%", "").await;
    let page = ada.browser.visit("/notes?q=note").await.page(200);
    assert!(page.contains(">note 20</a>") && page.contains(">note 1</a>") && !page.contains(">note 0</a>"));
    assert!(!page.contains(">100%</a>") && page.contains(r#"name="q" type="search" maxlength="200" value="note""#));
    let (_, rest) = page.split_once(r#"href="/notes?cursor="#).expect("a link to the older ones");
    let older = rest.split_once('"').unwrap().0.replace("&amp;", "&");
    let page = ada.browser.visit(&format!("/notes?cursor={older}")).await.page(200);
    assert!(page.contains(">note 0</a>") && !page.contains(">note 1</a>") && !page.contains("Older notes"));

    let page = ada.browser.visit("/notes?q=%25").await.page(200);
    assert!(page.contains(">100%</a>") && !page.contains(">note"));
    assert!(ada.browser.visit("/notes?q=nowhere").await.page(200).contains("No note contains that."));
}

async fn a_bad_search_is_a_page(app: TestApp) {
    let ada = app.person("ada").await;
    for query in ["cursor=nonsense", &format!("q={}", "x".repeat(201)), "q=%00", "q=%ff%fe&q"] {
        ada.browser.visit(&format!("/notes?{query}")).await.page(422);
    }
    ada.browser.visit("/notes?q=%ff%fe&unknown=1").await.page(200);
    assert!(ada.browser.is_signed_in().await);
}

async fn the_editor_holds_the_text_exactly(app: TestApp) {
    let ada = app.person("ada").await;
    for text in [
        "",
        "\n\nbegins with line breaks",
        "</textarea><script>alert(1)</script>",
        "a &lt;b&gt; &amp;amp; &#60; & < > \" '",
        "<!-- --> <![CDATA[ ]]> <!>x",
        "  spaces  \n\ttab",
        "👩‍👩‍👧 é ü \u{202e}abc",
    ] {
        let note = path_of(&ada.note("a", text).await);
        let reply = ada.browser.visit(&note).await;
        assert_eq!(typed_body(reply.assert_status(200).text()), text);
        // Saved as it stands there, it is unchanged.
        let form = [("version", "1"), ("title", "a"), ("body", &typed_body(reply.text()))];
        ada.browser.submit(&note, &form).await.assert_redirect("/notes");
        assert_eq!(ada.client.get(&note).await.json()["body"], text);
    }
}

async fn line_breaks_are_kept_as_one_kind(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.submit("/notes", &[("title", "a"), ("body", "one\r\ntwo\r\n")]).await.assert_redirect("/notes");
    assert_eq!(ada.client.get("/notes").await.json()["items"][0]["body"], "one\ntwo\n");
}
