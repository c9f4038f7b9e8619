//! What single servers do otherwise than the RFCs have it, as data: one table, and for each row what is done about it.
//! A row is recognised by host, by a capability only this kind of server has, or by its ID answer; never by a greeting's words.
//! What needs no row because it holds for every server: STATUS goes out in batches of 25, RFC822.SIZE proves nothing,
//! an empty SEARCH proves no absence, and a throttled server is left alone for a while (docs/protocol.md section 7).

/// What is different about a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Quirks {
    /// What people call it; empty: a server like any other.
    pub name: &'static str,
    /// QRESYNC is offered and broken: it is never switched on.
    pub broken_qresync: bool,
    /// AUTHENTICATE with an initial response is offered and fails: LOGIN is sent.
    pub login_only: bool,
    /// ID is sent before the first SELECT, offered or not.
    pub wants_id: bool,
    /// Only so many of a mailbox' newest messages are told of. What is older and not told of is not gone.
    pub shows_newest: Option<u32>,
    /// A set such as `9:*` is refused where 9 lies beyond the last message: the end is always written as a number.
    pub closed_sets: bool,
    /// Its `\All` mailbox holds every message a second time under other UIDs: it is passed over.
    pub doubles_all: bool,
    /// Idling ends at random, and means nothing: the line is opened again at once, and nobody is told.
    pub drops_idle: bool,
    /// Connections one person may have. With two, the one that syncs also listens.
    pub connections: u8,
    /// Seconds between a failure and the next sign-in, at least: many of them lock the account.
    pub sign_in_pause_secs: u32,
}

/// A server like any other.
const PLAIN: Quirks = Quirks {
    name: "",
    broken_qresync: false,
    login_only: false,
    wants_id: false,
    shows_newest: None,
    closed_sets: false,
    doubles_all: false,
    drops_idle: false,
    connections: 5,
    sign_in_pause_secs: 0,
};

/// What a server is known by; any of them is enough.
struct Row {
    /// Its host, or the domain its hosts are in.
    hosts: &'static [&'static str],
    /// A capability that no other kind of server has.
    capability: &'static str,
    /// A part of its ID answer, in lower case.
    id: &'static str,
    quirks: Quirks,
}

const ROWS: &[Row] = &[
    Row {
        hosts: &["imap.mail.me.com", "imap.icloud.com"],
        capability: "XAPPLELITERAL",
        id: "",
        quirks: Quirks { name: "iCloud", broken_qresync: true, ..PLAIN },
    },
    Row {
        hosts: &["imap.mail.yahoo.com", "imap.mail.yahoo.co.jp", "imap.aol.com"],
        capability: "",
        id: "",
        quirks: Quirks { name: "Yahoo", shows_newest: Some(10_000), ..PLAIN },
    },
    Row {
        hosts: &["export.imap.mail.yahoo.com", "export.imap.aol.com"],
        capability: "",
        id: "",
        quirks: Quirks { name: "Yahoo", shows_newest: Some(100_000), ..PLAIN },
    },
    Row {
        hosts: &["imap.163.com", "imap.126.com", "imap.yeah.net", "imap.188.com", "imap.qiye.163.com", "imaphz.qiye.163.com"],
        capability: "X-CM-EXT-1",
        id: "coremail",
        quirks: Quirks { name: "Coremail", login_only: true, wants_id: true, sign_in_pause_secs: 60, ..PLAIN },
    },
    Row {
        hosts: &["imap.qq.com", "imap.exmail.qq.com"],
        capability: "",
        id: "",
        quirks: Quirks { name: "QQ", closed_sets: true, sign_in_pause_secs: 60, ..PLAIN },
    },
    Row { hosts: &[], capability: "", id: "proton", quirks: Quirks { name: "Proton Mail Bridge", doubles_all: true, ..PLAIN } },
    Row {
        hosts: &["imap.yandex.com", "imap.yandex.ru"],
        capability: "",
        id: "",
        quirks: Quirks { name: "Yandex", drops_idle: true, ..PLAIN },
    },
    Row {
        hosts: &["imap.zoho.com", "imap.zoho.eu", "imap.zoho.in", "imappro.zoho.com", "imappro.zoho.eu", "imappro.zoho.in"],
        capability: "",
        id: "",
        quirks: Quirks { name: "Zoho", sign_in_pause_secs: 60, ..PLAIN },
    },
    Row { hosts: &[], capability: "ACL2=UNION", id: "courier", quirks: Quirks { name: "Courier", connections: 2, ..PLAIN } },
];

impl Default for &'static Quirks {
    fn default() -> Self {
        &PLAIN
    }
}

/// What is known of a server: by host before anything was said, by capabilities and its ID answer after that.
pub fn quirks(host: &str, has: impl Fn(&str) -> bool, id: &str) -> &'static Quirks {
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    let id = id.to_lowercase();
    let known = |row: &&Row| {
        row.hosts.contains(&host.as_str())
            || (!row.capability.is_empty() && has(row.capability))
            || (!row.id.is_empty() && id.contains(row.id))
    };
    ROWS.iter().find(known).map_or(&PLAIN, |row| &row.quirks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_known_by_host_capability_or_id_and_not_by_half_of_them() {
        let check = |host: &str, capability: &str, id: &str, name: &str| {
            assert_eq!(quirks(host, |c| c == capability, id).name, name, "{host} {capability} {id}");
        };
        check("imap.mail.me.com", "", "", "iCloud");
        check("IMAP.mail.me.com.", "", "", "iCloud");
        check("imap.mail.me.com.evil.example", "", "", "");
        check("imap.mail.yahoo.com", "", "", "Yahoo");
        check("mail.firm.example", "X-CM-EXT-1", "", "Coremail");
        check("mail.firm.example", "", "name Coremail Imap vendor Mailtech", "Coremail");
        check("imap.qq.com", "", "", "QQ");
        check("127.0.0.1", "", "name Proton Mail Bridge", "Proton Mail Bridge");
        check("127.0.0.1", "", "", "");
        check("imap.yandex.com", "", "", "Yandex");
        check("imap.zoho.eu", "", "", "Zoho");
        check("mail.firm.example", "ACL2=UNION", "", "Courier");
        check("mail.firm.example", "IMAP4REV1", "name Dovecot", "");
    }

    #[test]
    fn every_row_can_be_recognised_and_changes_something() {
        for row in ROWS {
            assert!(!row.hosts.is_empty() || !row.capability.is_empty() || !row.id.is_empty(), "{}", row.quirks.name);
            assert_ne!(Quirks { name: "", ..copy(&row.quirks) }, PLAIN, "{} changes nothing", row.quirks.name);
            assert!(
                row.quirks.connections >= 2,
                "{}: a person who waits needs a line beside the one that syncs",
                row.quirks.name
            );
        }
    }

    fn copy(q: &Quirks) -> Quirks {
        Quirks { ..*q }
    }
}
