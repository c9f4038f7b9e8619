//! Reads of a certificate what a person needs to decide about it. It never decides itself.

use godwit_domain::CertificateSeen;
use sha2::{Digest, Sha256};
use std::panic::catch_unwind;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const MOST_NAMES: usize = 50;

/// SHA-256 of the SubjectPublicKeyInfo in lower-case hex; `None` for what is no certificate.
pub(super) fn spki_sha256(der: &[u8]) -> Option<String> {
    parse(der, |certificate| hex(&Sha256::digest(certificate.tbs_certificate.subject_pki.raw)))
}

/// What is shown of a certificate.
pub(super) fn seen(der: &[u8]) -> Option<CertificateSeen> {
    parse(der, |certificate| {
        let validity = certificate.validity();
        CertificateSeen {
            names: names(certificate),
            issuer: plain(&certificate.issuer().to_string()),
            not_before: rfc3339(validity.not_before.timestamp()),
            not_after: rfc3339(validity.not_after.timestamp()),
            spki_sha256: hex(&Sha256::digest(certificate.tbs_certificate.subject_pki.raw)),
        }
    })
}

/// Bytes of a stranger: a panic in the parser is "no certificate" too.
fn parse<T>(der: &[u8], read: impl FnOnce(&X509Certificate<'_>) -> T + std::panic::UnwindSafe) -> Option<T> {
    catch_unwind(|| X509Certificate::from_der(der).ok().map(|(_, certificate)| read(&certificate))).ok().flatten()
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let mut names: Vec<String> = alternative
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(dns) => Some(plain(dns)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .take(MOST_NAMES)
        .collect();
    if names.is_empty() {
        names = certificate.subject().iter_common_name().filter_map(|cn| cn.as_str().ok()).map(plain).take(MOST_NAMES).collect();
    }
    names
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4: Option<[u8; 4]> = bytes.try_into().ok();
    let v6: Option<[u8; 16]> = bytes.try_into().ok();
    v4.map(|b| std::net::Ipv4Addr::from(b).to_string()).or_else(|| v6.map(|b| std::net::Ipv6Addr::from(b).to_string()))
}

fn plain(text: &str) -> String {
    godwit_domain::plain_words(text)
}

fn rfc3339(timestamp: i64) -> String {
    OffsetDateTime::from_unix_timestamp(timestamp).ok().and_then(|t| t.format(&Rfc3339).ok()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_tells_its_names_days_and_key() {
        let made = rcgen::generate_simple_self_signed(vec!["imap.vik.example".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let seen = seen(made.cert.der()).unwrap();
        assert_eq!(seen.names, ["imap.vik.example", "127.0.0.1"]);
        assert!(seen.issuer.contains("rcgen"), "{}", seen.issuer);
        assert!(seen.not_before < seen.not_after);
        assert_eq!(seen.spki_sha256.len(), 64);
        assert_eq!(spki_sha256(made.cert.der()), Some(seen.spki_sha256));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        assert_eq!(spki_sha256(b""), None);
        assert_eq!(spki_sha256(&[0x30; 300]), None);
    }
}
