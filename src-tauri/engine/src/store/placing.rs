//! Where a person's verbs put a message whose folders are labels: a move is one label for another, archiving takes one off, a copy
//! puts one on. Trash and junk are folders of their own there too. Writes wants only.

use super::action::{Target, check_flag};
use super::labels::as_flags;
use super::placement::Placement;
use super::reader::Reader;
use super::receipt::At;
use super::writer::Writer;
use godwit_domain::{AccountId, Error, FlagEdit, Flags, Result, Role, labels};
use std::collections::HashMap;

/// In which mailboxes of a list rows are seen: their own, or those that show them by label. Asks once for each of them.
pub(super) struct Sight<'r> {
    reader: Reader<'r>,
    view: &'r [i64],
    known: HashMap<i64, Vec<i64>>,
}

impl<'r> Sight<'r> {
    pub(super) fn new(reader: Reader<'r>, view: &'r [i64]) -> Self {
        Self { reader, view, known: HashMap::new() }
    }

    pub(super) fn of(&mut self, row: &Placement) -> Result<Vec<i64>> {
        let here = row.shown_mailbox();
        if let Some(known) = self.known.get(&here) {
            return Ok(known.clone());
        }
        let boxes = self.reader.label_boxes(here)?.unwrap_or_default();
        let seen: Vec<i64> = self.view.iter().copied().filter(|m| boxes.values().any(|b| b == m)).collect();
        let seen = if seen.is_empty() { vec![here] } else { seen };
        self.known.insert(here, seen.clone());
        Ok(seen)
    }
}

impl Writer<'_> {
    /// A row to a place: into `new` goes the mailbox, or the labels that stand for it.
    pub(super) fn place(
        &mut self,
        row: &Placement,
        new: &mut Placement,
        to: Target,
        view: &[i64],
        targets: &mut HashMap<i64, i64>,
    ) -> Result<()> {
        let account = self.shown_account(row)?;
        let home = self.home_of(account)?;
        let is_home = home == Some(row.shown_mailbox());
        if let (Target::Role(Role::Archive), Some(home)) = (to, home) {
            new.want_mailbox = Some(home);
            if is_home {
                take_off(new, labels::INBOX);
            }
            return Ok(());
        }
        let target = self.target(to, account, targets)?;
        // It may be in another account: then only the target's folders are labels, or only the source's.
        let shown_by = self.shown_by(target)?;
        let (place, label) = shown_by.map_or((target, None), |(home, label)| (home, Some(label)));
        new.want_mailbox = Some(place);
        // Out of the list it was in, where it stays in the same home.
        if is_home && home == Some(place) {
            for left in self.labels_left(row, view)?.iter().filter(|left| Some(*left) != label.as_ref()) {
                take_off(new, left);
            }
        }
        if let Some(label) = label {
            put_on(new, &label);
        }
        Ok(())
    }

    /// A row back to where it was shown before an action that showed it in `to`; answers whether it still was there. Folders may
    /// have become labels since.
    pub(super) fn place_back(&mut self, row: &Placement, new: &mut Placement, from: &At, to: &At) -> Result<bool> {
        let Some(back) = self.mailbox_by_path(AccountId(from.account), &from.path)? else { return Ok(false) };
        if self.at(row.shown_mailbox())? != *to {
            let there = self.mailbox_by_path(AccountId(to.account), &to.path)?.map_or(Ok(None), |m| self.shown_by(m.0))?;
            let Some((_, label)) = there.filter(|(home, _)| *home == row.shown_mailbox()) else { return Ok(false) };
            if row.flags().intersect(&as_flags(&label)).is_empty() {
                return Ok(false);
            }
            take_off(new, &label);
        }
        let (place, label) = self.shown_by(back.0)?.map_or((back.0, None), |(home, label)| (home, Some(label)));
        new.want_mailbox = Some(place);
        if let Some(label) = label {
            put_on(new, &label);
        }
        Ok(true)
    }

    /// The labels that a move takes off: of the list's folders; without a list the inbox, else the only one a person gave.
    fn labels_left(&mut self, row: &Placement, view: &[i64]) -> Result<Vec<String>> {
        let Some(boxes) = self.boxes_of(row.shown_mailbox())? else { return Ok(Vec::new()) };
        let flags = row.flags();
        let has = |label: &str| !flags.intersect(&as_flags(label)).is_empty();
        if view.is_empty() {
            let mut own = flags.labels.iter().filter(|label| labels::is_own(label)).cloned();
            let only = own.next().filter(|_| own.next().is_none());
            return Ok(if has(labels::INBOX) { vec![labels::INBOX.to_owned()] } else { only.into_iter().collect() });
        }
        let in_view = boxes.iter().filter(|(_, mailbox)| view.contains(mailbox)).map(|(label, _)| label);
        Ok(in_view.filter(|label| labels::can_go(label) && has(label)).cloned().collect())
    }

    /// A copy into a folder that is a label puts the label on; answers whether it was one. The server keeps every message once, so
    /// no other copy can be made beside it.
    pub(super) fn copy_by_label(&mut self, row: &Placement, new: &mut Placement, target: i64) -> Result<bool> {
        let home = self.home_of(self.shown_account(row)?)?;
        let Some(home) = home.filter(|_| self.account_of(target).is_ok_and(|of| of == Some(row.account))) else {
            return Ok(false);
        };
        if let Some((_, label)) = self.shown_by(target)?.filter(|(by, _)| *by == home && row.shown_mailbox() == home) {
            put_on(new, &label);
            return Ok(true);
        }
        if row.shown_mailbox() == target {
            return Ok(true);
        }
        Err(Error::invalid("This server keeps every message only once, so it can't be copied there.")
            .mend("Move it there instead."))
    }

    /// A person's labels as the row's server has them: keywords, or its own labels with a folder each.
    pub(super) fn as_labels(&mut self, row: &Placement, edit: &FlagEdit) -> Result<FlagEdit> {
        if !self.is_home(row.shown_mailbox())? {
            if let Some(name) = edit.add.labels.iter().chain(&edit.del.labels).next() {
                check_flag(name)?;
            }
            return Ok(edit.clone());
        }
        let account = AccountId(self.shown_account(row)?);
        let mut out = edit.clone();
        out.add.keywords.retain(|k| k.starts_with('$'));
        out.add.labels.clear();
        for name in edit.add.keywords.iter().filter(|k| !k.starts_with('$')).chain(&edit.add.labels) {
            out.add = out.add.union(&self.label_named(account, name)?);
        }
        for name in edit.del.keywords.iter().filter(|k| !k.starts_with('$')) {
            let known = row.flags().labels.into_iter().find(|label| label.to_lowercase() == name.to_lowercase());
            out.del.labels.extend(known);
        }
        Ok(out)
    }

    /// The label of a name, in any case; its folder is made where there is none.
    fn label_named(&mut self, account: AccountId, name: &str) -> Result<Flags> {
        let same = |path: &str| path.to_lowercase() == name.to_lowercase();
        let known =
            self.mailbox_states(account)?.into_iter().find(|s| s.home.is_some() && labels::is_own(&s.label) && same(&s.label));
        let label = match known {
            Some(state) => state.label,
            None => {
                let made = self.mailbox_insert_local(account, name, None)?;
                let state = self.mailbox_state(made)?;
                if state.home.is_none() || !labels::is_own(&state.label) {
                    return Err(Error::invalid("A label can't have this name.").mend("Choose another name."));
                }
                state.label
            }
        };
        Ok(as_flags(&label))
    }
}

fn put_on(row: &mut Placement, label: &str) {
    row.edit = row.edit.then(&FlagEdit { add: as_flags(label), del: Flags::none() });
}

fn take_off(row: &mut Placement, label: &str) {
    row.edit = row.edit.then(&FlagEdit { add: Flags::none(), del: as_flags(label) });
}
