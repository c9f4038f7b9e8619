//! Table mailbox: the folders of all accounts, their roles, counts and how far each is synchronised.
//! A mailbox the server no longer lists is kept, marked as removed, as long as something removed lies in it.

use super::placement::Placement;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::sync::{Listed, StatusItems};
use godwit_domain::{AccountId, Error, Event, Mailbox, MailboxId, Result, Role};
use rusqlite::Row;
use std::collections::{HashMap, HashSet};

/// The most mailboxes of an account; a server that lists more is not believed.
const MOST: usize = 10_000;

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
  listed_modseq, uids_unstable, verified_at FROM mailbox";

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
    })
}

/// INBOX has one name in any case (RFC 9051 section 5.1).
fn plain_path(path: &str) -> &str {
    if path.eq_ignore_ascii_case("INBOX") { "INBOX" } else { path }
}

impl Reader<'_> {
    /// All mailboxes, in tree order per account.
    pub fn mailboxes(&self) -> Result<Vec<Mailbox>> {
        let all = self.cache.all(
            "SELECT id, account_id, path, delimiter, role, selectable, subscribed, messages, unread
             FROM mailbox WHERE removed_at IS NULL ORDER BY account_id, path",
            [],
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

    /// Ids of the mailboxes whose role is one of `roles`.
    pub(super) fn mailbox_ids(&self, keep: impl Fn(Option<Role>) -> bool) -> Result<Vec<i64>> {
        let all = self.cache.all("SELECT id, role FROM mailbox WHERE removed_at IS NULL ORDER BY id", [], |r| {
            Ok((r.get::<_, i64>(0)?, r.get_ref(1)?.as_str_or_null()?.and_then(Role::from_word)))
        })?;
        Ok(all.into_iter().filter(|(_, role)| keep(*role)).map(|(id, _)| id).collect())
    }
}

fn no_mailbox() -> Error {
    Error::gone("This folder is not there any more.").mend("Get mail to see the folders as they are now.")
}

/// Children after their parent; siblings by role, then by name.
fn in_tree_order(mut all: Vec<Mailbox>) -> Vec<Mailbox> {
    let ids: HashMap<(AccountId, String), MailboxId> = all.iter().map(|m| ((m.account, m.path.clone()), m.id)).collect();
    for mailbox in &mut all {
        if mailbox.delimiter.is_empty() {
            continue;
        }
        let above = mailbox.path.rsplit_once(mailbox.delimiter.as_str()).map(|(above, _)| above.to_owned());
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
    /// Takes over a complete LIST: new mailboxes, roles, STATUS. What is missing from it is removed; call only after its tagged OK.
    pub fn mailboxes_listed(&mut self, account: AccountId, listed: &[Listed]) -> Result<Vec<MailboxState>> {
        let before = self.mailbox_states(account)?;
        let roles = roles_of(listed);
        let mut seen = HashSet::new();
        for entry in listed.iter().take(MOST) {
            let path = plain_path(&entry.path).to_owned();
            if path.is_empty() || !seen.insert(path.clone()) {
                continue;
            }
            let role = roles.get(&entry.path).copied();
            self.keep_listed(account, &path, entry, role)?;
        }
        if seen.contains("INBOX") && listed.len() <= MOST {
            for gone in before.iter().filter(|m| m.on_server && !seen.contains(&m.path)) {
                self.mailbox_removed(gone.id)?;
            }
        }
        let after = self.mailbox_states(account)?;
        let shape = |states: &[MailboxState]| -> Vec<_> {
            states.iter().map(|s| (s.id, s.path.clone(), s.role, s.selectable, s.on_server)).collect()
        };
        if shape(&before) != shape(&after) {
            self.mailboxes_changed();
        }
        Ok(after)
    }

    fn keep_listed(&mut self, account: AccountId, path: &str, entry: &Listed, role: Option<Role>) -> Result<()> {
        let status = entry.status.unwrap_or_default();
        let modseq = status.highestmodseq.and_then(|m| i64::try_from(m).ok());
        let delimiter = entry.delimiter.map(String::from).unwrap_or_default();
        self.cache.run(
            "INSERT INTO mailbox (account_id, path, wire_name, delimiter, role, selectable, subscribed, on_server, listed,
               listed_messages, listed_uidnext, listed_uidvalidity, listed_unseen, listed_modseq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (account_id, path) WHERE removed_at IS NULL DO UPDATE SET wire_name = excluded.wire_name,
               delimiter = excluded.delimiter, role = excluded.role, selectable = excluded.selectable,
               subscribed = excluded.subscribed, on_server = 1, listed = excluded.listed,
               listed_messages = excluded.listed_messages, listed_uidnext = excluded.listed_uidnext,
               listed_uidvalidity = excluded.listed_uidvalidity, listed_unseen = excluded.listed_unseen,
               listed_modseq = excluded.listed_modseq",
            rusqlite::params![
                account.0,
                path,
                entry.wire_name,
                delimiter,
                role.map(Role::word),
                entry.selectable(),
                entry.subscribed,
                entry.status.is_some(),
                status.messages,
                status.uidnext,
                status.uidvalidity,
                status.unseen,
                modseq
            ],
        )?;
        Ok(())
    }

    /// Takes over the UIDVALIDITY of a SELECT.
    pub fn mailbox_selected(&mut self, mailbox: MailboxId, uidvalidity: u32) -> Result<UidValidity> {
        let state = self.mailbox_state(mailbox)?;
        match state.uidvalidity {
            Some(known) if known == uidvalidity => return Ok(UidValidity::Same),
            None => {
                self.cache.run("UPDATE mailbox SET uidvalidity = ?2 WHERE id = ?1", (mailbox.0, uidvalidity))?;
                return Ok(UidValidity::New);
            }
            Some(_) => {}
        }
        self.cache.run(
            "INSERT OR REPLACE INTO loose (placement_id, account_id, mailbox_id, state, identity, old_uid, since)
             SELECT p.id, m.account_id, p.mailbox_id, 'orphan', m.identity, p.uid, ?2
             FROM placement p JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ?1 AND p.uid IS NOT NULL AND p.removed_at IS NULL",
            (mailbox.0, self.now),
        )?;
        self.cache
            .run("UPDATE placement SET uid = NULL, modseq = NULL WHERE mailbox_id = ?1 AND uid IS NOT NULL", [mailbox.0])?;
        self.cache.run(
            "UPDATE mailbox SET uidvalidity = ?2, uidnext = NULL, highestmodseq = NULL, synced_down_to = NULL, verified_at = NULL,
               base_messages = 0 WHERE id = ?1",
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

    /// All UIDs and flags were compared at `at`.
    pub fn set_verified(&mut self, mailbox: MailboxId, at: i64) -> Result<()> {
        self.cache.run("UPDATE mailbox SET verified_at = ?2 WHERE id = ?1", (mailbox.0, at))?;
        Ok(())
    }

    /// A UID named another message than before (rule W7).
    pub fn set_uids_unstable(&mut self, mailbox: MailboxId) -> Result<()> {
        self.cache.run("UPDATE mailbox SET uids_unstable = 1 WHERE id = ?1", [mailbox.0])?;
        Ok(())
    }

    /// A mailbox made here was created on the server.
    pub fn mailbox_made(&mut self, mailbox: MailboxId, wire_name: &str) -> Result<()> {
        self.cache.run("UPDATE mailbox SET on_server = 1, wire_name = ?2 WHERE id = ?1", (mailbox.0, wire_name))?;
        self.mailboxes_changed();
        Ok(())
    }

    /// A mailbox that is to be created on the server; the one of that path where there is one already.
    pub fn mailbox_insert_local(&mut self, account: AccountId, path: &str, role: Option<Role>) -> Result<MailboxId> {
        if let Some(id) = self.mailbox_by_path(account, path)? {
            return Ok(id);
        }
        if path.is_empty() || path.len() > 1_000 || path.chars().any(char::is_control) {
            return Err(Error::invalid("A folder can't have this name.").mend("Use letters, digits and spaces."));
        }
        let delimiter = self.mailbox_states(account)?.iter().find_map(|m| m.delimiter).map(String::from).unwrap_or_default();
        let id = self.cache.insert(
            "INSERT INTO mailbox (account_id, path, delimiter, role, subscribed, on_server) VALUES (?1, ?2, ?3, ?4, 1, 0)",
            (account.0, plain_path(path), delimiter, role.map(Role::word)),
        )?;
        self.mailboxes_changed();
        Ok(MailboxId(id))
    }

    /// The mailbox of a path, made here where there is none.
    pub(super) fn mailbox_at(&mut self, account: AccountId, path: &str) -> Result<i64> {
        Ok(self.mailbox_insert_local(account, path, None)?.0)
    }

    /// The account's mailbox of a role, made here where there is none.
    pub(super) fn mailbox_for(&mut self, account: AccountId, role: Role) -> Result<i64> {
        if let Some(id) = self.mailbox_by_role(account, role)? {
            return Ok(id.0);
        }
        let name = match role {
            Role::Archive => "Archive",
            Role::Trash => "Trash",
            Role::Junk => "Junk",
            Role::Sent => "Sent",
            Role::Drafts => "Drafts",
            Role::Inbox => "INBOX",
            Role::All | Role::Flagged => return Err(Error::invalid("This account has no such folder.")),
        };
        let states = self.mailbox_states(account)?;
        let below = states.iter().find_map(|m| m.delimiter).map(|d| format!("INBOX{d}")).unwrap_or_default();
        let mut others = states.iter().filter(|m| m.path != "INBOX" && m.on_server).peekable();
        let all_below = !below.is_empty() && others.peek().is_some() && others.all(|m| m.path.starts_with(&below));
        let path = if all_below && role != Role::Inbox { format!("{below}{name}") } else { name.to_owned() };
        let id = self.mailbox_insert_local(account, &path, Some(role))?;
        self.cache.run("UPDATE mailbox SET role = ?2 WHERE id = ?1 AND role IS NULL", (id.0, role.word()))?;
        Ok(id.0)
    }

    /// The server renamed a mailbox; those below it follow with the next LIST.
    pub fn mailbox_renamed(&mut self, mailbox: MailboxId, path: &str, wire_name: &str) -> Result<()> {
        let state = self.mailbox_state(mailbox)?;
        let mut moved = vec![(mailbox, state.path.clone(), path.to_owned(), wire_name.to_owned())];
        if let Some(delimiter) = state.delimiter {
            let (below, wire_below) = (format!("{}{delimiter}", state.path), format!("{}{delimiter}", state.wire_name));
            for child in self.mailbox_states(state.account)? {
                if let Some(rest) = child.path.strip_prefix(&below) {
                    let wire = child.wire_name.strip_prefix(&wire_below).unwrap_or(rest);
                    moved.push((
                        child.id,
                        child.path.clone(),
                        format!("{path}{delimiter}{rest}"),
                        format!("{wire_name}{delimiter}{wire}"),
                    ));
                }
            }
        }
        for (id, old, new, wire) in moved {
            self.cache.run("UPDATE mailbox SET path = ?2, wire_name = ?3 WHERE id = ?1", (id.0, &new, wire))?;
            let profile = self.profile_tx()?;
            for sql in [
                "UPDATE intent SET mailbox_path = ?3 WHERE account_id = ?1 AND mailbox_path = ?2",
                "UPDATE intent SET target_path = ?3 WHERE account_id = ?1 AND target_path = ?2",
                "UPDATE copy_intent SET target_path = ?3 WHERE account_id = ?1 AND target_path = ?2",
                "UPDATE receipt_item SET from_path = ?3 WHERE account_id = ?1 AND from_path = ?2",
                "UPDATE receipt_item SET to_path = ?3 WHERE account_id = ?1 AND to_path = ?2",
                "UPDATE attempt SET target_path = ?3 WHERE account_id = ?1 AND target_path = ?2",
            ] {
                profile.run(sql, (state.account.0, &old, &new))?;
            }
        }
        self.paths.clear();
        self.mailboxes_changed();
        Ok(())
    }

    /// A mailbox is gone from the server: what lay in it counts as removed, what was on its way there stays where it is.
    pub fn mailbox_removed(&mut self, mailbox: MailboxId) -> Result<()> {
        for row in self.placements_wanted_in(mailbox.0)? {
            let back = Placement { want_mailbox: None, ..row.clone() };
            self.change(&row, back)?;
        }
        let mut after = 0;
        loop {
            let rows = self.placements_based_in(mailbox.0, after, 500)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                self.tombstone(row)?;
            }
        }
        self.settle()?;
        self.cache.run("UPDATE mailbox SET removed_at = ?2, role = NULL WHERE id = ?1", (mailbox.0, self.now))?;
        self.mailboxes_changed();
        Ok(())
    }

    /// The account is subscribed to a mailbox, or not.
    pub fn mailbox_subscribed(&mut self, mailbox: MailboxId, on: bool) -> Result<()> {
        self.cache.run("UPDATE mailbox SET subscribed = ?2 WHERE id = ?1", (mailbox.0, on))?;
        self.mailboxes_changed();
        Ok(())
    }

    /// A mailbox's path, of a removed one too.
    pub(super) fn path(&mut self, mailbox: i64) -> Result<String> {
        if let Some(path) = self.paths.get(&mailbox) {
            return Ok(path.clone());
        }
        let path = self
            .cache
            .one("SELECT path FROM mailbox WHERE id = ?1", [mailbox], |r| r.get::<_, String>(0))?
            .ok_or_else(no_mailbox)?;
        self.paths.insert(mailbox, path.clone());
        Ok(path)
    }

    fn mailboxes_changed(&mut self) {
        self.changes.mailboxes = true;
        self.tell(Event::MailboxesChanged);
    }
}

/// Roles by listed path: attributes first, then names for roles that no attribute gave; one mailbox a role.
fn roles_of(listed: &[Listed]) -> HashMap<String, Role> {
    let mut roles = HashMap::new();
    let mut given = HashSet::new();
    for entry in listed {
        let inbox = entry.path.eq_ignore_ascii_case("INBOX").then_some(Role::Inbox);
        let role = inbox.or_else(|| entry.attributes.iter().find_map(|a| Role::from_attribute(a)));
        if let Some(role) = role.filter(|r| given.insert(*r)) {
            roles.insert(entry.path.clone(), role);
        }
    }
    for entry in listed.iter().filter(|e| e.selectable()) {
        if roles.contains_key(&entry.path) {
            continue;
        }
        let (above, name) = entry.delimiter.and_then(|d| entry.path.rsplit_once(d)).unwrap_or(("", &entry.path));
        if !["", "INBOX", "[Gmail]", "[Google Mail]"].iter().any(|top| above.eq_ignore_ascii_case(top)) {
            continue;
        }
        if let Some(role) = Role::from_name(name).filter(|r| given.insert(*r)) {
            roles.insert(entry.path.clone(), role);
        }
    }
    roles
}
