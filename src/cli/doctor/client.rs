//! Asks a site for one page, as a browser would, but step by step, so that it is known which step fails.

use std::{
    env,
    ffi::OsString,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use url::Url;

use crate::{mail::system_certificates, settings::ListenAddress};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of an answer is read, in bytes.
const MOST: u64 = 8 << 20;

/// Which step failed, and why.
#[derive(Debug)]
pub(super) enum Failed {
    /// The name has no address.
    Name(String),
    /// Nothing answers at the address.
    Connection(ListenAddress, String),
    /// The certificate is refused, or TLS is not spoken.
    Tls(String),
    /// The answer is not one of HTTP/1.1.
    Answer(String),
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The site's certificate, in DER.
    pub(super) certificate: Option<Vec<u8>>,
}

impl Answer {
    /// The first header called `name`, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a GET of `url`, to `address` if there is one, or else to that of its host. No TLS is spoken at a UNIX socket.
pub(super) async fn get(url: &Url, address: Option<&ListenAddress>) -> Result<Answer, Failed> {
    get_with(url, address, "").await
}

/// The same with `headers`, each of which is a line.
pub(super) async fn get_with(url: &Url, address: Option<&ListenAddress>, headers: &str) -> Result<Answer, Failed> {
    let stream = match address {
        Some(ListenAddress::Unix(path)) => return ask((url, headers), socket(path).await?, None).await,
        Some(ListenAddress::Tcp(address)) => connect(vec![*address]).await?,
        None => connect(resolved(url).await?).await?,
    };
    if url.scheme() != "https" {
        return ask((url, headers), stream, None).await;
    }
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(|error| Failed::Tls(error.to_string()))?;
    let mut config = client_config().map_err(Failed::Tls)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let shaken = timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
    let stream = shaken.map_err(|_| Failed::Tls(late()))?.map_err(|error| Failed::Tls(error.to_string()))?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| Some(chain.first()?.to_vec()));
    ask((url, headers), stream, certificate).await
}

fn late() -> String {
    format!("no answer within {} seconds", PATIENCE.as_secs())
}

async fn resolved(url: &Url) -> Result<Vec<SocketAddr>, Failed> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let found = timeout(PATIENCE, lookup_host((host, url.port_or_known_default().unwrap_or(80)))).await;
    let found = found.map_err(|_| Failed::Name(late()))?;
    Ok(found.map_err(|error| Failed::Name(error.to_string()))?.collect())
}

async fn socket(path: &Path) -> Result<UnixStream, Failed> {
    let failed = |error| Failed::Connection(ListenAddress::Unix(path.to_owned()), error);
    let connected = timeout(PATIENCE, UnixStream::connect(path)).await.map_err(|_| failed(late()))?;
    connected.map_err(|error| failed(error.to_string()))
}

async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, Failed> {
    let mut failed = Failed::Name("it has no address".into());
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = Failed::Connection(address.into(), error.to_string()),
            Err(_) => failed = Failed::Connection(address.into(), late()),
        }
    }
    Err(failed)
}

async fn ask(
    (url, headers): (&Url, &str),
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    certificate: Option<Vec<u8>>,
) -> Result<Answer, Failed> {
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html, */*\r\nAccept-Encoding: gzip, br, zstd\r\n\
         User-Agent: vestibule-doctor/{}\r\nConnection: close\r\n{headers}\r\n",
        env!("CARGO_PKG_VERSION")
    );
    let mut received = Vec::new();
    let exchange = async {
        stream.write_all(request.as_bytes()).await?;
        match stream.take(MOST).read_to_end(&mut received).await {
            // Many servers close without the end of TLS.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            result => result.map(drop),
        }
    };
    match timeout(PATIENCE, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(Failed::Answer(error.to_string())),
        Err(_) => return Err(Failed::Answer(late())),
    }
    parsed(&received, certificate).ok_or_else(|| Failed::Answer("the answer is not HTTP".into()))
}

fn parsed(received: &[u8], certificate: Option<Vec<u8>>) -> Option<Answer> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (str::from_utf8(&received[..end]).ok()?, received[end + 4..].to_vec());
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Some(Answer { status, headers, body, certificate })
}

/// Trusts what the machine trusts, or the file that `SSL_CERT_FILE` names; and where neither is found, what the program
/// brings.
fn client_config() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let named = env::var_os("SSL_CERT_FILE").filter(|file: &OsString| !file.is_empty()).map(PathBuf::from);
    if let Some(file) = named.or_else(system_certificates) {
        let found = CertificateDer::pem_file_iter(&file);
        let found = found.map_err(|error| format!("{}: {error}", file.display()))?;
        roots.add_parsable_certificates(found.filter_map(Result::ok));
    }
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parsed(b"HTTP/1.1 421 Misdirected Request\r\nDate: now\r\nX-A:  b \r\n\r\nbody", None).unwrap();
        assert_eq!((answer.status, answer.header("x-a"), answer.body.as_slice()), (421, Some("b"), &b"body"[..]));
        assert!(answer.header("x-b").is_none());
        for bad in ["", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 many\r\n\r\n"] {
            assert!(parsed(bad.as_bytes(), None).is_none(), "{bad:?}");
        }
    }
}
