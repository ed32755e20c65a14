//! `vestibule serve --local-https`: https on a developer's machine, so that what browsers do on https only can be seen
//! where it is built: `__Host-` cookies, HSTS, sessions that are bound to the device.
//!
//! The certificates are in a folder of the user's, so that they are trusted once for all checkouts. The key is readable
//! by its owner only, and that of the authority is not kept.

pub(super) mod certificate;

use std::{
    collections::HashMap,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
};

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use time::{Duration, OffsetDateTime};
use url::Url;

use self::certificate::Certificates;
use crate::{http::tls::Tls, settings::Settings};

const AUTHORITY: &str = "authority.pem";
const LOCALHOST: &str = "localhost.pem";
const KEY: &str = "localhost-key.pem";
/// The first line of the certificate's file, before its end in seconds since 1970.
const UNTIL: &str = "Valid until ";
/// How long before they end new ones are made.
const EARLY: Duration = Duration::days(7);

/// The public URL on https.
///
/// # Errors
/// If others than this machine could reach the server, or the certificate is not for its host.
pub(super) fn public_url(settings: &Settings) -> Result<Url, String> {
    let (address, url) = (&settings.server.address, &settings.server.public_url);
    let Some(address) = address.tcp().filter(|address| address.ip().is_loopback()) else {
        return Err(format!(
            "--local-https is for a browser on this machine, and server.address is {address}, which others reach. \
             Listen on 127.0.0.1. To serve others, put a proxy with a certificate of its own in front"
        ));
    };
    if !matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        return Err(format!(
            "--local-https has a certificate for localhost, 127.0.0.1 and [::1], and server.public_url is {url}. Leave it \
             out, or use https://localhost:{}",
            address.port()
        ));
    }
    let mut url = url.clone();
    // Neither fails for a URL with a host and one of these schemes.
    let _ = url.set_scheme("https").and_then(|()| url.set_port(Some(address.port())));
    Ok(url)
}

/// The certificate of this machine, made if there is none yet, and the lines that say how to trust its authority.
///
/// # Errors
/// One line for the developer.
pub(super) fn prepare(environment: &HashMap<String, String>) -> Result<(Tls, Vec<String>), String> {
    let folder = folder(environment)?;
    let failed = |error: io::Error| format!("--local-https: {}: {error}", folder.display());
    if !lasts(&folder) {
        make(&folder).map_err(failed)?;
    }
    let der = |name: &str| decoded(&fs::read_to_string(folder.join(name))?);
    let (certificate, key) = (der(LOCALHOST).map_err(failed)?, der(KEY).map_err(failed)?);
    let tls = Tls::new(certificate, key).map_err(|error| format!("--local-https: {}: {error}", folder.display()))?;
    Ok((tls, how_to_trust(&folder.join(AUTHORITY))))
}

/// Where the certificates are: `$XDG_DATA_HOME`, or `~/.local/share`.
fn folder(environment: &HashMap<String, String>) -> Result<PathBuf, String> {
    let absolute = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    let data = data.ok_or("--local-https keeps its certificate in your home folder, and HOME is not set")?;
    Ok(data.join("vestibule/local-https"))
}

fn how_to_trust(authority: &Path) -> Vec<String> {
    let file = authority.display();
    vec![
        format!("The certificate is signed by {file}, which speaks for this machine only. To trust it, once:"),
        format!("  macOS    security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db '{file}'"),
        format!("  Linux    certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n vestibule-localhost -i '{file}'"),
        format!("  Windows  certutil.exe -user -addstore Root '{file}'"),
        "  Firefox  Settings, Privacy & Security, View Certificates, Authorities, Import".into(),
    ]
}

/// Whether there are certificates that do not end soon.
fn lasts(folder: &Path) -> bool {
    let text = fs::read_to_string(folder.join(LOCALHOST)).unwrap_or_default();
    let until = text.lines().next().and_then(|line| line.strip_prefix(UNTIL)?.parse::<i64>().ok());
    until.is_some_and(|until| OffsetDateTime::now_utc().unix_timestamp() < until - EARLY.whole_seconds())
}

/// Makes the folder at once, with a rename: of two servers that start together, one makes it, and both use it.
fn make(folder: &Path) -> io::Result<()> {
    let Certificates { authority, localhost, key, until } =
        certificate::make(OffsetDateTime::now_utc()).map_err(io::Error::other)?;
    let until = format!("{UNTIL}{}\n", until.unix_timestamp());
    let fresh = folder.with_extension(format!("new-{}", process::id()));
    fs::create_dir_all(&fresh)?;
    fs::set_permissions(&fresh, Permissions::from_mode(0o700))?;
    write(&fresh.join(AUTHORITY), 0o644, &encoded("CERTIFICATE", &authority))?;
    write(&fresh.join(LOCALHOST), 0o644, &(until + &encoded("CERTIFICATE", &localhost)))?;
    write(&fresh.join(KEY), 0o600, &encoded("PRIVATE KEY", &key))?;
    if folder.exists() && !lasts(folder) {
        fs::remove_dir_all(folder)?;
    }
    let renamed = fs::rename(&fresh, folder);
    if renamed.is_err() && lasts(folder) {
        return fs::remove_dir_all(&fresh);
    }
    renamed
}

fn write(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
}

/// RFC 7468.
fn encoded(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn decoded(pem: &str) -> io::Result<Vec<u8>> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "not a PEM file; delete the folder to make a new one");
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or_else(invalid)?;
    let (_, rest) = rest.split_once("-----").ok_or_else(invalid)?;
    let (text, _) = rest.split_once("-----END").ok_or_else(invalid)?;
    BASE64.decode(text.split_whitespace().collect::<String>()).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, url: &str) -> Result<String, String> {
        let mut settings = Settings::default();
        settings.server.address = address.parse().unwrap();
        settings.server.public_url = url.parse().unwrap();
        public_url(&settings).map(|url| url.to_string())
    }

    #[test]
    fn it_is_for_this_machine_only() {
        let https = |port| Ok(format!("https://localhost:{port}/"));
        assert_eq!(at("127.0.0.1:3000", "http://localhost:3000"), https(3000));
        assert_eq!(at("[::1]:8443", "https://localhost:8443"), https(8443));
        assert_eq!(at("127.0.0.1:443", "http://localhost:443"), Ok("https://localhost/".into()));
        for (address, url) in [
            ("0.0.0.0:3000", "http://localhost:3000"),
            ("192.0.2.7:3000", "http://localhost:3000"),
            ("127.0.0.1:3000", "https://vestibule.example"),
            ("127.0.0.2:3000", "http://127.0.0.2:3000"),
        ] {
            assert!(at(address, url).is_err(), "{address} {url}");
        }
    }

    #[test]
    fn the_certificate_is_made_once_and_its_key_is_the_owners() {
        let home = tempfile::tempdir().unwrap();
        let environment = HashMap::from([("HOME".to_owned(), home.path().display().to_string())]);
        let (_, lines) = prepare(&environment).unwrap();
        let folder = folder(&environment).unwrap();
        assert!(lines.iter().any(|line| line.contains(&folder.join(AUTHORITY).display().to_string())));
        let (authority, key) = (fs::read(folder.join(AUTHORITY)).unwrap(), folder.join(KEY));
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "the authority's key is not kept");
        assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
        prepare(&environment).unwrap();
        assert_eq!(fs::read(folder.join(AUTHORITY)).unwrap(), authority);
        // One that ends soon is made anew, with another authority.
        let text = fs::read_to_string(folder.join(LOCALHOST)).unwrap();
        let soon = OffsetDateTime::now_utc() + Duration::days(1);
        let old = format!("{UNTIL}{}\n{}", soon.unix_timestamp(), text.split_once('\n').unwrap().1);
        fs::write(folder.join(LOCALHOST), old).unwrap();
        prepare(&environment).unwrap();
        assert_ne!(fs::read(folder.join(AUTHORITY)).unwrap(), authority);
        fs::write(&key, "no key").unwrap();
        assert!(prepare(&environment).is_err());
    }
}
