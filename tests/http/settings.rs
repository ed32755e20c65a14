//! Settings as operators see them: the default public URL, and names that have changed.

use std::fs;

use crate::{
    binary::{PUBLIC_URL_BY_ADDRESS, Server, free_address, refusal},
    support::{PASSWORD, folder},
};

#[test]
fn the_address_that_is_printed_works_on_another_port() {
    let (server, outbox) = Server::start_saying(&folder(), &[PUBLIC_URL_BY_ADDRESS]);
    let origin = format!("http://localhost:{}", server.address().port());
    assert!(outbox.contains(&format!("{origin}/dev/outbox?key=")), "{outbox}");
    assert_eq!(server.call("GET /sign-up", &[], "").0, 200);
    // Without Fetch Metadata, `Origin` is compared with the public URL.
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let form = serde_urlencoded::to_string(form).unwrap();
    let post = |origin: &str| {
        let headers = ["content-type: application/x-www-form-urlencoded", &format!("origin: {origin}")];
        server.call("POST /sign-up", &headers, &form).0
    };
    assert_eq!(post("http://localhost:3000"), 403);
    assert_eq!(post(&origin), 303);
}

#[test]
fn an_old_name_of_a_setting_is_told_the_new_one() {
    let (code, line) = refusal(&folder(), free_address(), &[("VESTIBULE_NOTES__PER_ACCOUNT", "5")], &[]);
    assert!(code == 2 && line.contains("did you mean VESTIBULE_RESOURCES__PER_ACCOUNT?"), "{line}");
    let folder = folder();
    fs::write(folder.join("Leptos.toml"), "[notes]\nper_account = 5\n").unwrap();
    let (code, line) = refusal(&folder, free_address(), &[], &[]);
    assert!(code == 2 && line.contains("did you mean resources.per_account?"), "{line}");
}
