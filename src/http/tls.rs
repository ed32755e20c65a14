//! TLS of the listener, for a developer's machine: elsewhere a proxy terminates it.

use std::{fmt, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    Accept, TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// A certificate with its key, for a listener. Cheap to clone.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Keeps the key out of logs.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// The `certificate` and its `key`, in DER.
    ///
    /// # Errors
    /// If they are not, or do not belong together.
    pub fn new(certificate: Vec<u8>, key: Vec<u8>) -> Result<Self, String> {
        let key = PrivateKeyDer::try_from(key)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.into()], key);
        let mut config = config.map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Begins with a client on `stream`.
    pub(super) fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Accept<S> {
        self.0.accept(stream)
    }
}
