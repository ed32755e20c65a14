//! A mail: its text, and its form on the wire (RFC 5322, MIME).

use std::{borrow::Cow, fmt, time::SystemTime};

use html_escape::encode_double_quoted_attribute as escaped;
use lettre::{
    Address, Message,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use serde::{Deserialize, Serialize};
use time::Duration;
use url::Url;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A mail to one person, paragraph by paragraph.
///
/// It must not contain anything that strangers typed, such as names. Otherwise, somebody who signs up with another
/// person's address could write to them in our name.
#[derive(Clone)]
pub struct Mail {
    kind: Cow<'static, str>,
    to: String,
    content: Content,
    /// For how long it is of use; `None` if what it says stays true.
    lasts: Option<Duration>,
    replaces_older: bool,
}

/// What a mail says. It is stored as JSON while the mail waits to be sent.
#[derive(Clone, Deserialize, Serialize)]
struct Content {
    subject: Cow<'static, str>,
    paragraphs: Vec<Paragraph>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Paragraph {
    Text(String),
    Link { label: Cow<'static, str>, url: Url },
}

/// Addresses and links stay out of logs (S40).
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Mail {
    /// An empty mail to the address `to`. `kind` names it in the log.
    pub fn new(kind: &'static str, to: &str, subject: &'static str) -> Self {
        let content = Content { subject: subject.into(), paragraphs: Vec::new() };
        Self { kind: kind.into(), to: to.into(), content, lasts: None, replaces_older: false }
    }

    /// A mail whose content [`Mail::to_json`] gave.
    ///
    /// # Errors
    /// If `content` is something else. The message does not contain it.
    pub(super) fn stored(kind: String, to: String, content: &str) -> Result<Self, String> {
        // The message of the parser could contain a piece of a link.
        let content = serde_json::from_str(content).map_err(|_| "the stored mail cannot be read".to_owned())?;
        Ok(Self { kind: kind.into(), to, content, lasts: None, replaces_older: false })
    }

    /// What it says, as JSON.
    pub(super) fn to_json(&self) -> Result<String, String> {
        serde_json::to_string(&self.content).map_err(|error| error.to_string())
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.content.paragraphs.push(Paragraph::Text(text.into()));
        self
    }

    /// Adds a link. `label` says where it leads.
    #[must_use]
    pub fn link(mut self, label: &'static str, url: Url) -> Self {
        self.content.paragraphs.push(Paragraph::Link { label: label.into(), url });
        self
    }

    /// Says that a link or a code in it stops working after `duration`: then it is not sent any more. Somebody waits
    /// for such a mail, so it goes before others.
    #[must_use]
    pub fn lasting(mut self, duration: Duration) -> Self {
        self.lasts = Some(duration);
        self
    }

    /// Says that its link has replaced that of older mails of its kind to the same address: those that still wait are
    /// not sent.
    #[must_use]
    pub fn replacing_older(mut self) -> Self {
        self.replaces_older = true;
        self
    }

    /// Its name in the log.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The address it goes to.
    pub(super) fn to(&self) -> &str {
        &self.to
    }

    /// The domain of the address, for the log, which learns no addresses (S40).
    pub(super) fn domain(&self) -> &str {
        self.to.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// For how long it is of use.
    pub(super) fn lasts(&self) -> Option<Duration> {
        self.lasts
    }

    /// Whether older ones of its kind to the same address are of no more use.
    pub(super) fn replaces_older(&self) -> bool {
        self.replaces_older
    }

    /// The mail as it is sent: plain text, and the same as HTML.
    ///
    /// lettre parses the addresses and encodes every header, so no text can start another header. `id` becomes the
    /// Message-ID, by which the recipient's server can tell that a mail arrives for the second time.
    ///
    /// # Errors
    /// If the address is invalid. The message does not contain it.
    pub(super) fn message(&self, from: &Mailbox, id: Uuid, at: Timestamp) -> Result<Message, String> {
        let to: Address = self.to.parse().map_err(|error| format!("{error}"))?;
        let id = format!("<{}@{}>", id.simple(), from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(self.content.subject.clone())
            .date(SystemTime::from(at.get()))
            .message_id(Some(id))
            // Keeps automatic replies from being sent back (RFC 3834).
            .raw_header(HeaderValue::new(automatic, "auto-generated".into()))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, self.plain())?)
                    .singlepart(part(ContentType::TEXT_HTML, self.html())?),
            )
            .map_err(|error| error.to_string())
    }

    fn plain(&self) -> String {
        let paragraph = |paragraph: &Paragraph| match paragraph {
            Paragraph::Text(text) => wrapped(text),
            Paragraph::Link { label, url } => format!("{label}:\n{url}"),
        };
        let paragraphs: Vec<_> = self.content.paragraphs.iter().map(paragraph).collect();
        format!("{}\n", paragraphs.join("\n\n"))
    }

    fn html(&self) -> String {
        let paragraph = |paragraph: &Paragraph| match paragraph {
            Paragraph::Text(text) => format!("<p>{}</p>\n", wrapped(&escaped(text))),
            Paragraph::Link { label, url } => {
                format!("<p><a\nhref=\"{}\">{}</a></p>\n", escaped(url.as_str()), escaped(label))
            }
        };
        let paragraphs: String = self.content.paragraphs.iter().map(paragraph).collect();
        let title = escaped(&self.content.subject);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
             <body>\n{paragraphs}</body>\n</html>\n"
        )
    }
}

/// Unencoded if it is short lines of ASCII, and as quoted-printable otherwise, which stays readable.
fn part(kind: ContentType, text: String) -> Result<SinglePart, String> {
    let body = Body::new_with_encoding(text, ContentTransferEncoding::SevenBit)
        .or_else(|text| {
            let text = String::from_utf8_lossy(&text).into_owned();
            Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        })
        .map_err(|_| "the text cannot be encoded as mail".to_owned())?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// `text` broken at spaces into lines of at most 72 characters.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 72;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut rest = String::new();
        for word in line.split(' ') {
            if !rest.is_empty() && rest.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::take(&mut rest));
            } else if !rest.is_empty() {
                rest.push(' ');
            }
            rest.push_str(word);
        }
        lines.push(rest);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(mail: &Mail) -> String {
        let from = "Vestibule <hello@vestibule.example>".parse().unwrap();
        let at = Timestamp::new(time::OffsetDateTime::UNIX_EPOCH);
        String::from_utf8(mail.message(&from, Uuid::nil(), at).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_the_headers_it_needs_and_two_bodies() {
        let url = "https://vestibule.example/reset/x?a=1&b=2".parse().unwrap();
        let text = written(&Mail::new("reset", "ada@example.org", "Choose").text("a < b").link("Go on", url));
        for line in [
            "From: Vestibule <hello@vestibule.example>",
            "To: ada@example.org",
            "Subject: Choose",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "a < b",
            "Go on:",
            "https://vestibule.example/reset/x?a=1&b=2",
            "<p>a &lt; b</p>",
            "href=\"https://vestibule.example/reset/x?a=1&amp;b=2\">Go on</a></p>",
        ] {
            assert!(text.lines().any(|given| given == line), "no {line:?} in {text}");
        }
        let id = text.lines().find(|line| line.starts_with("Message-ID: <")).unwrap();
        assert!(id.ends_with("@vestibule.example>"), "{id}");
        assert_eq!(text.matches("Content-Type: multipart/alternative").count(), 1);
    }

    #[test]
    fn no_header_can_be_added() {
        let from = "hello@vestibule.example".parse().unwrap();
        let at = Timestamp::new(time::OffsetDateTime::UNIX_EPOCH);
        for to in ["a@x.example\r\nBcc: b@x.example", "a@x.example, b@x.example", "a\n@x.example", "<a@x.example>", ""]
        {
            assert!(Mail::new("test", to, "x").message(&from, Uuid::nil(), at).is_err(), "{to:?}");
        }
        let text = written(&Mail::new("test", "a@x.example", "x\r\nBcc: b@x.example").text("\r\n.\r\nüber"));
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
    }

    #[test]
    fn long_lines_are_broken_at_blanks() {
        let text = format!("{} {} end", "a".repeat(40), "b".repeat(40));
        assert_eq!(wrapped(&text), format!("{}\n{} end", "a".repeat(40), "b".repeat(40)));
        assert_eq!(wrapped(&"x".repeat(100)), "x".repeat(100));
        assert_eq!(wrapped("a\n\nb"), "a\n\nb");
    }

    #[test]
    fn a_log_learns_the_kind_alone() {
        let url = "https://vestibule.example/reset/secret".parse().unwrap();
        let mail = Mail::new("reset", "ada@example.org", "Choose").link("Go on", url);
        assert_eq!(format!("{mail:?}"), r#"Mail { kind: "reset", .. }"#);
    }

    #[test]
    fn what_is_stored_is_sent_as_it_was() {
        let url = "https://vestibule.example/reset/x?a=1&b=2".parse().unwrap();
        let mail = Mail::new("reset", "ada@example.org", "Wähle").text("a < b").link("Go on", url);
        let again = Mail::stored("reset".into(), "ada@example.org".into(), &mail.to_json().unwrap()).unwrap();
        let lines = |mail: &Mail| {
            let text = written(mail);
            text.lines()
                .filter(|line| !line.contains("boundary") && !line.starts_with("--"))
                .map(str::to_owned)
                .collect()
        };
        let (before, after): (Vec<_>, Vec<_>) = (lines(&mail), lines(&again));
        assert_eq!(before, after);
        assert_eq!(mail.domain(), "example.org");
        let error = Mail::stored("reset".into(), "x".into(), "{\"subject\":\"secret").unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}
