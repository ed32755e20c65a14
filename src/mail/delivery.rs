//! One attempt to hand a mail to the mail server, and what its failure means.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{self, response::Response},
};
use tokio::time::timeout;

/// The time limit for one attempt. lettre itself waits for replies without a limit.
const TRY_TIMEOUT: Duration = Duration::from_secs(60);
/// The pause before the second attempt, after a failure that may be over in a moment.
const PAUSE: Duration = Duration::from_secs(1);
/// How long [`deliver`] takes at most.
pub(super) const LONGEST: Duration = Duration::from_secs(125);
const TOO_LONG: &str = "the mail server takes too long";
/// The most that is kept of what a server says, in characters.
const WORDS: usize = 500;

/// Why a mail was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// For the log, which learns no addresses (S40): replies often contain one.
    pub(super) summary: String,
    /// The server's own words, for the operator.
    pub(super) words: String,
    /// Whether it will never be taken.
    pub(super) for_good: bool,
}

impl Refusal {
    /// A mail that cannot be sent at all.
    pub(super) fn of_mail(error: String) -> Self {
        Self { summary: error.clone(), words: error, for_good: true }
    }

    fn of_time() -> Self {
        Self { summary: TOO_LONG.into(), words: TOO_LONG.into(), for_good: false }
    }

    fn of(error: &smtp::Error) -> Self {
        let for_good = error.is_client() || error.is_permanent() && !is_about_us(error);
        Self { summary: named(error), words: cut(&words(error)), for_good }
    }
}

/// Hands `message` to the server, and returns what the server said. What may be over in a moment is tried again once.
pub(super) async fn deliver(smtp: &AsyncSmtpTransport<Tokio1Executor>, message: &Message) -> Result<String, Refusal> {
    match once(smtp, message).await {
        Err((_, true)) => {
            tokio::time::sleep(PAUSE).await;
            once(smtp, message).await.map_err(|(refusal, _)| refusal)
        }
        result => result.map_err(|(refusal, _)| refusal),
    }
}

/// One attempt. A failure comes with whether it may be over in a moment.
async fn once(smtp: &AsyncSmtpTransport<Tokio1Executor>, message: &Message) -> Result<String, (Refusal, bool)> {
    match timeout(TRY_TIMEOUT, smtp.send(message.clone())).await {
        Ok(Ok(response)) => Ok(cut(&said(&response))),
        Ok(Err(error)) => {
            let again = !error.is_permanent() && !error.is_client() && !error.is_tls();
            Err((Refusal::of(&error), again))
        }
        // It may have taken the mail, so there is no hurry to send it again.
        Err(_) => Err((Refusal::of_time(), false)),
    }
}

/// Whether the server refuses us and not this mail: it wants another password (RFC 4954), or TLS first (RFC 3207). An
/// operator can change that, and then every mail is still there.
fn is_about_us(error: &smtp::Error) -> bool {
    error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538))
}

/// What went wrong, without the text of the server's reply.
fn named(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the mail server answered {code}");
    }
    let what = if error.is_timeout() {
        TOO_LONG
    } else if error.is_tls() {
        "no secure connection to the mail server"
    } else if error.is_client() {
        "the mail server does not take what this mail needs"
    } else {
        "no connection to the mail server"
    };
    what.into()
}

/// The same with the server's reply, or the cause. lettre's errors contain neither the URL nor the password.
fn words(error: &smtp::Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => format!("{code} {cause}").trim_end().to_owned(),
        None if cause.is_empty() => named(error),
        None => format!("{}: {cause}", named(error)),
    }
}

fn said(response: &Response) -> String {
    let lines: Vec<_> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

/// One line without control characters.
fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(WORDS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_one_line() {
        assert_eq!(cut(" 550 no\r\nsuch\u{1b}[31m person\n"), "550 no  such [31m person");
        assert_eq!(cut(&"x".repeat(2 * WORDS)).len(), WORDS);
    }
}
