//! A certificate authority of our own: one good leaf for localhost, and bad ones of each kind.
//! Its root reaches a program through SSL_CERT_FILE and never enters the machine's own store.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
        let pem = Pem { cert: self.dir.join(format!("{kind:?}.pem")), key: self.dir.join(format!("{kind:?}.key")) };
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
