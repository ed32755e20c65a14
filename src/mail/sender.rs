//! Sending: by SMTP, or into the outbox.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{self, extension::ClientId},
};

use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Mail, outbox};
use crate::{db::Db, settings::Settings};

/// How long a mail server may take to let us connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one try may take in all. lettre waits for answers without end.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);
/// After a failure that may pass, the next try comes after the next of these.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

const TOO_LONG: &str = "the mail server takes too long";
/// How many mails may be on their way that no request has asked for.
const BESIDE: usize = 64;

/// Sends mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    db: Db,
    beside: Arc<Semaphore>,
    from: Arc<Mailbox>,
    way: Way,
    stopping: CancellationToken,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(Arc<PathBuf>),
}

impl Mailer {
    /// A mailer as `settings` want it.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn new(settings: &Settings, db: Db) -> Result<Self, String> {
        let mail = &settings.mail;
        let from = mail.from.parse().map_err(|error| format!("mail.from: {error}"))?;
        let way = if mail.smtp_url.is_empty() {
            Way::Outbox(Arc::new(PathBuf::from(&mail.outbox)))
        } else {
            // The error of lettre may hold the URL, and that a password.
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&mail.smtp_url)
                .map_err(|_| "mail.smtp_url: must be smtps://user:password@host or smtp://host".to_owned())?;
            let host = settings.server.public_url.host_str().unwrap_or("localhost");
            Way::Smtp(builder.hello_name(ClientId::Domain(host.into())).timeout(Some(CONNECT_TIMEOUT)).build())
        };
        let (beside, stopping) = (Arc::new(Semaphore::new(BESIDE)), CancellationToken::new());
        Ok(Self { db, beside, from: Arc::new(from), way, stopping })
    }

    /// Sends `mail` after the request, which neither waits for it nor learns what becomes of it. [`Db::close`] waits. Its
    /// line in the log stands under the request's id.
    pub fn post(&self, mail: Mail) {
        let mailer = self.clone();
        self.db.spawn_detached(async move { mailer.send(mail).await }.in_current_span());
    }

    /// Gives up whatever is still on its way, with a line in the log for each: the server stops (S44).
    pub fn give_up(&self) {
        self.stopping.cancel();
    }

    /// For how many more mails there is room that no request has asked for.
    pub fn room(&self) -> i64 {
        i64::try_from(self.beside.available_permits()).unwrap_or(i64::MAX)
    }

    /// The same as [`Mailer::post`] for what no request has asked for. Look for [`Mailer::room`] first: past that it waits.
    pub fn post_in_background(&self, mail: Mail) {
        let (mailer, beside) = (self.clone(), self.beside.clone());
        let place = beside.clone().try_acquire_owned().ok();
        self.db.spawn_detached(async move {
            let _place = match place {
                None => beside.acquire_owned().await.ok(),
                place => place,
            };
            mailer.send(mail).await;
        });
    }

    /// Sends `mail` now. What goes wrong stands in the log, without the address and without a link (S40).
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
        let smtp = match &self.way {
            Way::Smtp(smtp) => smtp,
            Way::Outbox(folder) => return outbox::keep(folder, &message.formatted()).await.map_err(|e| e.to_string()),
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

/// Whether another try may succeed: anything but a refusal for good, or a mail that cannot be sent.
fn may_pass(error: &smtp::Error) -> bool {
    !error.is_permanent() && !error.is_client() && !error.is_tls()
}

/// What went wrong, without the server's own words, in which the address often is.
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
