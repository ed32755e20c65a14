//! The notes of the person who is signed in.

use crate::{Outcome, http, server::Server};

/// Prints their titles, a page at a time.
///
/// # Errors
/// If the server does not answer.
pub fn list(server: &Server, token: &str) -> Outcome<()> {
    let mut cursor: Option<String> = None;
    loop {
        let mut url = format!("{}/api/v1/notes?limit=100", server.issuer);
        if let Some(cursor) = &cursor {
            url = format!("{url}&cursor={cursor}");
        }
        let page = http::get(&url, Some(token))?;
        for note in page["items"].as_array().into_iter().flatten() {
            // No title moves the cursor of the terminal.
            let title: String =
                note["title"].as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
            println!("{title}");
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(());
        }
    }
}
