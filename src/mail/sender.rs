//! Sends mail by SMTP, or writes it to the outbox.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{self, extension::ClientId},
};

use secrecy::ExposeSecret;
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Mail, outbox};
use crate::{db::Db, settings::Settings};

/// The time limit for a connection to the mail server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for one attempt. lettre itself waits for replies without a limit.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);
/// The pauses before the second and the third attempt, after a temporary failure.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

const TOO_LONG: &str = "the mail server takes too long";
/// How many mails may be in flight that no request has caused.
const BACKGROUND: usize = 64;

/// Sends mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    db: Db,
    background: Arc<Semaphore>,
    from: Arc<Mailbox>,
    transport: Transport,
    stopping: CancellationToken,
}

#[derive(Clone, Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(Arc<PathBuf>),
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
            // The error of lettre may contain the URL, and the URL a password.
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(mail.smtp_url.expose_secret())
                .map_err(|_| "mail.smtp_url: must be smtps://user:password@host or smtp://host".to_owned())?;
            let host = settings.server.public_url.host_str().unwrap_or("localhost");
            Transport::Smtp(builder.hello_name(ClientId::Domain(host.into())).timeout(Some(CONNECT_TIMEOUT)).build())
        } else {
            Transport::Outbox(Arc::new(PathBuf::from(&mail.outbox)))
        };
        let (background, stopping) = (Arc::new(Semaphore::new(BACKGROUND)), CancellationToken::new());
        Ok(Self { db, background, from: Arc::new(from), transport, stopping })
    }

    /// Sends `mail` after the request, which does not wait for it and does not learn whether it was sent. [`Db::close`]
    /// waits for it. It is logged under the request's id.
    pub fn post(&self, mail: Mail) {
        let mailer = self.clone();
        self.db.spawn_detached(async move { mailer.send(mail).await }.in_current_span());
    }

    /// Gives up all mail that is still being sent, because the server stops (S44). Each is logged as failed.
    pub fn give_up(&self) {
        self.stopping.cancel();
    }

    /// How many more mails [`Mailer::post_in_background`] sends at once.
    pub fn room(&self) -> i64 {
        i64::try_from(self.background.available_permits()).unwrap_or(i64::MAX)
    }

    /// Sends a mail that no request has caused. Without [`Mailer::room`] it waits for another one to be sent.
    pub fn post_in_background(&self, mail: Mail) {
        let (mailer, background) = (self.clone(), self.background.clone());
        let place = background.clone().try_acquire_owned().ok();
        self.db.spawn_detached(async move {
            let _place = match place {
                None => background.acquire_owned().await.ok(),
                place => place,
            };
            mailer.send(mail).await;
        });
    }

    /// Sends `mail` now. A failure is logged, without the address and without links (S40).
    pub async fn send(&self, mail: Mail) {
        let kind = mail.kind();
        let result = match mail.message(&self.from, self.db.now()) {
            Ok(message) => tokio::select! {
                biased;
                result = self.deliver(message) => result,
                () = self.stopping.cancelled() => Err("the server stopped before the mail was taken".into()),
            },
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => tracing::info!(event = "mail_sent", kind),
            Err(error) => tracing::error!(event = "mail_failed", kind, error),
        }
    }

    async fn deliver(&self, message: Message) -> Result<(), String> {
        let smtp = match &self.transport {
            Transport::Smtp(smtp) => smtp,
            Transport::Outbox(folder) => {
                return outbox::keep(folder, &message.formatted()).await.map_err(|error| error.to_string());
            }
        };
        let mut pauses = PAUSES.into_iter();
        loop {
            let (error, again) = match timeout(TRY_TIMEOUT, smtp.send(message.clone())).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => (named(&error), may_pass(&error)),
                Err(_) => (TOO_LONG.to_owned(), true),
            };
            let Some(pause) = pauses.next().filter(|_| again) else { return Err(error) };
            tokio::time::sleep(pause).await;
        }
    }
}

/// Whether another attempt may succeed: not after a permanent refusal, or with a mail that cannot be sent at all.
fn may_pass(error: &smtp::Error) -> bool {
    !error.is_permanent() && !error.is_client() && !error.is_tls()
}

/// What went wrong, without the text of the server's reply, which often contains the address.
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
