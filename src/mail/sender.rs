//! Sends mail by SMTP, or writes it to the outbox.
//!
//! Mail for a mail server is first a row of `outgoing_mails`, so that neither a server that is away nor the end of this
//! process loses it. A task of each instance claims the rows that are due and sends them, see [`Mailer::run`]. If no
//! mail server is set, the mail is a file of the outbox at once.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lettre::{
    AsyncSmtpTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{client::Tls, extension::ClientId},
};
use rand::Rng;
use secrecy::ExposeSecret;
use time::Duration;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::{
    Mail, certificates,
    delivery::{self, Refusal},
    outbox,
    store::{self, Claimed},
};
use crate::{
    db::{Db, request},
    metrics::Family,
    settings::Settings,
    timestamp::Timestamp,
};

/// The time limit for a connection to the mail server.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// How many mails an instance sends at once.
const AT_ONCE: usize = 16;
/// How long a mail belongs to the instance that has claimed it. Longer than an attempt takes, so that it is sent by
/// another one only if this one has died.
const CLAIM: Duration = Duration::seconds(delivery::LONGEST.as_secs().cast_signed() + 40);
/// For how long a mail is tried.
const PERSISTENCE: Duration = Duration::days(1);
/// The minutes after each failed attempt; the last one is for all that follow. Greylisting lets a mail in after five
/// minutes, some after an hour.
const PAUSES: [i64; 8] = [1, 2, 4, 8, 15, 30, 60, 120];
/// How often the task looks for mails that are due, in milliseconds.
const TICK: u64 = 5_000;
/// How often what became of a mail is written before it is left to the end of the claim.
const WRITES: u32 = 5;

/// Mails by what became of an attempt.
pub static MAILS: Family<5> = Family::new(
    "vestibule_mails_total",
    "Mails, by what became of them: stored to be sent, sent, put off after a failure, given up, or expired unsent.",
    "result",
    ["queued", "sent", "deferred", "failed", "expired"],
);
const QUEUED: usize = 0;
const SENT: usize = 1;
const DEFERRED: usize = 2;
const FAILED: usize = 3;
const EXPIRED: usize = 4;

/// Sends mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    db: Db,
    from: Arc<Mailbox>,
    transport: Transport,
    sending: Arc<Sending>,
    stopping: CancellationToken,
}

#[derive(Clone, Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(Arc<PathBuf>),
}

/// Whether this instance is sending.
#[derive(Debug, Default)]
struct Sending {
    state: Mutex<State>,
    /// There may be more to send.
    more: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    /// Whether to look for mails once more before the task ends.
    again: bool,
}

impl Sending {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer {
    /// A mailer for `[mail]` of `settings`.
    ///
    /// # Errors
    /// If a setting is invalid: one line for the operator, which names it.
    pub fn new(settings: &Settings, db: Db) -> Result<Self, String> {
        let mail = &settings.mail;
        let from = mail.from.parse().map_err(|error| format!("mail.from: {error}"))?;
        let transport = if mail.has_server() {
            let host = settings.server.public_url.host_str().unwrap_or("localhost");
            Transport::Smtp(transport(mail.smtp_url.expose_secret(), &mail.ca_file, host)?)
        } else {
            Transport::Outbox(Arc::new(PathBuf::from(&mail.outbox)))
        };
        Ok(Self { db, from: Arc::new(from), transport, sending: Arc::default(), stopping: CancellationToken::new() })
    }

    /// Sends `mail` after the request, which does not wait until it is stored: for answers whose timing must not tell
    /// whether there is a mail (S25). [`Db::close`] waits for it.
    pub fn post(&self, mail: Mail) {
        let mailer = self.clone();
        self.db.spawn_detached(async move { mailer.send(mail).await });
    }

    /// Stores `mail` to be sent. Once this returns, the end of the process does not lose it. A failure is logged,
    /// without the address and without links (S40).
    pub async fn send(&self, mail: Mail) {
        let (kind, domain, id) = (mail.kind().to_owned(), mail.domain().to_owned(), Uuid::now_v7());
        match self.store(id, mail).await {
            Ok(Stored::Outbox) => {
                MAILS.count(SENT);
                tracing::info!(event = "mail_sent", kind, domain);
            }
            Ok(Stored::Queue) => {
                MAILS.count(QUEUED);
                tracing::info!(event = "mail_queued", kind, domain, mail = %id);
                self.wake();
            }
            Err(error) => {
                MAILS.count(FAILED);
                tracing::error!(event = "mail_failed", kind, error);
            }
        }
    }

    /// Hands `mail` to the mail server now, and returns its answer. Nothing is stored.
    ///
    /// # Errors
    /// What went wrong, in the server's own words.
    pub async fn deliver(&self, mail: &Mail) -> Result<String, String> {
        let message = mail.message(&self.from, Uuid::now_v7(), self.db.now())?;
        match &self.transport {
            Transport::Smtp(smtp) => delivery::deliver(smtp, &message).await.map_err(|refusal| refusal.words),
            Transport::Outbox(folder) => {
                keep(folder, &message).await?;
                Ok(format!("written to the folder {}: no mail server is set", folder.display()))
            }
        }
    }

    async fn store(&self, id: Uuid, mail: Mail) -> Result<Stored, String> {
        let now = self.db.now();
        // What cannot be sent is not stored.
        let message = mail.message(&self.from, id, now)?;
        if let Transport::Outbox(folder) = &self.transport {
            keep(folder, &message).await?;
            return Ok(Stored::Outbox);
        }
        let (kind, recipient) = (mail.kind().to_owned(), mail.to().to_owned());
        let new = store::New {
            id,
            kind: kind.clone(),
            recipient: recipient.clone(),
            content: mail.to_json()?,
            expires_at: mail.lasts().map(|lasts| now + lasts),
            request_id: request::id(),
        };
        store::insert(&self.db, new, now).await.map_err(|error| error.to_string())?;
        if mail.replaces_older()
            && let Err(error) = store::replace_older(&self.db, id, kind, recipient, now).await
        {
            tracing::warn!(%error, "older mails are sent as well");
        }
        Ok(Stored::Queue)
    }

    /// Gives up all mail that is being sent, because the server stops (S44). The next start sends it.
    pub fn give_up(&self) {
        self.stopping.cancel();
    }

    /// Sends what is due, for as long as the server runs: mails that were tried before, and those that another instance
    /// or the command line has left.
    pub async fn run(self) {
        loop {
            self.wake();
            let pause = TICK + rand::rng().random_range(0..TICK / 5);
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        }
    }

    /// Sends what is due in a task of its own, which [`Db::wait_idle`] waits for.
    pub fn wake(&self) {
        let Transport::Smtp(smtp) = &self.transport else { return };
        let mut state = self.sending.state();
        state.again = true;
        self.sending.more.notify_one();
        if !std::mem::replace(&mut state.running, true) {
            let (mailer, smtp) = (self.clone(), smtp.clone());
            self.db.spawn_apart(async move { mailer.send_due(&smtp).await });
        }
    }

    /// Sends until nothing is due.
    async fn send_due(&self, smtp: &AsyncSmtpTransport<Tokio1Executor>) {
        let mut tasks = JoinSet::new();
        loop {
            self.sending.state().again = false;
            let room = AT_ONCE - tasks.len();
            let claim = Uuid::now_v7();
            for mail in self.claim(claim, room).await {
                let (mailer, smtp) = (self.clone(), smtp.clone());
                tasks.spawn(async move { mailer.attempt(&smtp, claim, mail).await });
            }
            if tasks.is_empty() {
                let mut state = self.sending.state();
                if !state.again {
                    state.running = false;
                    return;
                }
                continue;
            }
            tokio::select! {
                _ = tasks.join_next() => {}
                () = self.sending.more.notified(), if tasks.len() < AT_ONCE => {}
            }
        }
    }

    async fn claim(&self, claim: Uuid, room: usize) -> Vec<Claimed> {
        let now = self.db.now();
        let work = async {
            if room == 0 || self.stopping.is_cancelled() || !store::is_due(&self.db, now).await? {
                return Ok(Vec::new());
            }
            store::claim(&self.db, claim, now, now + CLAIM, i64::try_from(room).unwrap_or_default()).await
        };
        work.await.unwrap_or_else(|error: sqlx::Error| {
            tracing::warn!(%error, "the mails that wait cannot be read");
            Vec::new()
        })
    }

    /// Sends `mail`, or says when to try again.
    async fn attempt(&self, smtp: &AsyncSmtpTransport<Tokio1Executor>, claim: Uuid, claimed: Claimed) {
        let Claimed { id, kind, recipient, content, attempts, created_at, tried_from, expires_at } = claimed;
        let domain = recipient.rsplit_once('@').map_or("", |(_, domain)| domain).to_owned();
        let whose = (id, claim);
        if expires_at.is_some_and(|expires_at| expires_at <= self.db.now()) {
            MAILS.count(EXPIRED);
            let error = "its link or code has expired";
            tracing::error!(event = "mail_failed", kind, domain, mail = %id, attempts, error);
            return self.written(|| store::end(&self.db, whose, "expired", String::new(), self.db.now())).await;
        }
        let mail = Mail::stored(kind.clone(), recipient, content.as_deref().unwrap_or_default());
        let message = mail.and_then(|mail| mail.message(&self.from, id, created_at));
        let result = match message {
            Ok(message) => tokio::select! {
                biased;
                result = delivery::deliver(smtp, &message) => result,
                () = self.stopping.cancelled() => {
                    tracing::warn!(event = "mail_deferred", kind, domain, mail = %id, error = "the server stops");
                    return self.written(|| store::put_back(&self.db, whose, String::new(), self.db.now())).await;
                }
            },
            Err(error) => Err(Refusal::of_mail(error)),
        };
        let now = self.db.now();
        match result {
            Ok(answer) => {
                MAILS.count(SENT);
                tracing::info!(event = "mail_sent", kind, domain, mail = %id, attempts);
                self.written(|| store::end(&self.db, whose, "sent", answer.clone(), now)).await;
            }
            Err(Refusal { summary: error, words, for_good }) => match next(attempts, tried_from, now) {
                Some(due_at) if !for_good => {
                    MAILS.count(DEFERRED);
                    tracing::warn!(event = "mail_deferred", kind, domain, mail = %id, attempts, error, until = %due_at);
                    self.written(|| store::put_back(&self.db, whose, words.clone(), due_at)).await;
                }
                _ => {
                    MAILS.count(FAILED);
                    tracing::error!(event = "mail_failed", kind, domain, mail = %id, attempts, error);
                    self.written(|| store::fail(&self.db, whose, words.clone(), now)).await;
                }
            },
        }
    }

    /// Writes what became of a mail. If the database does not take it, the mail is tried again when the claim ends.
    async fn written<F: Future<Output = sqlx::Result<u64>>>(&self, write: impl Fn() -> F) {
        for _ in 0..WRITES {
            if write().await.is_ok() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        tracing::error!("what became of a mail cannot be stored; it may be sent twice");
    }
}

/// Where a mail is kept.
enum Stored {
    /// In the folder, for good.
    Outbox,
    /// In the database, to be sent.
    Queue,
}

fn transport(url: &str, ca_file: &str, hello: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    // The error of lettre may contain the URL, and the URL a password.
    let wrong = || "mail.smtp_url: must be smtps://user:password@host or smtp://host".to_owned();
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| wrong())?;
    let parsed = Url::parse(url).map_err(|_| wrong())?;
    let tls = parsed.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let parameters = || {
        let ours = (!ca_file.is_empty()).then(|| ("mail.ca_file", ca_file.into()));
        let file = ours.or_else(|| Some(("SSL_CERT_FILE", env::var_os("SSL_CERT_FILE")?)));
        let named = file.as_ref().map(|(name, file)| (*name, file.as_os_str()));
        certificates::parameters(parsed.host_str().unwrap_or_default(), named)
    };
    let builder = match (parsed.scheme(), tls.as_deref()) {
        ("smtps", _) => builder.tls(Tls::Wrapper(parameters()?)),
        (_, Some("required")) => builder.tls(Tls::Required(parameters()?)),
        (_, Some("opportunistic")) => builder.tls(Tls::Opportunistic(parameters()?)),
        _ => builder,
    };
    Ok(builder.hello_name(ClientId::Domain(hello.into())).timeout(Some(CONNECT_TIMEOUT)).build())
}

async fn keep(folder: &std::path::Path, message: &Message) -> Result<(), String> {
    outbox::keep(folder, &message.formatted()).await.map_err(|error| error.to_string())
}

/// When to try again after so many failed attempts, up to a fifth later so that mails do not come all at once; `None`
/// once a mail was tried for long enough.
fn next(attempts: i64, tried_from: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let last = PAUSES.len() - 1;
    let nth = usize::try_from(attempts - 1).unwrap_or_default().min(last);
    let pause = PAUSES[nth] * 60;
    let due_at = now + Duration::seconds(pause + rand::rng().random_range(0..=pause / 5));
    (due_at <= tried_from + PERSISTENCE).then_some(due_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_for_a_day_in_growing_pauses() {
        let began = Timestamp::new(time::OffsetDateTime::UNIX_EPOCH);
        let (mut now, mut attempts, mut minutes) = (began, 1, Vec::new());
        while let Some(due_at) = next(attempts, began, now) {
            minutes.push((due_at - now).whole_minutes());
            (now, attempts) = (due_at, attempts + 1);
        }
        let day = now - began;
        assert!(day > Duration::hours(21) && day <= Duration::days(1), "{day}");
        for (nth, minutes) in minutes.iter().enumerate() {
            let pause = PAUSES[nth.min(PAUSES.len() - 1)];
            assert!((pause..=pause + pause.div_euclid(5)).contains(minutes), "{minutes} minutes after attempt {nth}");
        }
        // Greylisting of five minutes, and of an hour.
        assert!(minutes.iter().take(3).sum::<i64>() >= 5 && minutes.len() > 10, "{minutes:?}");
    }
}
