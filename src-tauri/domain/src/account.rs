//! Accounts, the servers behind them, and the identities that write from them.

use crate::{AccountId, Error, Result};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a connection is secured. There is no third: nothing goes in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS by STARTTLS, mandatory.
    Starttls,
}

/// One server of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Server {
    /// Host name or address literal.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How it is secured.
    pub security: Security,
    /// SHA-256 of the SubjectPublicKeyInfo that the person trusts, in lower-case hex; `None`: the system's roots decide.
    pub pin: Option<String>,
}

impl Server {
    /// Checks host and port as typed.
    pub fn check(&self, name: &str) -> Result<()> {
        let host = self.host.trim();
        let wrong = host.is_empty()
            || host.len() > 253
            || host.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '"' | '\\'));
        if wrong {
            return Err(
                Error::invalid(format!("\u{201c}{host}\u{201d} is not a host name.")).mend(format!("Check the {name} server."))
            );
        }
        if self.port == 0 {
            return Err(Error::invalid("A port is a number from 1 to 65535.").mend(format!("Check the {name} port.")));
        }
        Ok(())
    }
}

/// What the wizard and the command line hand over. The password is not part of it: it travels beside, in a type that can't be printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountDraft {
    /// The address.
    pub email: String,
    /// The person's name as recipients see it; may be empty.
    pub name: String,
    /// Sign-in name; the address unless the provider wants another.
    pub user: String,
    /// Where mail is read.
    pub imap: Server,
    /// Where mail is handed in.
    pub smtp: Server,
}

impl AccountDraft {
    /// Checks what can be checked without a network.
    pub fn check(&self) -> Result<()> {
        check_address(&self.email)?;
        if self.user.is_empty() || self.user.chars().any(char::is_control) {
            return Err(Error::invalid("The user name is empty or has a character that no server takes.")
                .mend("It is usually the whole address."));
        }
        if self.name.chars().any(char::is_control) {
            return Err(Error::invalid("The name has a line break or another control character.").mend("Write it on one line."));
        }
        self.imap.check("IMAP")?;
        self.smtp.check("SMTP")
    }
}

/// Checks that `email` has the form of one address (`local@domain`), generously.
pub fn check_address(email: &str) -> Result<()> {
    let wrong = || {
        let shown: String = email.chars().filter(|c| !c.is_control()).take(80).collect();
        Error::invalid(format!("\u{201c}{shown}\u{201d} is not an address.")).mend("An address looks like name@example.org.")
    };
    let (local, domain) = email.rsplit_once('@').ok_or_else(wrong)?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"' | '\\');
    let labels_ok = domain.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    if local.is_empty()
        || email.len() > 254
        || local.chars().any(bad)
        || domain.chars().any(|c| bad(c) || matches!(c, '@' | ':' | '/'))
        || !labels_ok
    {
        return Err(wrong());
    }
    Ok(())
}

/// A sender address with its name and signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Identity {
    /// The account it sends through.
    pub account: AccountId,
    /// The name recipients see.
    pub name: String,
    /// The address.
    pub email: String,
    /// Plain text put under a new mail; may be empty.
    pub signature: String,
}

/// An account as both faces show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Sign-in name.
    pub user: String,
    /// Where mail is read.
    pub imap: Server,
    /// Where mail is handed in.
    pub smtp: Server,
    /// Account colour, 1 to 8 (design tokens).
    pub color: u8,
    /// Text under new mail.
    pub signature: String,
}

/// How much room a person has on the server. `None`: no limit that it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Quota {
    /// By size.
    pub storage: Option<StorageQuota>,
    /// By number.
    pub messages: Option<MessageQuota>,
}

/// Room by size, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StorageQuota {
    /// In use.
    pub used_kib: u32,
    /// At most.
    pub limit_kib: u32,
}

/// Room by number of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MessageQuota {
    /// There are.
    pub used: u32,
    /// At most.
    pub limit: u32,
}

/// Where a proposal for servers comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CandidateSource {
    /// The built-in table of providers.
    Table,
    /// Usual names under the address' own domain.
    Guess,
}

/// A proposal: both servers, and whether a person must look at it before a password goes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Candidate {
    /// Where mail is read.
    pub imap: Server,
    /// Where mail is handed in.
    pub smtp: Server,
    /// Sign-in name.
    pub user: String,
    /// Where this was found.
    pub source: CandidateSource,
    /// Whether a person must confirm the hosts first.
    pub must_confirm: bool,
}

/// The test of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServerCheck {
    /// `None`: it works.
    pub error: Option<Error>,
    /// The certificate that was refused, where it was one.
    pub certificate: Option<CertificateSeen>,
}

/// What the wizard shows of a certificate that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CertificateSeen {
    /// Names it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// First and last day, RFC 3339.
    pub not_before: String,
    /// See `not_before`.
    pub not_after: String,
    /// SHA-256 of the SubjectPublicKeyInfo, lower-case hex: what `--pin` takes.
    pub spki_sha256: String,
}

/// The test of both servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountCheck {
    /// IMAP.
    pub imap: ServerCheck,
    /// Submission.
    pub smtp: ServerCheck,
}

impl AccountCheck {
    /// The first error, IMAP before SMTP.
    pub fn first_error(&self) -> Option<&Error> {
        self.imap.error.as_ref().or(self.smtp.error.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_generously() {
        let check = |email: &str, ok: bool| assert_eq!(check_address(email).is_ok(), ok, "{email}");
        check("marit@fjordlys.example", true);
        check("o'neil+tag@a.b", true);
        check("müller@bücher.example", true);
        check("me@localhost", true);
        check("sigrid@vik,example", false);
        check("nobody", false);
        check("@x.example", false);
        check("a@", false);
        check("a@b..c", false);
        check("a b@c.example", false);
        check("a@b\r\nRCPT TO:<x>", false);
        check("a>@b.example", false);
    }
}
