//! Accepts connections, plain or TLS.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fs, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::config::TlsFiles;

/// A phone on a bad line needs seconds; a connection that says nothing must not stay.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);
/// Handshakes under way; the rest waits in the kernel's queue.
const HANDSHAKES_MAX: usize = 256;

/// Why we cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("cannot read {path}: {reason}")]
    Pem {
        path: std::path::PathBuf,
        reason: String,
    },
    #[error("the certificate and the key do not work together")]
    Tls(#[source] rustls::Error),
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote(pub SocketAddr);

/// A bound port.
pub struct Listener {
    address: SocketAddr,
    kind: Kind,
}

enum Kind {
    Plain(TcpListener),
    /// Handshakes happen in tasks of their own: a slow one holds up nobody.
    Tls(mpsc::Receiver<(Stream, Remote)>),
}

impl Listener {
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, ListenError> {
        let acceptor = tls.map(acceptor).transpose()?;
        let bind = |source| ListenError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(bind)?;
        let address = tcp.local_addr().map_err(bind)?;
        let kind = match acceptor {
            None => Kind::Plain(tcp),
            Some(acceptor) => {
                let (sender, receiver) = mpsc::channel(HANDSHAKES_MAX);
                tokio::spawn(shake_hands(tcp, acceptor, sender));
                Kind::Tls(receiver)
            }
        };
        Ok(Self { address, kind })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn accept(&mut self) -> (Stream, Remote) {
        match &mut self.kind {
            Kind::Plain(tcp) => {
                let (stream, remote) = accept(tcp).await;
                (Stream::Plain(stream), remote)
            }
            Kind::Tls(done) => match done.recv().await {
                Some(connection) => connection,
                // The accepting task never ends while the runtime lives.
                None => std::future::pending().await,
            },
        }
    }
}

async fn accept(tcp: &TcpListener) -> (TcpStream, Remote) {
    loop {
        match tcp.accept().await {
            Ok((stream, remote)) => {
                // Our messages are small and waited for.
                let _ = stream.set_nodelay(true);
                return (stream, Remote(remote));
            }
            Err(error) => {
                // Out of file descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn shake_hands(
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    done: mpsc::Sender<(Stream, Remote)>,
) {
    while let Ok(place) = done.clone().reserve_owned().await {
        let (stream, remote) = accept(&tcp).await;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(place.send((Stream::Tls(Box::new(stream)), remote))),
                Ok(Err(error)) => {
                    tracing::debug!(%error, remote = %remote.0, "a TLS handshake failed")
                }
                Err(_) => tracing::debug!(remote = %remote.0, "a TLS handshake took too long"),
            }
        });
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, ListenError> {
    let pem = |path: &std::path::Path, reason: String| ListenError::Pem {
        path: path.to_owned(),
        reason,
    };
    let read =
        |path: &std::path::Path| fs::read(path).map_err(|error| pem(path, error.to_string()));
    let chain = CertificateDer::pem_slice_iter(&read(&files.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| pem(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(pem(&files.certificate, "no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
        .map_err(|error| pem(&files.key, error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(ListenError::Tls)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A connection of either kind.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
