//! Mail: what waits and what could not be sent, and a test message.

use time::Duration;

use super::report::{Report, SEE_SETTINGS};
use crate::{cli::mail::send_test, db::Db, mail::admin, settings::Settings};

const CHECK: &str = "mail";
/// How many mails are looked at.
const NEWEST: u32 = 1_000;
/// Greylisting delays a mail by five minutes, and by little more where it is tried again.
const LATE: Duration = Duration::minutes(15);

/// Looks at the mails that wait or failed, and sends a message to `to` if the settings let the server send any.
pub(super) async fn look(settings: &Settings, db: &Db, (to, may_send): (Option<&str>, bool), report: &mut Report) {
    match admin::list(db, None, true, NEWEST).await {
        Err(error) => report.skipped(CHECK, error.to_string()),
        Ok(mails) => {
            let failed = mails.iter().filter(|mail| mail.state == "failed").count();
            let waits = |mail: &&admin::Listed| mail.state == "waiting" && db.now() > mail.created_at + LATE;
            let late = mails.iter().filter(waits).count();
            if failed + late == 0 {
                report.ok(CHECK, "none has failed, and none waits for long");
            } else {
                let advice = "`vestibule mail list` has the mail server's own words: docs/mail.md.";
                report.warning(CHECK, format!("{failed} could not be sent, and {late} wait for long"), advice);
            }
        }
    }
    let Some(to) = to else {
        return report.skipped("test message", "add --mail-to ADDRESS to send one");
    };
    if !may_send {
        return report.skipped("test message", SEE_SETTINGS);
    }
    match send_test(settings, db, to).await {
        Ok(answer) => report.ok("test message", format!("that to {to} was sent: {answer}")),
        Err(words) => report.problem("test message", format!("it was not sent: {words}"), "See docs/mail.md."),
    }
}
