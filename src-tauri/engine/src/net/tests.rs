//! Real sockets and real TLS on loopback: who is believed, who is not, and what the person is told.

use super::*;
use godwit_domain::{ErrorKind, Security, Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn trusting(authority: &Authority) -> TlsContext {
    TlsContext::with_roots([authority.der().clone()])
}

fn acceptor(authority: &Authority, params: CertificateParams) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// Serves TLS once per connection and says "hello".
async fn serve(acceptor: TlsAcceptor) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                drop(tls.write_all(b"hello").await);
                drop(tls.shutdown().await);
            }
        }
    });
    Server { host: "127.0.0.1".into(), port, security: Security::Tls, pin: None }
}

async fn hello(server: &Server, tls: &TlsContext) -> Result<String, ConnectError> {
    let mut link = connect(server, tls).await?;
    assert!(link.is_tls());
    let mut said = String::new();
    link.read_to_string(&mut said).await.unwrap();
    Ok(said)
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_for_the_right_name_is_believed() {
    let ca = authority();
    let server = serve(acceptor(&ca, names(&["127.0.0.1"]))).await;
    assert_eq!(hello(&server, &trusting(&ca)).await.unwrap(), "hello");
}

#[tokio::test]
async fn another_name_is_refused_and_shown() {
    let ca = authority();
    let server = serve(acceptor(&ca, names(&["imap.vik.example"]))).await;
    let e = hello(&server, &trusting(&ca)).await.unwrap_err();
    assert_eq!(e.error.kind, ErrorKind::CertificateName);
    assert!(e.error.what.contains("imap.vik.example"), "{}", e.error.what);
    assert_eq!(e.certificate.unwrap().names, ["imap.vik.example"]);
}

#[tokio::test]
async fn an_expired_certificate_is_refused_with_its_day() {
    let ca = authority();
    let mut params = names(&["127.0.0.1"]);
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 2, 3);
    let server = serve(acceptor(&ca, params)).await;
    let e = hello(&server, &trusting(&ca)).await.unwrap_err();
    assert_eq!(e.error.kind, ErrorKind::CertificateExpired);
    assert!(e.error.what.contains("2020-02-03"), "{}", e.error.what);
}

#[tokio::test]
async fn an_unknown_authority_is_refused_until_its_key_is_pinned() {
    let (ca, other) = (authority(), authority());
    let mut server = serve(acceptor(&ca, names(&["somewhere.else.example"]))).await;
    let e = hello(&server, &trusting(&other)).await.unwrap_err();
    assert_eq!(e.error.kind, ErrorKind::CertificateUntrusted);
    let key = e.certificate.unwrap().spki_sha256;

    server.pin = Some(key.to_uppercase());
    assert_eq!(hello(&server, &trusting(&other)).await.unwrap(), "hello");

    server.pin = Some("0".repeat(64));
    let e = hello(&server, &trusting(&ca)).await.unwrap_err();
    assert_eq!(e.error.kind, ErrorKind::CertificateUntrusted, "a pin is the only key, whoever vouches for another");
    assert_eq!(e.certificate.unwrap().spki_sha256, key);
}

#[tokio::test]
async fn a_port_without_tls_is_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"* OK IMAP4rev1 ready in clear\r\n").await.unwrap();
        drop(tcp.read(&mut [0; 1000]).await);
    });
    let server = Server { host: "127.0.0.1".into(), port, security: Security::Tls, pin: None };
    let e = hello(&server, &trusting(&authority())).await.unwrap_err();
    assert_eq!(e.error.kind, ErrorKind::Tls);
    assert!(e.error.mend.contains("STARTTLS"), "{}", e.error.mend);
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let server = |host: &str| Server { host: host.into(), port, security: Security::Tls, pin: None };
    let tls = trusting(&authority());
    assert_eq!(hello(&server("localhost"), &tls).await.unwrap_err().error.kind, ErrorKind::PortRefused);
    assert_eq!(hello(&server("nobody.invalid"), &tls).await.unwrap_err().error.kind, ErrorKind::HostUnknown);
    assert_eq!(hello(&server("a b"), &tls).await.unwrap_err().error.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn imap_signs_in_over_starttls_and_never_before_it() {
    use crate::imap::{Connection, ImapTarget};
    let ca = authority();
    let acceptor = acceptor(&ca, names(&["127.0.0.1"]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=LIES] hi\r\n").await.unwrap();
        let mut heard = [0; 13];
        tcp.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"s1 STARTTLS\r\n");
        tcp.write_all(b"s1 OK go\r\n").await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        for (command, answer) in [
            ("s2 CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\ns2 OK\r\n"),
            ("A0001 AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==", "A0001 OK in\r\n"),
            ("g1 CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE\r\ng1 OK\r\n"),
        ] {
            let mut heard = vec![0; command.len() + 2];
            tls.read_exact(&mut heard).await.unwrap();
            assert_eq!(String::from_utf8(heard).unwrap(), format!("{command}\r\n"));
            tls.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let target = ImapTarget {
        server: Server { host: "127.0.0.1".into(), port, security: Security::Starttls, pin: None },
        user: "marit".into(),
        password: godwit_domain::api::Password::new("secret".into()),
        log: crate::ProtocolLog::default(),
    };
    let connection = Connection::open(&target, &trusting(&ca)).await.unwrap();
    assert!(connection.capabilities().idle);
    server.await.unwrap();
}
