//! What stands behind a flag: hosts with ports, pins, labels, ids. Whatever is wrong is told before anything is opened.

use clap::ValueEnum;
use godwit_domain::api::SyncBodies;
use godwit_domain::{PlacementId, ReceiptId, Security};

/// `--bodies`
#[derive(Clone, Copy, ValueEnum)]
pub enum Bodies {
    /// All of them.
    All,
    /// As godwitctl keep says.
    Policy,
    /// None.
    None,
}

impl From<Bodies> for SyncBodies {
    fn from(bodies: Bodies) -> Self {
        match bodies {
            Bodies::All => Self::All,
            Bodies::Policy => Self::Policy,
            Bodies::None => Self::None,
        }
    }
}

/// `--imap-security`, `--smtp-security`
#[derive(Clone, Copy, ValueEnum)]
pub enum SecurityArg {
    /// TLS from the first byte.
    Tls,
    /// TLS by STARTTLS, mandatory.
    Starttls,
}

impl From<SecurityArg> for Security {
    fn from(security: SecurityArg) -> Self {
        match security {
            SecurityArg::Tls => Self::Tls,
            SecurityArg::Starttls => Self::Starttls,
        }
    }
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// Host name or address literal, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Reads `HOST:PORT`; an IPv6 literal stands in brackets.
pub fn host_port(text: &str) -> Result<HostPort, String> {
    let (host, port) = text.rsplit_once(':').ok_or("write HOST:PORT, such as imap.example.org:993")?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|p| *p != 0).ok_or("a port is a number from 1 to 65535")?;
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    Ok(HostPort { host: host.to_owned(), port })
}

/// Reads a pin: 64 hex digits, with or without colons.
pub fn pin(text: &str) -> Result<String, String> {
    let hex: String = text.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(hex);
    }
    Err("a pin is 64 hex digits: the SHA-256 of the certificate's public key".to_owned())
}

/// Reads a label. A leading backslash would make it a system flag; whether the account's server can keep one of several words is
/// its own affair (Gmail can, elsewhere a label is an IMAP keyword) and told by the engine.
pub fn label(text: &str) -> Result<String, String> {
    if godwit_domain::labels::is_label(text) && !text.starts_with('\\') && text.trim() == text {
        return Ok(text.to_owned());
    }
    Err("a label is a name without control characters that does not begin with \\".to_owned())
}

/// Reads a MESSAGE.
pub fn message(text: &str) -> Result<PlacementId, String> {
    id(text).map(PlacementId).ok_or_else(|| "a message is the id that list and search print".to_owned())
}

/// Reads a receipt.
pub fn receipt(text: &str) -> Result<ReceiptId, String> {
    id(text).map(ReceiptId).ok_or_else(|| "a receipt is the number that the action printed".to_owned())
}

/// A local id: a positive number.
pub fn id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| *id > 0)
}

/// Of which mail the text is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeepTextArg {
    /// Of all mail.
    All,
    /// Of the last 365 days.
    Year,
    /// Of the last 30 days.
    Month,
    /// Of none.
    None,
}

impl From<KeepTextArg> for godwit_domain::KeepText {
    fn from(text: KeepTextArg) -> Self {
        match text {
            KeepTextArg::All => Self::All,
            KeepTextArg::Year => Self::Year,
            KeepTextArg::Month => Self::Month,
            KeepTextArg::None => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_port_are_split_at_the_last_colon() {
        let ok = |text: &str, host: &str, port: u16| {
            assert_eq!(host_port(text), Ok(HostPort { host: host.into(), port }), "{text}");
        };
        ok("imap.example.org:993", "imap.example.org", 993);
        ok("[::1]:143", "::1", 143);
        for wrong in ["imap.example.org", "h:0", "h:65536", ":993", "h:"] {
            assert!(host_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pin_is_read_with_or_without_colons() {
        let hex = "AB".repeat(32);
        let colons = vec!["ab"; 32].join(":");
        assert_eq!(pin(&hex), Ok("ab".repeat(32)));
        assert_eq!(pin(&colons), Ok("ab".repeat(32)));
        assert!(pin("ab").is_err());
    }
}
