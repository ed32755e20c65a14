//! The certificates that mail servers may have: those that the program brings, and those that the machine trusts.
//!
//! `mail.ca_file` names a file of one's own, or `SSL_CERT_FILE`, as for OpenSSL. Otherwise the store of the system is used where it is
//! found, to which the certificate of a company's own authority is added by `update-ca-certificates` and its like.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters, TlsParametersBuilder};

/// Where Debian, Red Hat, SUSE, Alpine and the BSDs have their store.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];
const END: &str = "-----END CERTIFICATE-----";

/// How to speak TLS with `host`. `file` is a file of one's own, after the name of what names it.
///
/// # Errors
/// If that file cannot be read or has no certificate: one line for the operator.
pub(super) fn parameters(host: &str, file: Option<(&str, &OsStr)>) -> Result<TlsParameters, String> {
    let named = file.filter(|(_, file)| !file.is_empty()).map(|(name, file)| (name, PathBuf::from(file)));
    let found = match &named {
        Some((name, file)) => {
            let found = read(file).map_err(|error| format!("{name}: {}: {error}", file.display()))?;
            if found.is_empty() {
                return Err(format!("{name}: {} has no certificate", file.display()));
            }
            found
        }
        None => SYSTEM.iter().find_map(|file| read(Path::new(file)).ok()).unwrap_or_default(),
    };
    let builder =
        found.into_iter().fold(TlsParameters::builder(host.into()), TlsParametersBuilder::add_root_certificate);
    builder.build().map_err(|error| format!("mail.smtp_url: {error}"))
}

/// The file of the authorities that this machine trusts.
pub(crate) fn system() -> Option<PathBuf> {
    SYSTEM.iter().map(PathBuf::from).find(|file| file.is_file())
}

/// The certificates in `file` that can be used: one that cannot must not keep the others from it.
fn read(file: &Path) -> std::io::Result<Vec<Certificate>> {
    let text = fs::read_to_string(file)?;
    let each = text.split_inclusive(END).filter(|piece| piece.ends_with(END));
    let usable = |certificate: &Certificate| {
        let alone = TlsParameters::builder("localhost".into()).certificate_store(CertificateStore::None);
        alone.add_root_certificate(certificate.clone()).build().is_ok()
    };
    Ok(each.filter_map(|piece| Certificate::from_pem(piece.as_bytes()).ok()).filter(usable).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_ones_own_is_used_or_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let error = parameters("mail.example", Some(("SSL_CERT_FILE", file.as_os_str()))).map(drop).unwrap_err();
        assert!(error.starts_with("SSL_CERT_FILE: ") && error.contains("ca.pem"), "{error}");
        fs::write(&file, "no certificate").unwrap();
        let error = parameters("mail.example", Some(("SSL_CERT_FILE", file.as_os_str()))).map(drop).unwrap_err();
        assert!(error.contains("has no certificate"), "{error}");
        assert!(
            parameters("mail.example", None).is_ok()
                && parameters("mail.example", Some(("mail.ca_file", OsStr::new("")))).is_ok()
        );
    }
}
