//! A certificate authority of our own: one good leaf for localhost, and bad ones of each kind.
//! Its root reaches a program through SSL_CERT_FILE and never enters the machine's own store.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What kind of certificate a server shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaf {
    /// Signed by the authority, for localhost and 127.0.0.1.
    #[default]
    Good,
    /// Signed, for localhost, but it ran out in 2020.
    Expired,
    /// Signed, but for another host.
    WrongName,
    /// For localhost, signed by nobody but itself.
    SelfSigned,
}

/// The PEM files of one certificate.
#[derive(Clone, Debug)]
pub struct Pem {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The authority, with its files in one folder.
pub struct Authority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority; its root goes to `dir/authority.pem`.
    pub fn create(dir: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named("Godwit test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?;
        fs::write(dir.join("authority.pem"), root.pem()).context("write the authority's root")?;
        Ok(Self { dir: dir.to_owned(), issuer: Issuer::new(params, key) })
    }

    /// The root's file, for SSL_CERT_FILE.
    pub fn root(&self) -> PathBuf {
        self.dir.join("authority.pem")
    }

    /// What a TLS server of our own needs to show a certificate of this kind.
    pub fn server_config(&self, kind: Leaf) -> Result<Arc<ServerConfig>> {
        let pem = self.leaf(kind)?;
        let (cert, key) = (CertificateDer::from_pem_file(&pem.cert)?, PrivateKeyDer::from_pem_file(&pem.key)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Arc::new(builder.with_no_client_auth().with_single_cert(vec![cert], key)?))
    }

    /// Makes a certificate of this kind and answers its files.
    pub fn leaf(&self, kind: Leaf) -> Result<Pem> {
        let names: Vec<String> = match kind {
            Leaf::WrongName => vec!["mail.elsewhere.example".into()],
            _ => vec!["localhost".into(), "127.0.0.1".into()],
        };
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("localhost");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = if kind == Leaf::Expired { date_time_ymd(2020, 1, 1) } else { date_time_ymd(2040, 1, 1) };
        let key = KeyPair::generate()?;
        let cert = match kind {
            Leaf::SelfSigned => params.self_signed(&key)?,
            _ => params.signed_by(&key, &self.issuer)?,
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let file = |end: &str| self.dir.join(format!("{kind:?}{number}.{end}"));
        let pem = Pem { cert: file("pem"), key: file("key") };
        fs::write(&pem.cert, cert.pem())?;
        fs::write(&pem.key, key.serialize_pem())?;
        fs::set_permissions(&pem.key, fs::Permissions::from_mode(0o600))?;
        Ok(pem)
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut out = DistinguishedName::new();
    out.push(DnType::CommonName, name);
    out
}
