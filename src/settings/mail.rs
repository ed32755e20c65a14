//! `[mail]`: the mail server, and the folder for mail that is not sent.

use std::{fs, path::Path};

use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{findings::Findings, hosts::is_loopback_host};

const URL: &str = "mail.smtp_url";

/// `[mail]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The URL of the mail server, which may contain a password. If empty, mail is not sent.
    #[serde(with = "super::secret")]
    pub smtp_url: SecretString,
    /// A file with the certificates of authorities that the mail server's may be from; those of the system if it is empty.
    pub ca_file: String,
    /// The sender of all mail.
    pub from: String,
    /// The folder that mail is written to if there is no mail server.
    pub outbox: String,
    /// Whether to connect to a mail server on another machine without TLS. A password is sent over TLS in any case.
    pub allow_plaintext: bool,
    /// Days for which `vestibule mail list --all` has what became of a mail: to whom, when, and what the server answered.
    pub keep_days: u32,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: SecretString::default(),
            ca_file: String::new(),
            from: "Vestibule <vestibule@localhost>".into(),
            outbox: "outbox".into(),
            allow_plaintext: false,
            keep_days: 7,
        }
    }
}

impl Mail {
    /// Whether there is a mail server. Without one, mail is written to the outbox.
    pub fn has_server(&self) -> bool {
        !self.smtp_url.expose_secret().is_empty()
    }

    /// Where mail goes, in a sentence for the operator, without user and password.
    pub fn summary(&self) -> String {
        if !self.has_server() {
            return format!("Mail is written to the folder {}.", self.outbox);
        }
        let url = Url::parse(self.smtp_url.expose_secret()).ok();
        let place = url.as_ref().and_then(|url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
        });
        format!("Mail goes to {}.", place.unwrap_or_default())
    }

    /// `development` is whether this is a development server, which shows its outbox.
    pub(super) fn check(&self, development: bool, found: &mut Findings) {
        let reason = "mails that could not be sent are kept for so long, and the addresses of all others";
        found.range("mail.keep_days", self.keep_days, 1..=366, reason);
        let from = self.from.parse::<Mailbox>().ok();
        found.error_if(from.is_none(), "mail.from", "must be an address, such as \"Vestibule <hello@example.com>\"");
        if !self.has_server() {
            let message = format!(
                "is not set, so mail is not sent but written to the folder {:?}; set a mail server, so that people can \
                 verify their address and choose a new password",
                self.outbox
            );
            return found.advice_if(!development, URL, message);
        }
        found.error_if(
            from.is_some_and(|from| from.email.domain() == "localhost"),
            "mail.from",
            "mail servers reject mail from localhost; use an address of your own domain",
        );
        self.check_server(found);
    }

    fn check_server(&self, found: &mut Findings) {
        let url = Url::parse(self.smtp_url.expose_secret()).ok();
        let Some(url) = url.filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.host().is_some()) else {
            return found.error(URL, "must be smtps://user:password@host or smtp://host");
        };
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        found.error_if(
            tls.as_deref().is_some_and(|tls| !matches!(tls, "required" | "opportunistic")),
            URL,
            "only ?tls=required and ?tls=opportunistic are supported",
        );
        let secure = url.scheme() == "smtps" || tls.as_deref() == Some("required") || is_loopback_host(&url);
        if secure {
            return;
        }
        if url.password().is_some() {
            let message = "the password would be sent unencrypted; use smtps://… or add ?tls=required";
            return found.error(URL, message);
        }
        found.error_if(
            !self.allow_plaintext,
            URL,
            "links that give access to accounts would be sent to another machine unencrypted, or an attacker on the \
             network could force that; use smtps://… or add ?tls=required, or set mail.allow_plaintext = true if the \
             network is private",
        );
    }

    /// Checks that the outbox, if it exists, is a folder.
    pub(super) fn check_outbox(&self, found: &mut Findings) {
        let outbox = Path::new(&self.outbox);
        let in_the_way = !self.has_server() && outbox.exists() && !outbox.is_dir();
        found.error_if(in_the_way, "mail.outbox", format!("{:?} is not a folder", self.outbox));
    }

    /// Checks that the file of certificates can be read and has one.
    pub(super) fn check_ca_file(&self, found: &mut Findings) {
        if self.ca_file.is_empty() {
            return;
        }
        match fs::read_to_string(&self.ca_file) {
            Err(error) => found.error("mail.ca_file", format!("cannot read {}: {error}", self.ca_file)),
            Ok(text) => found.error_if(
                !text.contains("-----BEGIN CERTIFICATE-----"),
                "mail.ca_file",
                format!("{} has no certificate; it must be in PEM form", self.ca_file),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::findings::Finding;

    fn errors(smtp_url: &str, allow_plaintext: bool) -> Vec<Finding> {
        let mut found = Findings::default();
        let from = "Vestibule <hello@vestibule.example>".into();
        Mail { smtp_url: smtp_url.into(), from, allow_plaintext, ..Mail::default() }.check(false, &mut found);
        found.sorted()
    }

    #[test]
    fn a_mail_server_elsewhere_is_spoken_to_in_private() {
        for (url, plaintext) in [
            ("smtps://me:s3cret@mail.example", false),
            ("smtp://me:s3cret@mail.example:587?tls=required", false),
            ("smtp://me:s3cret@localhost:1025", false),
            ("smtp://me:s3cret@127.0.0.1:1025", false),
            ("smtp://mail.example?tls=required", false),
            ("smtp://localhost:1025", false),
            ("smtp://[::1]:1025", false),
            ("smtp://mailpit:1025", true),
        ] {
            assert!(errors(url, plaintext).is_empty(), "{url}: {:?}", errors(url, plaintext));
        }
        for (url, plaintext) in [
            ("smtp://mail.example", false),
            ("smtp://me:s3cret@mail.example", false),
            ("smtp://mail.example?tls=opportunistic", false),
            ("smtp://me:s3cret@mail.example?tls=opportunistic", false),
            ("smtp://mailpit:1025", false),
            ("smtp://me:s3cret@mailpit:1025", true),
        ] {
            let found = errors(url, plaintext);
            assert!(found.len() == 1 && found[0].key == "mail.smtp_url", "{url}: {found:?}");
            assert!(found[0].message.contains("unencrypted") && !found[0].message.contains("s3cret"), "{found:?}");
        }
        for url in ["smtp://mail.example?tls=maybe", "https://mail.example", "mail.example"] {
            assert!(errors(url, false).iter().all(|found| found.key == "mail.smtp_url"), "{url}");
            assert!(!errors(url, false).is_empty(), "{url}");
        }
    }

    #[test]
    fn the_password_stays_out_of_logs_and_documents() {
        let mail = Mail { smtp_url: "smtps://me:s3cret@mail.example".into(), ..Mail::default() };
        assert!(!format!("{mail:?}").contains("s3cret"));
        assert!(!serde_json::to_string(&mail).unwrap().contains("s3cret"));
    }

    #[test]
    fn the_start_says_where_mail_goes_and_no_password() {
        let summary = |smtp_url: &str| Mail { smtp_url: smtp_url.into(), ..Mail::default() }.summary();
        assert_eq!(summary(""), "Mail is written to the folder outbox.");
        assert_eq!(summary("smtps://me:s3cret@mail.example"), "Mail goes to smtps://mail.example.");
        assert_eq!(summary("smtp://me:s3cret@mail.example:587?tls=required"), "Mail goes to smtp://mail.example:587.");
    }

    #[test]
    fn a_file_of_certificates_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let found = || {
            let mut found = Findings::default();
            Mail { ca_file: file.display().to_string(), ..Mail::default() }.check_ca_file(&mut found);
            found.sorted().into_iter().map(|found| found.message).collect::<String>()
        };
        assert!(found().contains("cannot read"));
        fs::write(&file, "nothing").unwrap();
        assert!(found().contains("has no certificate"));
        fs::write(&file, "-----BEGIN CERTIFICATE-----\n").unwrap();
        assert_eq!(found(), "");
    }

    #[test]
    fn an_outbox_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let found = |outbox: &Path| {
            let mut found = Findings::default();
            Mail { outbox: outbox.display().to_string(), ..Mail::default() }.check_outbox(&mut found);
            found.sorted()
        };
        assert!(found(folder.path()).is_empty());
        let file = folder.path().join("mail");
        assert!(found(&file).is_empty(), "it is created");
        std::fs::write(&file, "").unwrap();
        assert_eq!(found(&file)[0].key, "mail.outbox");
    }
}
