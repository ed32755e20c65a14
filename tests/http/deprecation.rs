//! A deprecated operation says so in the document and in its answers (RFC 9745, RFC 8594).

use crate::support::{Door, SPA, TestApp, on_both_databases};

on_both_databases! {
    one_declaration_marks_the_document_and_the_answers,
    a_page_elsewhere_may_read_that_an_operation_is_deprecated,
}

const HEADERS: [(&str, &str); 3] = [
    ("deprecation", "@1803859200"),
    ("sunset", "Wed, 01 Mar 2028 00:00:00 GMT"),
    ("link", r#"<https://vestibule.example/changes#text>; rel="deprecation"; type="text/html""#),
];

async fn one_declaration_marks_the_document_and_the_answers(app: TestApp) {
    let ada = app.person("ada").await;
    let made =
        ada.client.post("/entries", serde_json::json!({"title": "a", "body": ""})).await.assert_status(201).json();
    let path = format!("/entries/{}", made["id"].as_str().unwrap());
    for door in ada.doors() {
        let description = door.get("/openapi.json").await.assert_status(200).json();
        let operations = &description["paths"];
        let old = &operations["/entries/{id}/text"]["get"];
        assert_eq!(old["deprecated"], true);
        let about = old["description"].as_str().unwrap();
        assert!(about.contains("2027-03-01") && about.contains("2028-03-01"), "{about}");
        assert!(operations["/entries/{id}"]["get"]["deprecated"].is_null());
        let declared = old["responses"]["200"]["headers"].as_object().unwrap();
        for name in ["Deprecation", "Sunset", "Link"] {
            assert!(declared.contains_key(name), "{name}");
            assert!(description["components"]["headers"][name].is_object(), "{name}");
        }

        let (old, missing) = (format!("{path}/text"), "/entries/01a213b2-ebec-75f9-ae67-3694f43febfa/text");
        for reply in [door.get(&old).await, door.get(missing).await] {
            for (name, value) in HEADERS {
                assert_eq!(reply.header(name), value, "{}", reply.asked);
            }
        }
        for reply in [door.get(&path).await, door.delete(&old).await] {
            assert!(HEADERS.iter().all(|(name, _)| !reply.has(name)), "{}", reply.asked);
        }
    }
    let page = app.get("/api/docs").await.page(200);
    let (_, card) = page.split_once(r#"<article id="getEntryText""#).unwrap();
    assert!(card.split_once("</article>").unwrap().0.contains(r#"<span class="badge">Deprecated</span>"#));
    assert_eq!(page.matches(">Deprecated<").count(), 1);
}

async fn a_page_elsewhere_may_read_that_an_operation_is_deprecated(app: TestApp) {
    let ada = app.person("ada").await;
    let reply = ada.client.get("/me").header("origin", SPA).await;
    let exposed = reply.header("access-control-expose-headers");
    for (name, _) in HEADERS {
        assert!(exposed.split(", ").any(|given| given == name), "{exposed}");
    }
}
