//! Table message: rows for lists, conversations, and what is known of one message.

use super::placement::Placement;
use super::reader::{Reader, json, number};
use super::text::{self, unpack};
use godwit_domain::{
    AccountId, Address, ConversationItem, Error, FlagEdit, Flags, MailboxId, MessageId, PlacementId, Result, Role, Row, ThreadId,
    labels,
};
use std::collections::{BTreeSet, HashMap};

/// The most messages of a conversation that are looked at.
const MOST: u32 = 10_000;

/// A placement's message as the header tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// Which placement.
    pub placement: PlacementId,
    /// Its content.
    pub message: MessageId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Its account.
    pub account: AccountId,
    /// Where the server has it.
    pub mailbox: MailboxId,
    /// Where it is shown.
    pub shown_mailbox: MailboxId,
    /// Its UID in `mailbox`, once told.
    pub uid: Option<u32>,
    /// UIDVALIDITY of `uid`.
    pub uidvalidity: Option<u32>,
    /// RFC822.SIZE.
    pub size: u32,
    /// Decoded subject.
    pub subject: String,
    /// From.
    pub from: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Seconds since 1970, UTC.
    pub date: i64,
    /// Flags as shown.
    pub flags: Flags,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// What two copies of the same message share.
    pub identity: [u8; 16],
}

/// The header columns of a message.
struct Header {
    subject: String,
    sender: String,
    reply_to: String,
    recipients: String,
    cc: String,
    date: i64,
}

fn shown_flags(r: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Flags> {
    let flags =
        |at: usize| -> rusqlite::Result<Flags> { Ok(Flags::from_columns(number(r.get(at)?), r.get_ref(at + 1)?.as_str()?)) };
    let edit = FlagEdit { add: flags(at + 4)?, del: flags(at + 6)? };
    Ok(edit.apply(&flags(at)?.union(&flags(at + 2)?)))
}

const FLAG_COLUMNS: &str =
    "p.base_bits, p.base_keywords, p.kept_bits, p.kept_keywords, p.add_bits, p.add_keywords, p.del_bits, p.del_keywords";

/// Messages of a conversation outside trash and junk; a mailbox that holds everything does not count twice.
const THREAD_COUNT: &str = "(SELECT max(1,
    coalesce(sum(CASE WHEN b.home IS NULL AND (b.role IS NULL OR b.role NOT IN ('trash', 'junk', 'all', 'flagged')) THEN t.count END), 0),
    coalesce(sum(CASE WHEN b.role = 'all' THEN t.count END), 0))
  FROM thread_box t JOIN mailbox b ON b.id = t.mailbox_id WHERE t.thread_id = m.thread_id)";

impl Reader<'_> {
    /// Rows by placement, in the order asked, without those that are gone.
    pub fn rows(&self, ids: &[PlacementId]) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT p.id, m.id, m.thread_id,
               (SELECT account_id FROM mailbox WHERE id = coalesce(p.want_mailbox, p.mailbox_id)),
               coalesce(p.want_mailbox, p.mailbox_id), p.uid, m.subject, m.sender,
               m.recipients, m.date, m.size, m.has_attachment, m.preview, p.waiting, {THREAD_COUNT}, {FLAG_COLUMNS}
             FROM json_each(?1) j JOIN placement p ON p.id = j.value JOIN message m ON m.id = p.message_id
             WHERE p.removed_at IS NULL AND p.want_gone = 0 ORDER BY j.key"
        );
        self.cache.all(&sql, [json(ids.iter().map(|id| id.0))], |r| {
            let shown = shown_flags(r, 15)?;
            let own = shown.labels.iter().filter(|label| labels::is_own(label));
            let labels = shown.keywords.iter().chain(own).cloned().collect::<BTreeSet<_>>().into_iter().collect();
            let mut to = unpack(r.get_ref(8)?.as_str()?);
            to.truncate(4);
            Ok(Row {
                id: PlacementId(r.get(0)?),
                message: MessageId(r.get(1)?),
                thread: ThreadId(r.get(2)?),
                account: AccountId(r.get(3)?),
                mailbox: MailboxId(r.get(4)?),
                uid: r.get::<_, Option<i64>>(5)?.map(number),
                subject: r.get(6)?,
                from: unpack(r.get_ref(7)?.as_str()?),
                to,
                date: r.get(9)?,
                flags: Flags::of(shown.bits).names(),
                labels,
                size: number(r.get(10)?),
                attachments: r.get(11)?,
                preview: r.get::<_, Option<String>>(12)?.unwrap_or_default(),
                count: number(r.get(14)?),
                waiting: r.get(13)?,
            })
        })
    }

    /// Rows of a threaded list: unread or starred where any message of the conversation in `scope` is.
    pub(super) fn thread_rows(&self, ids: &[PlacementId], scope: &[i64]) -> Result<Vec<Row>> {
        let mut rows = self.rows(ids)?;
        let scope = json(scope.iter().copied());
        for row in &mut rows {
            let sums = self.cache.one(
                "SELECT coalesce(sum(unread), 0), coalesce(sum(starred), 0) FROM thread_box
                 WHERE thread_id = ?1 AND mailbox_id IN (SELECT value FROM json_each(?2))",
                (row.thread.0, &scope),
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)),
            )?;
            let (unread, starred) = sums.unwrap_or_default();
            if unread > 0 {
                row.flags.retain(|f| f != "\\Seen");
            }
            if starred > 0 && !row.flags.iter().any(|f| f == "\\Flagged") {
                row.flags.push("\\Flagged".to_owned());
            }
        }
        Ok(rows)
    }

    /// Rows of a list of these mailboxes: what one of them shows by label is told to be in that one.
    pub(super) fn in_folders(&self, mut rows: Vec<Row>, scope: &[i64]) -> Result<Vec<Row>> {
        let read = "SELECT home, id FROM mailbox WHERE home IS NOT NULL AND id IN (SELECT value FROM json_each(?1))";
        let folders: HashMap<i64, i64> =
            self.cache.all(read, [json(scope.iter().copied())], |r| Ok((r.get(0)?, r.get(1)?)))?.into_iter().collect();
        for row in &mut rows {
            if let Some(folder) = folders.get(&row.mailbox.0) {
                row.mailbox = MailboxId(*folder);
            }
        }
        Ok(rows)
    }

    /// Messages shown in these mailboxes.
    pub(super) fn messages_in(&self, mailboxes: &[i64]) -> Result<i64> {
        let sql = "SELECT coalesce(sum(messages), 0) FROM mailbox WHERE id IN (SELECT value FROM json_each(?1))";
        Ok(self.cache.one(sql, [json(mailboxes.iter().copied())], |r| r.get(0))?.unwrap_or(0))
    }

    /// The conversation of a placement, oldest first.
    pub fn conversation(&self, id: PlacementId) -> Result<Vec<ConversationItem>> {
        let asked = self.shown_placement(id)?;
        let email = text::fold(&self.account(AccountId(asked.account))?.email);
        let here = asked.shown_mailbox();
        let sql = format!(
            "SELECT p.id, m.id, coalesce(p.want_mailbox, p.mailbox_id), m.sender, m.date, coalesce(m.preview, ''), m.has_attachment,
               m.identity, b.role, {FLAG_COLUMNS}
             FROM message m JOIN placement p ON p.message_id = m.id JOIN mailbox b ON b.id = coalesce(p.want_mailbox, p.mailbox_id)
             WHERE m.thread_id = ?1 AND p.removed_at IS NULL AND p.want_gone = 0 ORDER BY m.sort_key, p.id LIMIT ?2"
        );
        let found = self.cache.all(&sql, (asked.thread, MOST), |r| {
            let from = unpack(r.get_ref(3)?.as_str()?);
            let item = ConversationItem {
                id: PlacementId(r.get(0)?),
                message: MessageId(r.get(1)?),
                mailbox: MailboxId(r.get(2)?),
                own: from.iter().any(|a| text::fold(&a.address) == email),
                from,
                date: r.get(4)?,
                preview: r.get(5)?,
                attachments: r.get(6)?,
                flags: shown_flags(r, 9)?.names(),
            };
            let role = r.get_ref(8)?.as_str_or_null()?.and_then(Role::from_word);
            Ok((item, r.get::<_, [u8; 16]>(7)?, role))
        })?;
        let mut out: Vec<ConversationItem> = Vec::with_capacity(found.len());
        let mut at: HashMap<[u8; 16], usize> = HashMap::new();
        for (item, identity, role) in found {
            if matches!(role, Some(Role::Trash | Role::Junk)) && item.mailbox.0 != here {
                continue;
            }
            match at.get(&identity).and_then(|at| out.get_mut(*at)) {
                Some(kept) if item.id == id || (kept.id != id && kept.mailbox.0 != here && item.mailbox.0 == here) => {
                    *kept = item
                }
                // Two placements in the asked mailbox are two messages there, however alike.
                Some(kept) if kept.mailbox == item.mailbox => out.push(item),
                Some(_) => {}
                None => {
                    at.insert(identity, out.len());
                    out.push(item);
                }
            }
        }
        Ok(out)
    }

    fn shown_placement(&self, id: PlacementId) -> Result<Placement> {
        self.placement(id.0)?.filter(|p| p.removed_at.is_none()).ok_or_else(no_message)
    }

    /// What is known of a placement's message.
    pub fn message_of(&self, id: PlacementId) -> Result<MessageRecord> {
        let p = self.shown_placement(id)?;
        let header = self
            .cache
            .one("SELECT subject, sender, reply_to, recipients, cc, date FROM message WHERE id = ?1", [p.message], |r| {
                Ok(Header {
                    subject: r.get(0)?,
                    sender: r.get(1)?,
                    reply_to: r.get(2)?,
                    recipients: r.get(3)?,
                    cc: r.get(4)?,
                    date: r.get(5)?,
                })
            })?
            .ok_or_else(no_message)?;
        Ok(MessageRecord {
            placement: id,
            message: MessageId(p.message),
            thread: ThreadId(p.thread),
            account: AccountId(p.account),
            mailbox: MailboxId(p.mailbox),
            shown_mailbox: MailboxId(p.shown_mailbox()),
            uid: p.uid,
            uidvalidity: p.uid.map(|_| p.uidvalidity),
            size: p.size,
            subject: header.subject,
            from: unpack(&header.sender),
            reply_to: unpack(&header.reply_to),
            to: unpack(&header.recipients),
            cc: unpack(&header.cc),
            date: header.date,
            flags: p.flags(),
            message_id: p.message_id,
            identity: p.identity,
        })
    }
}

fn no_message() -> Error {
    Error::gone("This message is not there any more.").mend("It was moved or deleted on another device.")
}
