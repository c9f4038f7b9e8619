//! Which servers stand behind an address: a small table of providers, else the usual names under its own domain.
//! It asks nobody and signs in nowhere; what is only guessed must be confirmed by the person before a password goes there.

use crate::{Candidate, CandidateSource, Result, Security, Server, check_address, sending::ascii_address};
use Security::{Starttls, Tls};

struct Provider {
    domains: &'static [&'static str],
    imap: (&'static str, u16, Security),
    smtp: (&'static str, u16, Security),
}

const fn provider(
    domains: &'static [&'static str],
    imap: (&'static str, u16, Security),
    smtp: (&'static str, u16, Security),
) -> Provider {
    Provider { domains, imap, smtp }
}

/// What the providers' own help pages say. Every domain stands once; hosts that belong to the provider need no confirmation.
#[rustfmt::skip]
const PROVIDERS: &[Provider] = &[
    provider(&["gmail.com", "googlemail.com"], ("imap.gmail.com", 993, Tls), ("smtp.gmail.com", 465, Tls)),
    provider(&["outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.fr", "live.com", "msn.com", "outlook.de", "outlook.fr"],
        ("outlook.office365.com", 993, Tls), ("smtp-mail.outlook.com", 587, Starttls)),
    provider(&["icloud.com", "me.com", "mac.com"], ("imap.mail.me.com", 993, Tls), ("smtp.mail.me.com", 587, Starttls)),
    provider(&["yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "ymail.com", "rocketmail.com"],
        ("imap.mail.yahoo.com", 993, Tls), ("smtp.mail.yahoo.com", 465, Tls)),
    provider(&["aol.com", "aim.com"], ("imap.aol.com", 993, Tls), ("smtp.aol.com", 465, Tls)),
    provider(&["gmx.de", "gmx.at", "gmx.ch", "gmx.net"], ("imap.gmx.net", 993, Tls), ("mail.gmx.net", 465, Tls)),
    provider(&["gmx.com", "gmx.us", "gmx.co.uk", "gmx.fr"], ("imap.gmx.com", 993, Tls), ("mail.gmx.com", 465, Tls)),
    provider(&["web.de"], ("imap.web.de", 993, Tls), ("smtp.web.de", 465, Tls)),
    provider(&["mail.com", "email.com"], ("imap.mail.com", 993, Tls), ("smtp.mail.com", 465, Tls)),
    provider(&["t-online.de", "magenta.de"], ("secureimap.t-online.de", 993, Tls), ("securesmtp.t-online.de", 465, Tls)),
    provider(&["freenet.de"], ("mx.freenet.de", 993, Tls), ("mx.freenet.de", 465, Tls)),
    provider(&["fastmail.com", "fastmail.fm", "messagingengine.com"], ("imap.fastmail.com", 993, Tls), ("smtp.fastmail.com", 465, Tls)),
    provider(&["posteo.de", "posteo.net", "posteo.org", "posteo.eu"], ("posteo.de", 993, Tls), ("posteo.de", 465, Tls)),
    provider(&["mailbox.org"], ("imap.mailbox.org", 993, Tls), ("smtp.mailbox.org", 465, Tls)),
    provider(&["zoho.com", "zohomail.com"], ("imap.zoho.com", 993, Tls), ("smtp.zoho.com", 465, Tls)),
    provider(&["zoho.eu", "zohomail.eu"], ("imap.zoho.eu", 993, Tls), ("smtp.zoho.eu", 465, Tls)),
    provider(&["yandex.com", "yandex.ru", "ya.ru"], ("imap.yandex.com", 993, Tls), ("smtp.yandex.com", 465, Tls)),
    provider(&["mail.ru", "inbox.ru", "list.ru", "bk.ru"], ("imap.mail.ru", 993, Tls), ("smtp.mail.ru", 465, Tls)),
    provider(&["proton.me", "protonmail.com", "pm.me"], ("127.0.0.1", 1143, Starttls), ("127.0.0.1", 1025, Starttls)),
    provider(&["runbox.com"], ("mail.runbox.com", 993, Tls), ("mail.runbox.com", 465, Tls)),
    provider(&["mailfence.com"], ("imap.mailfence.com", 993, Tls), ("smtp.mailfence.com", 465, Tls)),
    provider(&["disroot.org"], ("disroot.org", 993, Tls), ("disroot.org", 465, Tls)),
    provider(&["riseup.net"], ("mail.riseup.net", 993, Tls), ("mail.riseup.net", 465, Tls)),
    provider(&["orange.fr", "wanadoo.fr"], ("imap.orange.fr", 993, Tls), ("smtp.orange.fr", 465, Tls)),
    provider(&["free.fr"], ("imap.free.fr", 993, Tls), ("smtp.free.fr", 465, Tls)),
    provider(&["laposte.net"], ("imap.laposte.net", 993, Tls), ("smtp.laposte.net", 465, Tls)),
    provider(&["libero.it"], ("imapmail.libero.it", 993, Tls), ("smtp.libero.it", 465, Tls)),
    provider(&["seznam.cz", "email.cz"], ("imap.seznam.cz", 993, Tls), ("smtp.seznam.cz", 465, Tls)),
    provider(&["qq.com", "foxmail.com"], ("imap.qq.com", 993, Tls), ("smtp.qq.com", 465, Tls)),
    provider(&["163.com"], ("imap.163.com", 993, Tls), ("smtp.163.com", 465, Tls)),
    provider(&["126.com"], ("imap.126.com", 993, Tls), ("smtp.126.com", 465, Tls)),
    provider(&["comcast.net", "xfinity.com"], ("imap.comcast.net", 993, Tls), ("smtp.comcast.net", 465, Tls)),
];

/// Names that domains usually give their mail servers: IMAP, then submission.
const USUAL: [(&str, &str); 2] = [("imap", "smtp"), ("mail", "mail")];

/// Proposals for the servers behind `email`, best first; at least one for every valid address.
pub fn discover(email: &str) -> Result<Vec<Candidate>> {
    let email = email.trim();
    check_address(email)?;
    let ascii = ascii_address(email).to_lowercase();
    let domain = ascii.rsplit_once('@').map_or("", |(_, domain)| domain);
    let candidate = |imap, smtp, source| Candidate {
        imap,
        smtp,
        user: email.to_owned(),
        source,
        must_confirm: source == CandidateSource::Guess,
    };
    if let Some(p) = PROVIDERS.iter().find(|p| p.domains.contains(&domain)) {
        return Ok(vec![candidate(server(p.imap), server(p.smtp), CandidateSource::Table)]);
    }
    let guess = |(imap, smtp): (&str, &str)| {
        let (imap, smtp) = (format!("{imap}.{domain}"), format!("{smtp}.{domain}"));
        candidate(server((&imap, 993, Tls)), server((&smtp, 465, Tls)), CandidateSource::Guess)
    };
    Ok(USUAL.into_iter().map(guess).collect())
}

fn server((host, port, security): (&str, u16, Security)) -> Server {
    Server { host: host.to_owned(), port, security, pin: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_providers_need_no_confirmation() {
        let check = |email: &str, imap: &str, smtp: &str| {
            let found = discover(email).unwrap();
            assert_eq!(found.len(), 1, "{email}");
            assert_eq!((found[0].imap.host.as_str(), found[0].smtp.host.as_str()), (imap, smtp), "{email}");
            assert!(!found[0].must_confirm && found[0].source == CandidateSource::Table);
            assert_eq!(found[0].user, email.trim());
        };
        check("marit@gmail.com", "imap.gmail.com", "smtp.gmail.com");
        check(" Marit@GMX.de ", "imap.gmx.net", "mail.gmx.net");
        check("x@proton.me", "127.0.0.1", "127.0.0.1");
    }

    #[test]
    fn other_domains_are_guessed_and_must_be_confirmed() {
        let found = discover("sigrid@bücher.example").unwrap();
        let hosts: Vec<_> =
            found.iter().map(|c| (c.imap.host.as_str(), c.imap.port, c.smtp.host.as_str(), c.smtp.port)).collect();
        assert_eq!(
            hosts,
            [
                ("imap.xn--bcher-kva.example", 993, "smtp.xn--bcher-kva.example", 465),
                ("mail.xn--bcher-kva.example", 993, "mail.xn--bcher-kva.example", 465)
            ]
        );
        assert!(found.iter().all(|c| c.must_confirm && c.imap.security == Tls && c.smtp.security == Tls));
        assert!(discover("nobody").is_err());
        assert!(discover("x@gmail.com.evil.example").unwrap().iter().all(|c| c.must_confirm));
    }

    #[test]
    fn the_table_is_sound() {
        let mut seen = std::collections::BTreeSet::new();
        for p in PROVIDERS {
            for domain in p.domains {
                assert!(seen.insert(domain), "{domain} stands twice");
                assert_eq!(*domain, domain.to_lowercase());
            }
            for (host, port, security) in [p.imap, p.smtp] {
                server((host, port, security)).check("x").unwrap();
                let fits = matches!((port, security), (993 | 465, Tls) | (587 | 1143 | 1025, Starttls));
                assert!(fits, "{host}:{port}");
            }
        }
    }
}
