//! An account whose folders are labels: how it begins to be one, how its folders come, are renamed and go, and how it ends.
//! Nothing that a person wants is lost on the way: what can't follow is taken back and told.

use super::labels::as_flags;
use super::mailbox::{MailboxState, plain_path};
use super::placement::Placement;
use super::writer::{Shown, Writer};
use godwit_domain::sync::Listed;
use godwit_domain::{AccountId, Error, ErrorKind, Flags, MailboxId, Result, labels};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

impl Writer<'_> {
    /// Follows what a LIST and the capabilities say: with labels and a folder that holds everything, all others show it by label.
    /// While that folder is missing from a LIST nothing changes; it is given up where it is proven gone (`mailbox_removed`).
    pub fn labels_listed(&mut self, account: AccountId, listed: &[Listed], can: bool) -> Result<()> {
        let all = listed.iter().find(|l| l.has("\\All") && l.selectable());
        let all = all.map_or(Ok(None), |l| self.mailbox_by_path(account, &l.path))?;
        let home = self.home(account)?;
        if let Some(home) = home.filter(|home| !can || all.is_some_and(|all| all != *home)) {
            self.labels_end(home.0)?;
        }
        match all.filter(|all| can && home != Some(*all)) {
            Some(all) => self.labels_begin(account, all.0, listed),
            None => self.keep_labels(account, listed),
        }
    }

    /// Folders that came with a LIST show what has their label.
    pub(super) fn keep_labels(&mut self, account: AccountId, listed: &[Listed]) -> Result<()> {
        let Some(home) = self.home(account)? else { return Ok(()) };
        let folders = self.label_folders(account, home.0, listed)?;
        let named: HashSet<&str> = listed.iter().map(|l| plain_path(&l.path)).collect();
        let still: HashSet<MailboxId> = folders.iter().map(|(folder, _)| folder.id).collect();
        for state in self.mailbox_states(account)?.into_iter().filter(|s| s.home == Some(home)) {
            if named.contains(state.path.as_str()) && !still.contains(&state.id) {
                // What was a label is a folder of the server's own now.
                self.clear_list(state.id.0)?;
                self.cache.run("UPDATE mailbox SET home = NULL, label = '' WHERE id = ?1", [state.id.0])?;
                self.forget_homes();
            }
        }
        for (state, label) in folders {
            if labels::is_own(&label) && state.role.is_some() {
                // A label that is called Archive is no archive.
                self.cache.run("UPDATE mailbox SET role = NULL WHERE id = ?1", [state.id.0])?;
            }
            if state.home == Some(home) && state.label == label {
                continue;
            }
            if state.home.is_some() {
                self.clear_list(state.id.0)?;
            } else {
                self.follow_home(account, &HashMap::from([(state.id.0, label.clone())]), home.0)?;
            }
            self.set_label(state.id.0, home.0, &label)?;
            self.fill_list(state.id.0, home.0, &label)?;
        }
        self.settle()
    }

    /// Folders of an account with the label that each shows.
    fn label_folders(&self, account: AccountId, home: i64, listed: &[Listed]) -> Result<Vec<(MailboxState, String)>> {
        let states = self.mailbox_states(account)?;
        let Some(beside) = states.iter().find(|s| s.id.0 == home).map(|s| s.path.clone()) else { return Ok(Vec::new()) };
        let attributes: HashMap<&str, &[String]> =
            listed.iter().map(|l| (plain_path(&l.path), l.attributes.as_slice())).collect();
        let label = |state: &MailboxState| {
            let known = attributes.get(state.path.as_str()).copied();
            if known.is_none() && state.on_server {
                return None;
            }
            labels::of_folder(&state.path, state.delimiter, known.unwrap_or_default(), &beside)
        };
        // Of two folders that would show the same only the first does; the other is read like any folder.
        let mut given = HashSet::new();
        let others = states.into_iter().filter(|s| s.id.0 != home).filter_map(|s| label(&s).map(|l| (s, l)));
        Ok(others.filter(|(_, label)| given.insert(label.clone())).collect())
    }

    fn set_label(&mut self, mailbox: i64, home: i64, label: &str) -> Result<()> {
        self.cache.run(
            "UPDATE mailbox SET home = ?2, label = ?3, uidvalidity = NULL, uidnext = NULL, highestmodseq = NULL,
               synced_down_to = NULL, verified_at = NULL, audited_at = NULL WHERE id = ?1",
            (mailbox, home, label),
        )?;
        self.forget_homes();
        Ok(())
    }

    fn labels_begin(&mut self, account: AccountId, home: i64, listed: &[Listed]) -> Result<()> {
        let folders = self.label_folders(account, home, listed)?;
        let by_id: HashMap<i64, String> = folders.iter().map(|(state, label)| (state.id.0, label.clone())).collect();
        self.follow_home(account, &by_id, home)?;
        for (mailbox, label) in &by_id {
            self.set_label(*mailbox, home, label)?;
            if labels::is_own(label) {
                self.cache.run("UPDATE mailbox SET role = NULL WHERE id = ?1", [mailbox])?;
            }
        }
        // What is held of home was read without labels: all of it is asked for again.
        self.cache.run("UPDATE mailbox SET highestmodseq = NULL, verified_at = NULL WHERE id = ?1", [home])?;
        for (mailbox, label) in &by_id {
            self.fill_list(*mailbox, home, label)?;
        }
        self.changes.mailboxes = true;
        self.settle()
    }

    /// Rows that folders held themselves are given up, for home has them all; one of which something is wanted waits there for its
    /// message to be read (as after a move without COPYUID), and its want is said in labels.
    fn follow_home(&mut self, account: AccountId, folders: &HashMap<i64, String>, home: i64) -> Result<()> {
        let mut moved: Vec<(Placement, Placement)> = Vec::new();
        let waiting = self.waiting_placements()?.into_iter().filter(|p| p.account == account.0);
        let (here, removed): (Vec<Placement>, Vec<Placement>) = waiting.partition(|p| p.removed_at.is_none());
        for row in here {
            let Some(new) = at_home(&row, folders, home) else { continue };
            // One message that stood in two folders is one row at home, with what was wanted of either.
            let same = |(other, at): &&mut (Placement, Placement)| {
                at.uid.is_none() && other.identity == row.identity && other.mailbox != row.mailbox
            };
            if let Some((other, at)) = moved.iter_mut().find(same).filter(|_| new.uid.is_none()) {
                self.copies_follow(other, &row)?;
                at.edit = at.edit.then(&new.edit);
                at.base = at.base.union(&new.base);
                at.want_mailbox = at.want_mailbox.or(new.want_mailbox);
                at.want_gone |= new.want_gone;
                self.erase(&row)?;
                continue;
            }
            let here: Vec<Shown> = row.shown().into_iter().collect();
            self.show(row.place(), &here, &[])?;
            if new.uid.is_none() {
                self.count_base(row.mailbox, -i64::from(row.uid.is_some()));
                self.set_loose(&new, "moved")?;
            }
            moved.push((row, new));
        }
        let held: HashSet<i64> = moved.iter().map(|(row, _)| row.id).collect();
        for mailbox in folders.keys() {
            self.give_up(*mailbox, &held)?;
        }
        for (mailbox, label) in folders {
            self.set_label(*mailbox, home, label)?;
        }
        // What was removed and comes back at home is wanted there in labels too.
        for row in removed {
            let Some(mut new) = at_home(&row, folders, home) else { continue };
            self.fit_labels(&mut new)?;
            new.tidy();
            self.write_row(&row, &new)?;
            self.keep_intent(&row, &new)?;
        }
        for (row, mut new) in moved {
            self.fit_labels(&mut new)?;
            new.tidy();
            self.write_row(&row, &new)?;
            let shown = self.shown(&new)?;
            self.show(new.place(), &[], &shown)?;
            self.keep_intent(&row, &new)?;
        }
        Ok(())
    }

    fn give_up(&mut self, mailbox: i64, but: &HashSet<i64>) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = self.placements_based_in(mailbox, after, 500)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows.iter().filter(|row| !but.contains(&row.id)) {
                self.erase(row)?;
            }
        }
    }

    /// Home is no home any more: every folder holds its own messages again. Wants that only labels can say are taken back.
    pub(super) fn labels_end(&mut self, home: i64) -> Result<()> {
        let Some(folders) = self.boxes_of(home)? else { return Ok(()) };
        for mailbox in folders.values() {
            self.clear_list(*mailbox)?;
        }
        let again = "UPDATE mailbox SET home = NULL, label = '' WHERE home = ?1";
        self.cache.run(again, [home])?;
        self.forget_homes();
        let (mut after, mut taken_back) = (0, 0u32);
        loop {
            let rows = self.placements_based_in(home, after, 500)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in &rows {
                taken_back += u32::from(!(row.edit.add.labels.is_empty() && row.edit.del.labels.is_empty()));
                if row.has_labels() {
                    // `change` takes off what has no meaning in a mailbox that is no home.
                    self.change(row, row.clone())?;
                }
            }
        }
        if taken_back > 0 {
            let what = format!("The server has no labels any more; changes to {taken_back} messages were not made.");
            self.tell_error(Error::new(ErrorKind::Refused, what).mend("Do them again in the folders as they are now."));
        }
        self.changes.mailboxes = true;
        self.settle()
    }

    /// A folder that shows a label goes, and the label with it. Answers how many messages should have come into it.
    pub(super) fn label_gone(&mut self, state: &MailboxState) -> Result<u32> {
        let Some(home) = state.home else { return Ok(0) };
        let (gone, mut wanted) = (as_flags(&state.label), 0);
        if labels::is_own(&state.label) {
            for part in self.with_label(home.0, &state.label)?.chunks(500) {
                for row in self.placements(part.iter().copied())? {
                    let mut new = row.clone();
                    wanted += u32::from(!row.edit.add.intersect(&gone).is_empty());
                    new.base = new.base.minus(&gone);
                    new.edit.add = new.edit.add.minus(&gone);
                    new.edit.del = new.edit.del.minus(&gone);
                    self.change(&row, new)?;
                }
            }
        }
        self.clear_list(state.id.0)?;
        self.cache.run("UPDATE mailbox SET home = NULL, label = '' WHERE id = ?1", [state.id.0])?;
        self.forget_homes();
        Ok(wanted)
    }

    /// A folder that shows a label was renamed, and the label with it.
    pub(super) fn label_renamed(&mut self, mailbox: MailboxId, to: &str) -> Result<()> {
        let state = self.mailbox_state(mailbox)?;
        let Some(home) = state.home.filter(|_| labels::is_own(&state.label) && state.label != to) else { return Ok(()) };
        let swap = |flags: &Flags| {
            let mut flags = flags.clone();
            if flags.labels.remove(&state.label) {
                flags.labels.insert(to.to_owned());
            }
            flags
        };
        // Its rows stay where they are: for now both names lead to this folder.
        let mut boxes = self.label_boxes(home.0)?.unwrap_or_default();
        boxes.insert(to.to_owned(), mailbox.0);
        self.homes.insert(home.0, Some(Rc::new(boxes)));
        for part in self.with_label(home.0, &state.label)?.chunks(500) {
            for row in self.placements(part.iter().copied())? {
                let mut new = row.clone();
                new.base = swap(&row.base);
                new.edit.add = swap(&row.edit.add);
                new.edit.del = swap(&row.edit.del);
                self.change(&row, new)?;
            }
        }
        let (old, new) = (format!(" {} ", labels::word(&state.label)), format!(" {} ", labels::word(to)));
        for column in ["set_keywords", "cleared_keywords"] {
            let sql = format!(
                "UPDATE receipt_item SET {column} = trim(replace(' ' || {column} || ' ', ?1, ?2)) WHERE instr(' ' || {column} || ' ', ?1)"
            );
            self.profile_tx()?.run(&sql, (&old, &new))?;
        }
        self.cache.run("UPDATE mailbox SET label = ?2 WHERE id = ?1", (mailbox.0, to))?;
        self.forget_homes();
        Ok(())
    }

    /// Takes everything out of a folder's list; the rows themselves stay.
    fn clear_list(&mut self, mailbox: i64) -> Result<()> {
        let listed =
            self.cache.all("SELECT placement_id, unread, starred FROM membership WHERE mailbox_id = ?1", [mailbox], |r| {
                Ok((r.get::<_, i64>(0)?, Shown { mailbox, unread: r.get(1)?, starred: r.get(2)? }))
            })?;
        for part in listed.chunks(500) {
            let shown: HashMap<i64, Shown> = part.iter().copied().collect();
            for row in self.placements(shown.keys().copied())? {
                if let Some(shown) = shown.get(&row.id) {
                    self.show(row.place(), &[*shown], &[])?;
                }
            }
        }
        Ok(())
    }

    fn is_listed(&self, mailbox: i64, row: &Placement) -> Result<bool> {
        let sql = "SELECT 1 FROM membership WHERE mailbox_id = ?1 AND sort_key = ?2 AND placement_id = ?3";
        Ok(self.cache.one(sql, (mailbox, row.sort_key, row.id), |_| Ok(()))?.is_some())
    }

    /// A folder that was made here shows its label from the start.
    pub(super) fn label_made(&mut self, account: AccountId, mailbox: i64) -> Result<()> {
        let Some(home) = self.home(account)? else { return Ok(()) };
        let made = self.label_folders(account, home.0, &[])?.into_iter().find(|(state, _)| state.id.0 == mailbox);
        let Some((_, label)) = made else { return Ok(()) };
        self.set_label(mailbox, home.0, &label)?;
        self.fill_list(mailbox, home.0, &label)
    }

    /// Shows in a new folder what has its label.
    fn fill_list(&mut self, mailbox: i64, home: i64, label: &str) -> Result<()> {
        let wanted = as_flags(label);
        for part in self.with_label(home, label)?.chunks(500) {
            for row in self.placements(part.iter().copied())? {
                let Some(here) = row.shown().filter(|s| s.mailbox == home) else { continue };
                let has = row.flags().intersect(&wanted) == wanted;
                if has && !self.is_listed(mailbox, &row)? {
                    self.show(row.place(), &[], &[Shown { mailbox, ..here }])?;
                }
            }
        }
        Ok(())
    }
}

/// A row that stood in a folder of its own, or should have gone into one, as it is where folders are labels; `None`: it is no such row.
fn at_home(row: &Placement, folders: &HashMap<i64, String>, home: i64) -> Option<Placement> {
    let (from, to) = (folders.get(&row.mailbox), row.want_mailbox.and_then(|m| folders.get(&m)));
    if from.is_none() && to.is_none() {
        return None;
    }
    let mut new = row.clone();
    if let Some(to) = to {
        new.want_mailbox = Some(home);
        new.edit.add = new.edit.add.union(&as_flags(to));
    }
    let leaves = to.is_some() || row.want_mailbox == Some(home);
    if let Some(label) = from.filter(|label| leaves && labels::can_go(label) && Some(*label) != to) {
        new.edit.del = new.edit.del.union(&as_flags(label));
    }
    if let Some(label) = from {
        new = Placement { mailbox: home, uid: None, modseq: None, uidvalidity: 0, ..new };
        // So much is known before it is read there; else there would be nothing to take off.
        new.base = new.base.union(&as_flags(label));
    }
    Some(new)
}
