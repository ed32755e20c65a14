//! The outbox: a folder with a file for each mail that was written while no mail server was set.

use std::{io, path::Path};

use lettre::message::header::ContentTransferEncoding;
use tokio::{fs, io::AsyncWriteExt};
use uuid::Uuid;

/// How many mails are listed.
const LISTED: usize = 100;

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub struct KeptMail {
    /// The name of its file, without the extension: a `UUIDv7`, so names sort by age.
    pub id: Uuid,
    /// The `To` header.
    pub to: String,
    /// The `Subject` header.
    pub subject: String,
    /// The `Date` header.
    pub date: String,
    /// The plain text.
    pub text: String,
}

/// Writes a mail into `folder`, which is created if it is missing. The file gets its name when it is complete.
///
/// Links in mails open accounts, so only the server's own user may read the files.
pub(super) async fn keep(folder: &Path, mail: &[u8]) -> io::Result<()> {
    let mut make = fs::DirBuilder::new();
    make.recursive(true).mode(0o700).create(folder).await?;
    let id = Uuid::now_v7();
    let (hidden, name) = (folder.join(format!(".{id}")), folder.join(format!("{id}.eml")));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden).await?;
    file.write_all(mail).await?;
    file.flush().await?;
    drop(file);
    fs::rename(hidden, name).await
}

/// The newest 100 mails in `folder`, newest first. A missing folder counts as an empty one.
///
/// # Errors
/// If the folder or a file in it cannot be read.
pub async fn list(folder: &Path) -> io::Result<Vec<KeptMail>> {
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        ids.extend(name.to_str().and_then(|name| name.strip_suffix(".eml")).and_then(|name| name.parse::<Uuid>().ok()));
    }
    ids.sort_unstable();
    let mut mails = Vec::new();
    for id in ids.into_iter().rev().take(LISTED) {
        mails.extend(find(folder, id).await?);
    }
    Ok(mails)
}

/// The mail `id`, if `folder` has it.
///
/// # Errors
/// If its file cannot be read.
pub async fn find(folder: &Path, id: Uuid) -> io::Result<Option<KeptMail>> {
    match fs::read(folder.join(format!("{id}.eml"))).await {
        Ok(bytes) => Ok(Some(read(id, &String::from_utf8_lossy(&bytes)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Parses a mail that [`super::Mail`] wrote. Mail from elsewhere has forms that it does not know.
fn read(id: Uuid, mail: &str) -> KeptMail {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let header = |name: &str| header(head, name).unwrap_or_default();
    KeptMail { id, to: header("To"), subject: header("Subject"), date: header("Date"), text: plain(body) }
}

fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ");
    let mut lines = unfolded.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

/// The text of the `text/plain` part.
fn plain(body: &str) -> String {
    let Some((_, part)) = body.split_once("Content-Type: text/plain") else { return String::new() };
    let (head, rest) = part.split_once("\r\n\r\n").unwrap_or((part, ""));
    let (text, _) = rest.split_once("\r\n--").unwrap_or((rest, ""));
    let encoding = header(head, "Content-Transfer-Encoding").unwrap_or_default();
    let text = if encoding == ContentTransferEncoding::QuotedPrintable.to_string() {
        let decoded = quoted_printable::decode(text, quoted_printable::ParseMode::Robust).unwrap_or_default();
        String::from_utf8_lossy(&decoded).into_owned()
    } else {
        text.to_owned()
    };
    text.replace("\r\n", "\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{mail::Mail, timestamp::Timestamp};

    #[tokio::test]
    async fn what_is_kept_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/outbox");
        assert!(list(&folder).await.unwrap().is_empty());
        let from = "hello@vestibule.example".parse().unwrap();
        let at = Timestamp::new(time::OffsetDateTime::UNIX_EPOCH);
        for text in ["plain", "Ein Brief für dich = ja"] {
            let url = format!("https://vestibule.example/reset/{}", "x".repeat(60)).parse().unwrap();
            let mail = Mail::new("test", "ada@example.org", "Hello").text(text).link("Go on", url);
            keep(&folder, &mail.message(&from, Uuid::nil(), at).unwrap().formatted()).await.unwrap();
            let newest = list(&folder).await.unwrap().remove(0);
            assert_eq!((newest.to.as_str(), newest.subject.as_str()), ("ada@example.org", "Hello"));
            let link = format!("https://vestibule.example/reset/{}", "x".repeat(60));
            assert_eq!(newest.text, format!("{text}\n\nGo on:\n{link}"));
            assert_eq!(find(&folder, newest.id).await.unwrap().unwrap().text, newest.text);
        }
        assert!(find(&folder, Uuid::now_v7()).await.unwrap().is_none());
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
