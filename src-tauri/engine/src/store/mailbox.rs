//! Table mailbox: the folders of all accounts, their roles, counts and how far each is synchronised.
//! A mailbox the server no longer lists is kept, marked as removed, as long as something removed lies in it.

use super::going::MOVED_GRACE_SECS;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::flags::bit;
use godwit_domain::sync::StatusItems;
use godwit_domain::{AccountId, Error, Mailbox, MailboxId, Result, Role};
use rusqlite::Row;
use std::collections::{HashMap, HashSet};

/// What the store believes of a mailbox: where a sync goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxState {
    /// Its id.
    pub id: MailboxId,
    /// Its account.
    pub account: AccountId,
    /// The name as the server spells it.
    pub wire_name: String,
    /// The name in UTF-8.
    pub path: String,
    /// Hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether messages can be in it.
    pub selectable: bool,
    /// UIDVALIDITY under which its rows are held.
    pub uidvalidity: Option<u32>,
    /// UIDNEXT up to which new mail was read.
    pub uidnext: Option<u32>,
    /// HIGHESTMODSEQ up to which changes were read.
    pub highestmodseq: Option<u64>,
    /// Every UID from here up is held; `Some(1)`: all; `None`: nothing yet.
    pub synced_down_to: Option<u32>,
    /// `false`: made here, still to be created there.
    pub on_server: bool,
    /// Rows held as the server has them.
    pub base_messages: u32,
    /// What the last LIST or STATUS said.
    pub listed: Option<StatusItems>,
    /// A UID named another message than before (rule W7).
    pub uids_unstable: bool,
    /// When all UIDs and flags were last compared, seconds since 1970.
    pub verified_at: Option<i64>,
    /// When every UID and flag was last compared by an audit, seconds since 1970.
    pub audited_at: Option<i64>,
    /// The mailbox whose rows this one shows by label; it is never synced itself.
    pub home: Option<MailboxId>,
    /// That label.
    pub label: String,
    /// Rows that were moved here and whose place the server did not tell: since when the oldest waits to be found.
    pub awaits_since: Option<i64>,
}

impl MailboxState {
    /// A row has waited so long that the mailbox has to be looked into, whatever its counts say.
    pub fn awaits_in_vain(&self) -> bool {
        self.awaits_since.is_some_and(|since| since < crate::clock::now() - MOVED_GRACE_SECS)
    }
}

/// What SELECT said of a mailbox's UIDVALIDITY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UidValidity {
    /// As before.
    Same,
    /// Seen for the first time.
    New,
    /// Another one: what was held became orphans, still shown, until its rows arrive again.
    Changed,
}

const STATE: &str = "SELECT id, account_id, wire_name, path, delimiter, role, selectable, uidvalidity, uidnext, highestmodseq,
  synced_down_to, on_server, base_messages, listed, listed_messages, listed_uidnext, listed_uidvalidity, listed_unseen,
  listed_modseq, uids_unstable, verified_at, audited_at, home, label,
  (SELECT min(since) FROM loose WHERE mailbox_id = mailbox.id AND state = 'moved') FROM mailbox";

fn state(r: &Row<'_>) -> rusqlite::Result<MailboxState> {
    let small = |at: usize| -> rusqlite::Result<Option<u32>> { Ok(r.get::<_, Option<i64>>(at)?.map(number)) };
    let modseq =
        |at: usize| -> rusqlite::Result<Option<u64>> { Ok(r.get::<_, Option<i64>>(at)?.and_then(|m| u64::try_from(m).ok())) };
    let listed = r.get::<_, bool>(13)?;
    Ok(MailboxState {
        id: MailboxId(r.get(0)?),
        account: AccountId(r.get(1)?),
        wire_name: r.get(2)?,
        path: r.get(3)?,
        delimiter: r.get_ref(4)?.as_str()?.chars().next(),
        role: r.get_ref(5)?.as_str_or_null()?.and_then(Role::from_word),
        selectable: r.get(6)?,
        uidvalidity: small(7)?,
        uidnext: small(8)?,
        highestmodseq: modseq(9)?,
        synced_down_to: small(10)?,
        on_server: r.get(11)?,
        base_messages: number(r.get(12)?),
        listed: if listed {
            Some(StatusItems {
                messages: small(14)?,
                uidnext: small(15)?,
                uidvalidity: small(16)?,
                unseen: small(17)?,
                highestmodseq: modseq(18)?,
            })
        } else {
            None
        },
        uids_unstable: r.get(19)?,
        verified_at: r.get(20)?,
        audited_at: r.get(21)?,
        home: r.get::<_, Option<i64>>(22)?.map(MailboxId),
        label: r.get(23)?,
        awaits_since: r.get(24)?,
    })
}

/// INBOX has one name in any case (RFC 9051 section 5.1).
pub(super) fn plain_path(path: &str) -> &str {
    if path.eq_ignore_ascii_case("INBOX") { "INBOX" } else { path }
}

impl Reader<'_> {
    /// Mailboxes of an account whose UIDs proved to be no names to rely on.
    pub fn unstable_mailboxes(&self, account: AccountId) -> Result<usize> {
        Ok(self.mailbox_states(account)?.iter().filter(|state| state.uids_unstable).count())
    }

    /// All mailboxes, in tree order per account.
    pub fn mailboxes(&self) -> Result<Vec<Mailbox>> {
        let all = self.cache.all(
            "SELECT b.id, b.account_id, b.path, b.delimiter, b.role, b.selectable, b.subscribed, b.messages, b.unread,
               (SELECT count(*) FROM placement p WHERE p.waiting = 1 AND p.want_gone = 1 AND p.mailbox_id = b.id
                  AND p.removed_at IS NULL AND p.base_bits & ?1 != 0), b.audited_at, b.repaired
             FROM mailbox b WHERE b.removed_at IS NULL ORDER BY b.account_id, b.path",
            [bit::DELETED],
            |r| {
                let path: String = r.get(2)?;
                let delimiter: String = r.get(3)?;
                let role = r.get_ref(4)?.as_str_or_null()?.and_then(Role::from_word);
                let last =
                    if delimiter.is_empty() { path.as_str() } else { path.rsplit(delimiter.as_str()).next().unwrap_or(&path) };
                let name = if path == "INBOX" { "Inbox".to_owned() } else { last.to_owned() };
                Ok(Mailbox {
                    id: MailboxId(r.get(0)?),
                    account: AccountId(r.get(1)?),
                    name,
                    parent: None,
                    role,
                    selectable: r.get(5)?,
                    subscribed: r.get(6)?,
                    messages: number(r.get::<_, i64>(7)?),
                    unread: number(r.get::<_, i64>(8)?),
                    held_back: number(r.get::<_, i64>(9)?),
                    verified_at: r.get(10)?,
                    repaired: number(r.get::<_, i64>(11)?),
                    path,
                    delimiter,
                })
            },
        )?;
        Ok(in_tree_order(all))
    }

    /// One mailbox as the faces show it.
    pub fn mailbox(&self, id: MailboxId) -> Result<Mailbox> {
        self.mailboxes()?.into_iter().find(|m| m.id == id).ok_or_else(no_mailbox)
    }

    /// What is believed of an account's mailboxes.
    pub fn mailbox_states(&self, account: AccountId) -> Result<Vec<MailboxState>> {
        self.cache.all(&format!("{STATE} WHERE account_id = ?1 AND removed_at IS NULL ORDER BY id"), [account.0], state)
    }

    /// What is believed of one mailbox.
    pub fn mailbox_state(&self, id: MailboxId) -> Result<MailboxState> {
        self.cache.one(&format!("{STATE} WHERE id = ?1 AND removed_at IS NULL"), [id.0], state)?.ok_or_else(no_mailbox)
    }

    /// The account's mailbox of a role.
    pub fn mailbox_by_role(&self, account: AccountId, role: Role) -> Result<Option<MailboxId>> {
        self.cache.one(
            "SELECT id FROM mailbox WHERE account_id = ?1 AND role = ?2 AND removed_at IS NULL ORDER BY on_server DESC, id LIMIT 1",
            (account.0, role.word()),
            |r| Ok(MailboxId(r.get(0)?)),
        )
    }

    /// The account's mailbox of a path.
    pub fn mailbox_by_path(&self, account: AccountId, path: &str) -> Result<Option<MailboxId>> {
        self.cache.one(
            "SELECT id FROM mailbox WHERE account_id = ?1 AND path = ?2 AND removed_at IS NULL",
            (account.0, plain_path(path)),
            |r| Ok(MailboxId(r.get(0)?)),
        )
    }

    /// Ids of the mailboxes with a role.
    pub(super) fn mailboxes_of(&self, role: Role) -> Result<Vec<i64>> {
        self.cache.all("SELECT id FROM mailbox WHERE removed_at IS NULL AND role = ?1 ORDER BY id", [role.word()], |r| r.get(0))
    }

    /// Ids of the mailboxes that hold messages of their own, without trash and junk.
    pub(super) fn mailboxes_everywhere(&self) -> Result<Vec<i64>> {
        let sql =
            "SELECT id FROM mailbox WHERE removed_at IS NULL AND home IS NULL AND coalesce(role, '') NOT IN ('trash', 'junk')
             ORDER BY id";
        self.cache.all(sql, [], |r| r.get(0))
    }
}

pub(super) fn no_mailbox() -> Error {
    Error::gone("This folder is not there any more.").mend("Get mail to see the folders as they are now.")
}

/// Accounts whose server keeps every folder below the inbox (Courier): there that says nothing about a folder.
fn all_below_inbox(all: &[Mailbox]) -> HashSet<AccountId> {
    let beside = |m: &&Mailbox| m.path != "INBOX" && !m.path.starts_with(&format!("INBOX{}", m.delimiter));
    let elsewhere: HashSet<AccountId> = all.iter().filter(beside).map(|m| m.account).collect();
    all.iter().map(|m| m.account).filter(|account| !elsewhere.contains(account)).collect()
}

/// Children after their parent; siblings by role, then by name.
fn in_tree_order(mut all: Vec<Mailbox>) -> Vec<Mailbox> {
    let ids: HashMap<(AccountId, String), MailboxId> = all.iter().map(|m| ((m.account, m.path.clone()), m.id)).collect();
    let flat = all_below_inbox(&all);
    for mailbox in &mut all {
        if mailbox.delimiter.is_empty() {
            continue;
        }
        let above = mailbox.path.rsplit_once(mailbox.delimiter.as_str()).map(|(above, _)| above.to_owned());
        let above = above.filter(|path| path != "INBOX" || !flat.contains(&mailbox.account));
        mailbox.parent = above.and_then(|path| ids.get(&(mailbox.account, path)).copied());
    }
    let rank = |m: &Mailbox| {
        let role = m.role.and_then(|role| Role::ALL.iter().position(|r| *r == role)).unwrap_or(Role::ALL.len());
        (m.account, role, m.name.to_lowercase(), m.path.clone())
    };
    all.sort_by_cached_key(rank);
    let mut children: HashMap<Option<MailboxId>, Vec<Mailbox>> = HashMap::new();
    for mailbox in all {
        children.entry(mailbox.parent).or_default().push(mailbox);
    }
    let mut out = Vec::new();
    let mut next: Vec<Mailbox> = children.remove(&None).unwrap_or_default().into_iter().rev().collect();
    while let Some(mailbox) = next.pop() {
        next.extend(children.remove(&Some(mailbox.id)).unwrap_or_default().into_iter().rev());
        out.push(mailbox);
    }
    out
}

impl Writer<'_> {
    /// Takes over the UIDVALIDITY of a SELECT. Rows under another one are let loose, to be found again by what they are; a
    /// mailbox that was never opened has such rows where an answer to COPY or MOVE named another than it has.
    pub fn mailbox_selected(&mut self, mailbox: MailboxId, uidvalidity: u32) -> Result<UidValidity> {
        let state = self.mailbox_state(mailbox)?;
        if state.uidvalidity == Some(uidvalidity) {
            return Ok(UidValidity::Same);
        }
        let loose = self.cache.run(
            "INSERT OR REPLACE INTO loose (placement_id, account_id, mailbox_id, state, identity, old_uid, since)
             SELECT p.id, m.account_id, p.mailbox_id, 'orphan', m.identity, p.uid, ?3
             FROM placement p JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ?1 AND p.uid IS NOT NULL AND p.uidvalidity <> ?2 AND p.removed_at IS NULL",
            (mailbox.0, uidvalidity, self.now),
        )?;
        if state.uidvalidity.is_none() && loose == 0 {
            self.cache.run("UPDATE mailbox SET uidvalidity = ?2 WHERE id = ?1", (mailbox.0, uidvalidity))?;
            return Ok(UidValidity::New);
        }
        self.cache.run(
            "UPDATE placement SET uid = NULL, modseq = NULL WHERE mailbox_id = ?1 AND uid IS NOT NULL AND uidvalidity <> ?2",
            (mailbox.0, uidvalidity),
        )?;
        self.cache.run(
            "UPDATE mailbox SET uidvalidity = ?2, uidnext = NULL, highestmodseq = NULL, synced_down_to = NULL, verified_at = NULL,
               audited_at = NULL, base_messages = (SELECT count(*) FROM placement WHERE mailbox_id = ?1 AND uid IS NOT NULL)
             WHERE id = ?1",
            (mailbox.0, uidvalidity),
        )?;
        Ok(UidValidity::Changed)
    }

    /// Every UID from `down_to` up is here.
    pub fn set_progress(&mut self, mailbox: MailboxId, down_to: u32) -> Result<()> {
        self.cache.run("UPDATE mailbox SET synced_down_to = ?2 WHERE id = ?1", (mailbox.0, down_to.max(1)))?;
        Ok(())
    }

    /// New mail below `uidnext` and changes up to `highestmodseq` are here; `None` leaves the old value.
    pub fn set_checkpoint(&mut self, mailbox: MailboxId, uidnext: Option<u32>, highestmodseq: Option<u64>) -> Result<()> {
        let modseq = highestmodseq.and_then(|m| i64::try_from(m).ok());
        self.cache.run(
            "UPDATE mailbox SET uidnext = coalesce(?2, uidnext), highestmodseq = coalesce(?3, highestmodseq) WHERE id = ?1",
            (mailbox.0, uidnext, modseq),
        )?;
        Ok(())
    }

    /// The mailbox keeps no MODSEQ any more.
    pub fn forget_modseq(&mut self, mailbox: MailboxId) -> Result<()> {
        self.cache.run("UPDATE mailbox SET highestmodseq = NULL WHERE id = ?1", [mailbox.0])?;
        Ok(())
    }

    /// All UIDs and flags were compared at `at`.
    pub fn set_verified(&mut self, mailbox: MailboxId, at: i64) -> Result<()> {
        self.cache.run("UPDATE mailbox SET verified_at = ?2 WHERE id = ?1", (mailbox.0, at))?;
        Ok(())
    }

    /// An audit compared everything at `at` and mended so many differences.
    pub fn set_audited(&mut self, mailbox: MailboxId, at: i64, differences: u64) -> Result<()> {
        let mended = i64::try_from(differences).unwrap_or(i64::MAX);
        let set = "UPDATE mailbox SET audited_at = ?2, repaired = min(repaired + ?3, 4294967295) WHERE id = ?1";
        self.cache.run(set, (mailbox.0, at, mended.min(i64::from(u32::MAX))))?;
        self.tell(godwit_domain::Event::MailboxesChanged);
        Ok(())
    }

    /// A UID named another message than before (rule W7), or the mailbox is numbered anew all the time.
    pub fn set_uids_unstable(&mut self, mailbox: MailboxId) -> Result<()> {
        self.cache.run("UPDATE mailbox SET uids_unstable = 1 WHERE id = ?1", [mailbox.0])?;
        Ok(())
    }
}
