//! TLS by rustls: certificate and key from PEM files, which can be read again while the service runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::error::StartError;

/// Where certificate and key stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain as PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key as PEM.
    pub key: PathBuf,
}

/// The certificate in use.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

fn refuse(path: &Path, fault: impl ToString, remedy: &str) -> StartError {
    StartError::Config { place: path.display().to_string(), fault: fault.to_string(), remedy: remedy.into() }
}

fn load(files: &TlsFiles) -> Result<CertifiedKey, StartError> {
    let TlsFiles { certificate, key } = files;
    let remedy = "give the certificate chain as PEM, the server's own first";
    let read = |path: &Path| std::fs::read(path).map_err(StartError::io(path));
    let pem = read(certificate)?;
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| refuse(certificate, error, remedy))?;
    if chain.is_empty() {
        return Err(refuse(certificate, "there is no certificate in it", remedy));
    }
    let remedy = "give the private key of this certificate as PEM, without a passphrase";
    let private = zeroize::Zeroizing::new(read(key)?);
    let private = PrivateKeyDer::from_pem_slice(&private).map_err(|error| refuse(key, error, remedy))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|error| refuse(key, error, remedy))
}

impl Certificate {
    /// Reads certificate and key, which must belong together.
    ///
    /// # Errors
    /// [`StartError::Io`], [`StartError::Config`].
    pub(crate) fn open(files: TlsFiles) -> Result<Arc<Self>, StartError> {
        let current = RwLock::new(Arc::new(load(&files)?));
        Ok(Arc::new(Self { files, current }))
    }

    /// Reads them again: new connections get the new one. If that fails the old one stays.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn reload(&self) -> Result<(), StartError> {
        let new = Arc::new(load(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The settings of the server: TLS 1.2 and 1.3, no certificates of clients.
    ///
    /// # Errors
    /// [`StartError::Internal`].
    pub(crate) fn server(self: &Arc<Self>) -> Result<ServerConfig, StartError> {
        let internal = |error: rustls::Error| StartError::Internal(error.to_string());
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(internal)?;
        let certificate: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        Ok(builder.with_no_client_auth().with_cert_resolver(certificate))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
