//! What a server offers in its answer to EHLO. One extension that nobody understands never costs the others.

use super::wire::Reply;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, EXT_8BIT_MIME, EXT_CHUNKING, EXT_SIZE, EXT_SMTP_UTF8, EXT_START_TLS, EhloResponse};

/// What is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    capabilities: u32,
    mechanisms: u64,
    size: u64,
}

impl Extensions {
    /// Read line by line: the parser gives a whole answer up at the first line it does not like.
    pub fn read(reply: &Reply) -> Self {
        let mut all = Self::default();
        for line in reply.lines.iter().skip(1) {
            // `AUTH=PLAIN` is what servers said before RFC 2554; some still say it beside the right one.
            let line = line.trim().replacen("AUTH=", "AUTH ", 1);
            let alone = format!("250-x\r\n250 {line}\r\n");
            if let Ok(one) = EhloResponse::parse(&mut alone.as_bytes().iter()) {
                all.capabilities |= one.capabilities;
                all.mechanisms |= one.auth_mechanisms;
                all.size = all.size.max(u64::try_from(one.size).unwrap_or(u64::MAX));
            }
        }
        all
    }

    fn has(self, capability: u32) -> bool {
        self.capabilities & capability != 0
    }

    pub fn starttls(self) -> bool {
        self.has(EXT_START_TLS)
    }

    pub fn eight_bit(self) -> bool {
        self.has(EXT_8BIT_MIME)
    }

    /// Whether it takes BDAT.
    pub fn chunks(self) -> bool {
        self.has(EXT_CHUNKING)
    }

    pub fn smtputf8(self) -> bool {
        self.has(EXT_SMTP_UTF8)
    }

    /// Whether SIZE may be told with MAIL FROM.
    pub fn takes_size(self) -> bool {
        self.has(EXT_SIZE)
    }

    /// The most bytes it takes; `None`: it does not say.
    pub fn max_size(self) -> Option<u64> {
        Some(self.size).filter(|size| *size > 0 && self.takes_size())
    }

    pub fn plain(self) -> bool {
        self.mechanisms & AUTH_PLAIN != 0
    }

    pub fn login(self) -> bool {
        self.mechanisms & AUTH_LOGIN != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Extensions {
        Extensions::read(&Reply { code: 250, lines: lines.iter().map(|l| l.to_string()).collect() })
    }

    #[test]
    fn offers_are_read_and_one_odd_line_costs_only_itself() {
        let offers =
            read(&["mx.example hello", "SIZE 35882577", "8BITMIME", "FUTURERELEASE x y", "AUTH LOGIN PLAIN XOAUTH2", "SMTPUTF8"]);
        assert_eq!(offers.max_size(), Some(35_882_577));
        assert!(offers.eight_bit() && offers.plain() && offers.login() && offers.smtputf8());
        assert!(!offers.starttls());
    }

    #[test]
    fn old_spellings_and_missing_numbers_do() {
        let offers = read(&["x", "auth=login", "size", "starttls"]);
        assert!(!offers.plain());
        assert_eq!(offers.max_size(), None);
        assert!(offers.takes_size() && offers.starttls());
        let offers = read(&["x", "AUTH=PLAIN LOGIN"]);
        assert!(offers.plain() && offers.login());
    }

    #[test]
    fn the_greetings_own_line_offers_nothing() {
        assert_eq!(read(&["STARTTLS"]), Extensions::default());
        assert_eq!(read(&[]), Extensions::default());
    }
}
