//! Table mailbox, changed as a whole: what LIST says, and folders made, renamed and removed.
//! A mailbox that is gone hands back what was on its way there; what lay in it stays restorable.

use super::mailbox::{MailboxState, no_mailbox, plain_path};
use super::placement::Placement;
use super::writer::Writer;
use godwit_domain::sync::{Listed, StatusItems};
use godwit_domain::{AccountId, Error, Event, MailboxId, Result, Role};
use std::collections::{HashMap, HashSet};

/// The most mailboxes of an account; a server that lists more is not believed.
const MOST: usize = 10_000;

impl Writer<'_> {
    /// Takes over a LIST: new mailboxes, roles, STATUS. What is missing from it stays: see `mailboxes_gone`.
    pub fn mailboxes_listed(&mut self, account: AccountId, listed: &[Listed]) -> Result<Vec<MailboxState>> {
        // A LIST that was under way while its account was removed must not bring folders back.
        self.account(account)?;
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
        self.keep_labels(account, listed)?;
        let after = self.mailbox_states(account)?;
        let shape = |states: &[MailboxState]| -> Vec<_> {
            states.iter().map(|s| (s.id, s.path.clone(), s.role, s.selectable, s.on_server)).collect()
        };
        if shape(&before) != shape(&after) {
            self.mailboxes_changed();
        }
        Ok(after)
    }

    /// These are missing from a complete LIST, and the server said of each that it is not there. Wanted copies whose target
    /// is nowhere any more are taken back and told.
    pub fn mailboxes_gone(&mut self, account: AccountId, gone: &[MailboxId]) -> Result<()> {
        for mailbox in gone {
            self.mailbox_removed(*mailbox)?;
        }
        let targets =
            self.profile.all("SELECT DISTINCT target_path FROM copy_intent WHERE account_id = ?1", [account.0], |r| {
                r.get::<_, String>(0)
            })?;
        for path in targets {
            if self.mailbox_by_path(account, &path)?.is_none() {
                let count = self.copies_taken_back(account, &path)?;
                self.tell_handed_back(&path, count);
            }
        }
        Ok(())
    }

    /// A mailbox that LIST left out is there all the same.
    pub fn mailbox_status(&mut self, mailbox: MailboxId, status: &StatusItems) -> Result<()> {
        let modseq = status.highestmodseq.and_then(|m| i64::try_from(m).ok());
        self.cache.run(
            "UPDATE mailbox SET listed = 1, listed_messages = ?2, listed_uidnext = ?3, listed_uidvalidity = ?4, listed_unseen = ?5,
               listed_modseq = ?6 WHERE id = ?1",
            (mailbox.0, status.messages, status.uidnext, status.uidvalidity, status.unseen, modseq),
        )?;
        Ok(())
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
        self.label_made(account, id)?;
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
        if self.home(account)?.is_some() {
            // Made here it would be one more label, and no such folder.
            return Err(Error::invalid(format!("The account's {name} folder is not to be seen."))
                .mend("Show it in the account's settings for IMAP, on the provider's page."));
        }
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
            self.label_renamed(id, &new)?;
            self.cache.run("UPDATE mailbox SET path = ?2, wire_name = ?3 WHERE id = ?1", (id.0, &new, wire))?;
            let profile = self.profile_tx()?;
            for sql in [
                "UPDATE intent SET mailbox_path = ?3 WHERE account_id = ?1 AND mailbox_path = ?2",
                "UPDATE intent SET target_path = ?3 WHERE coalesce(target_account_id, account_id) = ?1 AND target_path = ?2",
                "UPDATE copy_intent SET target_path = ?3 WHERE coalesce(target_account_id, account_id) = ?1 AND target_path = ?2",
                "UPDATE receipt_item SET from_path = ?3 WHERE coalesce(from_account_id, account_id) = ?1 AND from_path = ?2",
                "UPDATE receipt_item SET to_path = ?3 WHERE coalesce(to_account_id, account_id) = ?1 AND to_path = ?2",
                "UPDATE OR REPLACE keep SET mailbox_path = ?3 WHERE account_id = ?1 AND mailbox_path = ?2",
                "UPDATE attempt SET target_path = ?3 WHERE account_id = ?1 AND target_path = ?2",
                "UPDATE on_wire SET mailbox_path = ?3 WHERE account_id = ?1 AND mailbox_path = ?2",
                "UPDATE on_wire SET target_path = ?3 WHERE account_id = ?1 AND target_path = ?2",
                "UPDATE draft_copy SET mailbox_path = ?3 WHERE account_id = ?1 AND mailbox_path = ?2",
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
        let state = self.mailbox_state(mailbox)?;
        self.labels_end(mailbox.0)?;
        let mut handed_back = self.label_gone(&state)?;
        for row in self.placements_wanted_in(mailbox.0)? {
            let back = Placement { want_mailbox: None, ..row.clone() };
            self.change(&row, back)?;
            handed_back += 1;
        }
        handed_back += self.copies_taken_back(state.account, &state.path)?;
        self.tell_handed_back(&state.path, handed_back);
        let (mut after, mut waiting) = (0, 0);
        loop {
            let rows = self.placements_based_in(mailbox.0, after, 500)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                waiting += u32::from(row.waits());
                self.tombstone(row)?;
            }
        }
        self.settle()?;
        if waiting > 0 {
            let what =
                format!("{} is not on the server any more; changes to {} in it could not be made.", state.path, mails(waiting));
            self.tell_error(Error::gone(what).mend("They are made where the messages turn up again within a week."));
        }
        self.cache.run("UPDATE mailbox SET removed_at = ?2, role = NULL WHERE id = ?1", (mailbox.0, self.now))?;
        self.mailboxes_changed();
        Ok(())
    }

    /// Drops wanted copies into a mailbox that is no more, and the traces of such commands; answers how many.
    fn copies_taken_back(&mut self, account: AccountId, path: &str) -> Result<u32> {
        let profile = self.profile_tx()?;
        let copies = profile.run("DELETE FROM copy_intent WHERE account_id = ?1 AND target_path = ?2", (account.0, path))?;
        profile.run("DELETE FROM attempt WHERE account_id = ?1 AND target_path = ?2 AND kind != 'append'", (account.0, path))?;
        Ok(u32::try_from(copies).unwrap_or(u32::MAX))
    }

    fn tell_handed_back(&mut self, path: &str, count: u32) {
        if count > 0 {
            self.tell(Event::StatusChanged);
            let what =
                format!("{path} is not on the server any more; {} that should go there stayed where they were.", mails(count));
            self.tell_error(Error::gone(what).mend("Choose another folder for them."));
        }
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

    /// A mailbox's account, of a removed one too.
    pub(super) fn account_of(&self, mailbox: i64) -> Result<Option<i64>> {
        self.cache.one("SELECT account_id FROM mailbox WHERE id = ?1", [mailbox], |r| r.get(0))
    }

    fn mailboxes_changed(&mut self) {
        self.changes.mailboxes = true;
        self.tell(Event::MailboxesChanged);
    }
}

fn mails(count: u32) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
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
