//! TLS for every connection: the system's roots decide, or exactly one pinned key does.
//! There is no third way, and no switch that turns checking off.

use super::certificate;
use super::connect::{ConnectError, bare_host};
use godwit_domain::{CertificateSeen, Error, ErrorKind, Server};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Verifier = Arc<dyn ServerCertVerifier>;

/// What all TLS connections share: the crypto provider and the system's roots, read once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TlsContext {
    provider: Arc<CryptoProvider>,
    system: Arc<OnceLock<Result<Verifier, String>>>,
}

impl Default for TlsContext {
    fn default() -> Self {
        Self::new()
    }
}

impl TlsContext {
    /// The roots are read at the first connection that needs them. On Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured.
    pub fn new() -> Self {
        Self { provider: Arc::new(rustls::crypto::ring::default_provider()), system: Arc::new(OnceLock::new()) }
    }

    /// Trusts `roots` instead of the system's.
    #[cfg(test)]
    pub(crate) fn with_roots(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let context = Self::new();
        let mut store = rustls::RootCertStore::empty();
        store.add_parsable_certificates(roots);
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(store.into(), context.provider.clone()).build();
        context.system.get_or_init(|| verifier.map(|v| v as Verifier).map_err(|e| e.to_string()));
        context
    }

    /// Makes a TLS connection to `server` over `tcp`; the certificate that was refused comes with the error.
    pub(crate) async fn handshake(&self, server: &Server, tcp: TcpStream) -> Result<TlsStream<TcpStream>, ConnectError> {
        let verifier: Verifier = match &server.pin {
            Some(pin) => Arc::new(Pinned { pin: plain_pin(pin), provider: self.provider.clone() }),
            None => self.system_verifier()?,
        };
        let last_seen = Arc::new(Mutex::new(None));
        let watching = Arc::new(Watching { inner: verifier, last_seen: last_seen.clone() });
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::bug(format!("TLS can't be set up: {e}.")))?
            .dangerous()
            .with_custom_certificate_verifier(watching)
            .with_no_client_auth();
        // A resumed session would skip the check of the certificate, and so a changed pin.
        config.resumption = Resumption::disabled();
        let name = ServerName::try_from(bare_host(&server.host).to_owned()).map_err(|_| {
            Error::invalid(format!("\u{201c}{}\u{201d} is not a host name.", server.host)).mend("Check the server's name.")
        })?;
        match TlsConnector::from(Arc::new(config)).connect(name, tcp).await {
            Ok(stream) => Ok(stream),
            Err(e) => {
                let certificate = last_seen.lock().ok().and_then(|mut seen| seen.take());
                Err(refused(server, &e, certificate))
            }
        }
    }

    fn system_verifier(&self) -> Result<Verifier, Error> {
        let load = || {
            rustls_platform_verifier::Verifier::new(self.provider.clone())
                .map(|v| Arc::new(v) as Verifier)
                .map_err(|e| e.to_string())
        };
        self.system.get_or_init(load).clone().map_err(|e| {
            Error::new(ErrorKind::Tls, format!("The system's certificates can't be read: {e}."))
                .mend("Install the package ca-certificates, or check SSL_CERT_FILE and SSL_CERT_DIR.")
        })
    }
}

/// Other programs print keys in upper case and with colons. What is no key at all matches none.
fn plain_pin(pin: &str) -> String {
    pin.chars().filter(|c| !c.is_whitespace() && *c != ':').collect::<String>().to_ascii_lowercase()
}

/// Remembers the certificate it saw, so that a refusal can show it.
#[derive(Debug)]
struct Watching {
    inner: Verifier,
    last_seen: Arc<Mutex<Option<Vec<u8>>>>,
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Ok(mut seen) = self.last_seen.lock() {
            *seen = Some(end_entity.to_vec());
        }
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Accepts one key, whatever name or day stands around it, and nothing else.
/// That the server owns the key is still proven by the handshake's signature.
#[derive(Debug)]
struct Pinned {
    pin: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match certificate::spki_sha256(end_entity) {
            Some(key) if key == self.pin => Ok(ServerCertVerified::assertion()),
            Some(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            None => Err(CertificateError::BadEncoding.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn refused(server: &Server, e: &io::Error, certificate: Option<Vec<u8>>) -> ConnectError {
    let host = server.host.trim();
    let seen = certificate.as_deref().and_then(certificate::seen);
    match e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => {
            ConnectError { error: certificate_error(server, why, seen.as_ref()), certificate: seen }
        }
        Some(tls) => tls_error(host, tls).into(),
        None => super::connect::io_error(host, e).into(),
    }
}

fn certificate_error(server: &Server, why: &CertificateError, seen: Option<&CertificateSeen>) -> Error {
    let host = server.host.trim();
    let day = |pick: fn(&CertificateSeen) -> &str| seen.map_or("", pick).chars().take(10).collect::<String>();
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let day = day(|s| &s.not_after);
            Error::new(ErrorKind::CertificateExpired, format!("The certificate of {host} ran out on {day}."))
                .mend("Check this computer's clock. If it is right, whoever runs the server has to renew the certificate.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let day = day(|s| &s.not_before);
            Error::new(ErrorKind::CertificateExpired, format!("The certificate of {host} is only valid from {day}."))
                .mend("Check this computer's clock.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = seen.map(|s| s.names.join(", ")).unwrap_or_default();
            let names = if names.is_empty() { "another name".to_owned() } else { names };
            Error::new(ErrorKind::CertificateName, format!("{host} showed a certificate that is for {names}."))
                .mend("Check the server's name; providers often want another one.")
        }
        CertificateError::ApplicationVerificationFailure if server.pin.is_some() => Error::new(
            ErrorKind::CertificateUntrusted,
            format!("{host} showed another key than the one that you trusted."),
        )
        .mend(
            "If whoever runs the server changed its certificate, compare the new key with them and trust it; else don't go on.",
        ),
        CertificateError::Revoked => {
            Error::new(ErrorKind::CertificateUntrusted, format!("The certificate of {host} was revoked."))
                .mend("Don't go on; ask whoever runs the server.")
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        | CertificateError::BadSignature => Error::new(
            ErrorKind::CertificateUntrusted,
            format!("The certificate of {host} is signed in a way that is broken or too weak to trust."),
        )
        .mend("Whoever runs the server has to renew its certificate with a modern key."),
        _ => Error::new(
            ErrorKind::CertificateUntrusted,
            format!("Nobody this computer trusts vouches for the certificate of {host}."),
        )
        .mend("If it is your own server, compare the key with it and trust exactly this one."),
    }
}

fn tls_error(host: &str, e: &rustls::Error) -> Error {
    use rustls::AlertDescription as Alert;
    let old = || {
        Error::new(ErrorKind::Tls, format!("{host} only offers old encryption that is not safe any more."))
            .mend("Whoever runs the server has to allow TLS 1.2 or 1.3 with modern keys.")
    };
    match e {
        rustls::Error::PeerIncompatible(_) => old(),
        rustls::Error::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity) => old(),
        rustls::Error::InvalidMessage(_) => Error::new(ErrorKind::Tls, format!("{host} doesn't answer with TLS at this port."))
            .mend("Check port and encryption: a port for STARTTLS wants STARTTLS."),
        _ => Error::new(ErrorKind::Tls, format!("The encrypted connection to {host} failed: {e}."))
            .mend("Try again; if it stays, ask whoever runs the server."),
    }
}
