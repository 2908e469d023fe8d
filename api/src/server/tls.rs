//! TLS of the gateway's own, where no proxy ends it: TLS 1.2 and 1.3, the newest certificate of its files.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
        version::{TLS12, TLS13},
    },
    server::TlsStream,
};

use crate::config::TlsFiles;

/// Why TLS cannot be offered. Said to the operator, never to a client.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("{setting} `{}` cannot be read: {source}", path.display())]
    File {
        /// Setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds nothing of the sort.
    #[error("{setting} `{}` holds no {what} in PEM", path.display())]
    Empty {
        /// Setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The pair cannot be used.
    #[error("TLS_CERTIFICATE_FILE and TLS_PRIVATE_KEY_FILE cannot be used together: {0}")]
    Pair(rustls::Error),
}

/// Ends TLS with the certificate of the configured files.
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
    files: TlsFiles,
}

/// Certificate that is shown.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// Names the setting and what is wrong with its file.
    pub async fn open(files: TlsFiles) -> Result<Self, TlsFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let shown = Arc::new(Shown(ArcSwap::from_pointee(pair(&files, &provider).await?)));
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12]);
        let resolver = Arc::clone(&shown);
        let mut config = builder.map_err(TlsFault::Pair)?.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown, files })
    }

    /// Looks at the files again and again, and shows what they hold. While they hold nothing of use the last is shown.
    pub fn keep_fresh(&self, every: Duration) -> impl Future<Output = ()> + Send + 'static {
        let (shown, files) = (Arc::clone(&self.shown), self.files.clone());
        async move {
            let provider = aws_lc_rs::default_provider();
            let mut told = None;
            loop {
                tokio::time::sleep(every).await;
                match pair(&files, &provider).await {
                    Ok(read) => {
                        told = None;
                        if read.cert != shown.0.load().cert {
                            shown.0.store(Arc::new(read));
                            tracing::info!("the renewed certificate is shown");
                        }
                    }
                    Err(fault) => {
                        let fault = Some(fault.to_string());
                        if fault != told {
                            tracing::warn!(fault, "the former certificate is still shown");
                            told = fault;
                        }
                    }
                }
            }
        }
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

async fn pair(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsFault> {
    let (setting, path) = ("TLS_CERTIFICATE_FILE", files.certificate.as_path());
    let empty = |setting, path: &Path, what| TlsFault::Empty { setting, path: path.to_owned(), what };
    let text = read(setting, path).await?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| empty(setting, path, "certificate"))?;
    let (setting, path) = ("TLS_PRIVATE_KEY_FILE", files.private_key.as_path());
    let text = zeroize::Zeroizing::new(read(setting, path).await?);
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| empty(setting, path, "private key"))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsFault::Pair)
}

async fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsFault> {
    tokio::fs::read(path).await.map_err(|source| TlsFault::File { setting, path: path.to_owned(), source })
}
