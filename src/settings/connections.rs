//! What the doctor says of the servers this one talks to: the database and the mail server. What goes to another
//! machine goes there by TLS, or the settings say that the network between is private (S73).

use std::{net::IpAddr, str::FromStr};

use lettre::message::Mailbox;
use sqlx::{
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};
use url::Url;

use super::{
    Settings,
    doctor::{Findings, is_this_machine},
};

impl Settings {
    /// What can be said of the URL by itself; whether there is anything at its other end, [`Settings::surroundings`]
    /// says.
    pub(super) fn look_at_database(&self, found: &mut Findings) {
        const URL: &str = "database.url";
        let url = &self.database.url;
        if url.starts_with("sqlite:") {
            if let Err(error) = SqliteConnectOptions::from_str(url) {
                return found.error(URL, format!("is no address of a SQLite file: {error}"));
            }
            let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
            let modes: Vec<_> = parameters.split('&').filter_map(|parameter| parameter.strip_prefix("mode=")).collect();
            found.error_if(
                place.ends_with(":memory:") || modes.contains(&"memory"),
                URL,
                "a database in memory is empty at every start, and each connection has its own; name a file",
            );
            let immutable = ["immutable=1", "immutable=true"].iter().any(|word| parameters.contains(word));
            found.error_if(
                modes.contains(&"ro") || immutable,
                URL,
                "nothing could be written; leave the parameters out",
            );
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            match PgConnectOptions::from_str(url) {
                Err(error) => found.error(URL, format!("is no address of a PostgreSQL database: {error}")),
                Ok(options) => found.error_if(
                    !self.database.allow_plaintext && !is_private(&options),
                    URL,
                    "passwords and personal data would travel to another machine in the clear, or whenever somebody on \
                     the way wants them to; add ?sslmode=verify-full, or at least ?sslmode=require, or set \
                     database.allow_plaintext = true if the network between is yours alone",
                ),
            }
        }
    }

    pub(super) fn look_at_mail(&self, found: &mut Findings) {
        const URL: &str = "mail.smtp_url";
        let mail = &self.mail;
        let from = mail.from.parse::<Mailbox>().ok();
        found.error_if(from.is_none(), "mail.from", "must be an address, such as \"Vestibule <hello@example.com>\"");
        if mail.smtp_url.is_empty() {
            let why = format!(
                "is not set: no mail is sent, it is written to the folder {:?}; name a server, so that people can \
                 confirm addresses and choose new passwords",
                mail.outbox
            );
            found.advice_if(!self.is_development(), URL, why);
            return;
        }
        found.error_if(
            from.is_some_and(|from| from.email.domain() == "localhost"),
            "mail.from",
            "nobody takes mail from localhost; set an address of your own domain",
        );
        let url = Url::parse(&mail.smtp_url).ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.host().is_some()) else {
            return found.error(URL, "must be smtps://user:password@host or smtp://host");
        };
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        found.error_if(
            tls.as_deref().is_some_and(|tls| !matches!(tls, "required" | "opportunistic")),
            URL,
            "knows ?tls=required and ?tls=opportunistic",
        );
        let secure = url.scheme() == "smtps" || tls.as_deref() == Some("required") || is_this_machine(&url);
        if !secure && url.password().is_some() {
            found.error(URL, "the password would travel in the clear; write smtps://… or add ?tls=required");
        } else {
            found.error_if(
                !secure && !mail.allow_plaintext,
                URL,
                "links that open accounts would travel to another machine in the clear, or whenever somebody on the \
                 way wants them to; write smtps://… or add ?tls=required, or set mail.allow_plaintext = true if the \
                 network between is yours alone",
            );
        }
    }
}

/// Whether nobody on the way can read along: there is no way, or TLS is insisted on. `prefer`, the default, is not
/// that: it goes on in the clear where somebody on the way says that the server has no TLS.
fn is_private(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let here = host == "localhost" || host.starts_with('/') || address.is_ok_and(|address| address.is_loopback());
    let tls = matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    options.get_socket().is_some() || here || tls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Finding, Severity};

    fn errors(change: impl FnOnce(&mut Settings)) -> Vec<Finding> {
        let mut settings = Settings::default();
        settings.mail.from = "hello@vestibule.example".into();
        change(&mut settings);
        settings.findings().into_iter().filter(|found| found.severity == Severity::Error).collect()
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_in_private() {
        let errors = |url: &str, plaintext: bool| {
            errors(|settings| {
                settings.database.url = url.into();
                settings.database.allow_plaintext = plaintext;
            })
        };
        for good in [
            "postgres://me:s3cret@db.example/x?sslmode=require",
            "postgres://me:s3cret@db.example/x?sslmode=verify-ca",
            "postgresql://me:s3cret@10.0.0.5/x?ssl-mode=verify-full",
            "postgres://localhost/x",
            "postgres://me@127.0.0.1:5433/x?sslmode=disable",
            "postgres://me@[::1]/x",
            "postgres://me@%2Fvar%2Frun%2Fpostgresql/x",
            "postgres://me@localhost:5432/x?sslmode=disable&host=/tmp/socket",
        ] {
            assert!(errors(good, false).is_empty(), "{good}: {:?}", errors(good, false));
        }
        for bad in [
            "postgres://me:s3cret@db.example/x",
            "postgres://me:s3cret@db.example/x?sslmode=prefer",
            "postgres://me:s3cret@10.0.0.5/x?sslmode=disable",
            "postgres://me:s3cret@localhost/x?host=db.example",
            "postgres://me:s3cret@localhost/x?hostaddr=10.0.0.5",
            "postgres://me:s3cret@localhost.example/x",
            "postgres://me:s3cret@db/x",
        ] {
            let found = errors(bad, false);
            assert_eq!(found.len(), 1, "{bad}");
            let Finding { key, why, .. } = &found[0];
            assert!(*key == "database.url" && why.contains("sslmode=verify-full") && !why.contains("s3cret"), "{why}");
            assert!(why.contains("database.allow_plaintext") && errors(bad, true).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_mail_server_elsewhere_is_spoken_to_in_private() {
        let errors = |url: &str, plaintext: bool| {
            errors(|settings| {
                settings.mail.smtp_url = url.into();
                settings.mail.allow_plaintext = plaintext;
            })
        };
        for (url, plaintext) in [
            ("smtps://me:s3cret@mail.example", false),
            ("smtp://mail.example?tls=required", false),
            ("smtp://localhost:1025", false),
            ("smtp://[::1]:1025", false),
            ("smtp://mailpit:1025", true),
        ] {
            assert!(errors(url, plaintext).is_empty(), "{url}: {:?}", errors(url, plaintext));
        }
        for (url, plaintext) in [
            ("smtp://mail.example", false),
            ("smtp://mail.example?tls=opportunistic", false),
            ("smtp://mailpit:1025", false),
            ("smtp://me:s3cret@mailpit:1025", true),
        ] {
            let found = errors(url, plaintext);
            assert!(found.len() == 1 && found[0].key == "mail.smtp_url", "{url}: {found:?}");
            assert!(found[0].why.contains("in the clear") && !found[0].why.contains("s3cret"), "{found:?}");
        }
    }

    #[test]
    fn a_database_that_keeps_nothing_is_refused() {
        for url in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite:house.db?mode=memory",
            "sqlite:house.db?cache=shared&mode=memory",
            "sqlite:house.db?mode=ro",
            "sqlite:house.db?immutable=1",
            "sqlite:house.db?colour=blue",
        ] {
            let found = errors(|settings| settings.database.url = url.into());
            assert!(found.len() == 1 && found[0].key == "database.url", "{url}: {found:?}");
        }
        assert!(errors(|settings| settings.database.url = "sqlite:house.db?mode=rwc".into()).is_empty());
    }
}
