//! The copy in Sent: filed by APPEND, and looked for by Message-ID. A search is believed when it finds, never when it does not:
//! an absence is only what the identities of the newest messages prove.

use crate::imap::{Connection, Search, Selected};
use godwit_domain::sending::{Files, Look};
use godwit_domain::sync::{FetchedHeader, UidSet};
use godwit_domain::{Error, ErrorKind, Flags, Result, Server, flags::bit};

/// How far back from UIDNEXT a copy is looked for where no attempt row says from where.
const NEWEST: u32 = 1000;
/// How many hits of a search are checked.
const MOST_HITS: usize = 50;

/// How filing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filing {
    /// The copy is there.
    Filed,
    /// It surely is not.
    NotFiled(Error),
    /// The line broke: nobody knows.
    Unclear(Error),
}

/// Who files copies: servers known to put what they were handed into Sent themselves, else we.
pub fn files(submission: &Server, imap_is_gmail: bool) -> Files {
    let host = submission.host.trim().to_ascii_lowercase();
    let known = matches!(host.as_str(), "smtp.gmail.com" | "smtp.office365.com" | "smtp-mail.outlook.com");
    if known || imap_is_gmail { Files::Server } else { Files::Us }
}

/// Puts the copy into the mailbox, seen. The caller has committed the attempt row (W1).
pub async fn file(connection: &Connection, wire_name: &str, raw: Vec<u8>) -> Filing {
    match connection.append(wire_name, &Flags::of(bit::SEEN), None, raw).await {
        Ok(_) => Filing::Filed,
        Err(error) => match error.kind {
            // The server said NO, or nothing was sent.
            ErrorKind::Refused
            | ErrorKind::Busy
            | ErrorKind::Gone
            | ErrorKind::Invalid
            | ErrorKind::Unsupported
            | ErrorKind::SignInNeeded
            | ErrorKind::StorageFull
            | ErrorKind::ReadOnly => Filing::NotFiled(error),
            _ => Filing::Unclear(error),
        },
    }
}

/// Looks for a Message-ID in the mailbox, which this opens. `since`: UIDVALIDITY and UIDNEXT from before the attempt, where known.
pub async fn look(connection: &Connection, wire_name: &str, message_id: &str, since: Option<(u32, u32)>) -> Look {
    match look_for(connection, wire_name, message_id, since).await {
        Ok(true) => Look::Found,
        Ok(false) => Look::Absent,
        Err(error) => Look::Failed(error),
    }
}

async fn look_for(connection: &Connection, wire_name: &str, message_id: &str, since: Option<(u32, u32)>) -> Result<bool> {
    let selected = connection.select(wire_name, None).await?;
    if selected.exists == 0 {
        return Ok(false);
    }
    let matches = |found: Vec<FetchedHeader>| found.iter().any(|f| has_message_id(&f.header, message_id));
    if let Ok(hits) = connection.search(&Search::MessageId(message_id.to_owned())).await {
        let hits: Vec<(u32, u32)> = hits.iter().rev().take(MOST_HITS).map(|uid| (uid, uid)).collect();
        if !hits.is_empty() && matches(connection.fetch_identities(&UidSet::from_ranges(hits)).await?) {
            return Ok(true);
        }
    }
    let window = match window(&selected, since) {
        Some(window) => window,
        // A server without UIDNEXT: its UIDs are asked for.
        None => {
            let uids = connection.fetch_uids(1, None).await?;
            UidSet::from_ranges(uids.iter().rev().take(NEWEST as usize).map(|uid| (uid, uid)))
        }
    };
    Ok(!window.is_empty() && matches(connection.fetch_identities(&window).await?))
}

/// The UIDs among which a copy of ours must be.
fn window(selected: &Selected, since: Option<(u32, u32)>) -> Option<UidSet> {
    let last = selected.uidnext?.saturating_sub(1);
    let newest = last.saturating_sub(NEWEST - 1).max(1);
    let first = match since {
        Some((uidvalidity, uidnext)) if selected.uidvalidity == Some(uidvalidity) => uidnext,
        _ => newest,
    };
    Some(if first > last { UidSet::from_ranges([]) } else { UidSet::range(first, last) })
}

/// Whether a header's Message-ID is this one, folded or not.
fn has_message_id(header: &[u8], message_id: &str) -> bool {
    let wanted = bare(message_id);
    let text = String::from_utf8_lossy(header).replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    text.lines().take_while(|line| !line.is_empty()).any(|line| {
        line.split_once(':').is_some_and(|(name, value)| name.trim().eq_ignore_ascii_case("message-id") && bare(value) == wanted)
    })
}

fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::Security;

    #[test]
    fn a_message_id_is_known_folded_and_in_any_case() {
        let check = |header: &str, same: bool| assert_eq!(has_message_id(header.as_bytes(), "a.b@c"), same, "{header:?}");
        check("Message-ID: <a.b@c>\r\n", true);
        check("Subject: x\r\nMESSAGE-id:\r\n <a.b@c>\r\nDate: y\r\n\r\n", true);
        check("Message-ID: <a.b@c.d>\r\n", false);
        check("X-Message-ID: <a.b@c>\r\n", false);
        check("Subject: x\r\n\r\nMessage-ID: <a.b@c>\r\n", false);
    }

    #[test]
    fn a_copy_is_looked_for_from_where_the_attempt_began() {
        let selected = Selected { uidvalidity: Some(7), uidnext: Some(5000), ..Selected::default() };
        let check = |since, ranges: &[(u32, u32)]| assert_eq!(window(&selected, since).unwrap().ranges(), ranges);
        check(Some((7, 4990)), &[(4990, 4999)]);
        check(Some((7, 5000)), &[]);
        check(Some((8, 4990)), &[(4000, 4999)]);
        check(None, &[(4000, 4999)]);
        assert!(window(&Selected::default(), None).is_none());
    }

    #[test]
    fn servers_that_file_by_themselves_are_known() {
        let server = |host: &str| Server { host: host.into(), port: 465, security: Security::Tls, pin: None };
        assert_eq!(files(&server("SMTP.gmail.com "), false), Files::Server);
        assert_eq!(files(&server("smtp.vik.example"), false), Files::Us);
        assert_eq!(files(&server("smtp.vik.example"), true), Files::Server);
    }
}
