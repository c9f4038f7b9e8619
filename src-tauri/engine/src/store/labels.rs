//! Folders that are labels (docs/decisions/0005-gmail-labels.md): rows live in one mailbox, their home, and are shown in the others by
//! label. Which folder shows what is read here; when an account begins and ends to be like that is `labelled`'s.

use super::placement::Placement;
use super::reader::{Reader, json};
use super::writer::{Shown, Writer};
use godwit_domain::labels::{self, Labels};
use godwit_domain::{AccountId, Flags, MailboxId, PlacementId, Result, Role};
use std::collections::HashMap;
use std::rc::Rc;

/// Which mailbox shows rows with a label.
pub(super) type LabelBoxes = HashMap<String, i64>;

/// Everywhere a row is shown: its mailbox first, then the folders of its labels.
pub(super) fn shown_with(row: &Placement, boxes: Option<&LabelBoxes>) -> Vec<Shown> {
    let Some(here) = row.shown() else { return Vec::new() };
    let mut out = vec![here];
    if let Some(boxes) = boxes {
        let flags = row.flags();
        let labels = flags.labels.iter().map(String::as_str).chain(here.starred.then_some(labels::STARRED));
        out.extend(labels.filter_map(|label| boxes.get(label)).map(|mailbox| Shown { mailbox: *mailbox, ..here }));
    }
    out
}

/// Flags that make a message show in the folder of a label: the star is a flag, all others are labels.
pub(super) fn as_flags(label: &str) -> Flags {
    match label {
        labels::STARRED => Flags::of(godwit_domain::flags::bit::FLAGGED),
        _ => Flags::labelled(Labels::from([label.to_owned()])),
    }
}

impl Reader<'_> {
    /// The folders that show rows of a mailbox by label; `None`: it is no home.
    pub(super) fn label_boxes(&self, mailbox: i64) -> Result<Option<LabelBoxes>> {
        let read = "SELECT label, id FROM mailbox WHERE home = ?1 AND removed_at IS NULL";
        let boxes: LabelBoxes = self.cache.all(read, [mailbox], |r| Ok((r.get(0)?, r.get(1)?)))?.into_iter().collect();
        Ok((!boxes.is_empty()).then_some(boxes))
    }

    /// The mailbox that holds an account's messages where its folders are labels.
    pub fn home(&self, account: AccountId) -> Result<Option<MailboxId>> {
        let read = "SELECT home FROM mailbox WHERE account_id = ?1 AND home IS NOT NULL AND removed_at IS NULL LIMIT 1";
        self.cache.one(read, [account.0], |r| Ok(MailboxId(r.get(0)?)))
    }

    /// The mailbox that holds what another one shows; itself where it holds its own.
    pub fn ground(&self, mailbox: MailboxId) -> Result<MailboxId> {
        Ok(self.mailbox_state(mailbox)?.home.unwrap_or(mailbox))
    }

    /// The unread ones of these that came into an inbox, and which; `None`: nothing that a person waits for.
    pub fn news_of(&self, mailbox: MailboxId, ids: &[PlacementId]) -> Result<Option<(MailboxId, Vec<PlacementId>)>> {
        let state = self.mailbox_state(mailbox)?;
        let inbox = match self.label_boxes(mailbox.0)?.and_then(|boxes| boxes.get(labels::INBOX).copied()) {
            Some(inbox) => MailboxId(inbox),
            None if state.role == Some(Role::Inbox) => mailbox,
            None => return Ok(None),
        };
        let unread = "SELECT p.id FROM json_each(?2) j CROSS JOIN placement p ON p.id = j.value
               CROSS JOIN membership x ON x.mailbox_id = ?1 AND x.sort_key = p.sort_key AND x.placement_id = p.id
             WHERE x.unread = 1 ORDER BY j.key";
        let ids = json(ids.iter().map(|id| id.0));
        let fresh = self.cache.all(unread, (inbox.0, ids), |r| Ok(PlacementId(r.get(0)?)))?;
        Ok((!fresh.is_empty()).then_some((inbox, fresh)))
    }

    /// Rows of a home that have, or are to have, a label: at most all of them.
    pub(super) fn with_label(&self, home: i64, label: &str) -> Result<Vec<i64>> {
        if label == labels::STARRED {
            let starred = "SELECT placement_id FROM membership WHERE mailbox_id = ?1 AND starred = 1";
            return self.cache.all(starred, [home], |r| r.get(0));
        }
        let read = "SELECT p.id FROM placement p WHERE (p.mailbox_id = ?1 OR p.want_mailbox = ?1)
             AND (instr(' ' || p.base_keywords || ' ', ?2) OR instr(' ' || p.add_keywords || ' ', ?2) OR instr(' ' || p.del_keywords || ' ', ?2))";
        self.cache.all(read, (home, format!(" {} ", labels::word(label))), |r| r.get(0))
    }
}

impl Writer<'_> {
    /// As `label_boxes`, asked once a transaction.
    pub(super) fn boxes_of(&mut self, mailbox: i64) -> Result<Option<Rc<LabelBoxes>>> {
        if let Some(known) = self.homes.get(&mailbox) {
            return Ok(known.clone());
        }
        let boxes = self.label_boxes(mailbox)?.map(Rc::new);
        self.homes.insert(mailbox, boxes.clone());
        Ok(boxes)
    }

    /// As `home`, asked once a transaction.
    pub(super) fn home_of(&mut self, account: i64) -> Result<Option<i64>> {
        if let Some(known) = self.home_ids.get(&account) {
            return Ok(*known);
        }
        let home = self.home(AccountId(account))?.map(|home| home.0);
        self.home_ids.insert(account, home);
        Ok(home)
    }

    /// The home whose rows a folder shows and the label by which, asked once a transaction; `None`: it has its own.
    pub(super) fn shown_by(&mut self, mailbox: i64) -> Result<Option<(i64, String)>> {
        if let Some(known) = self.shows.get(&mailbox) {
            return Ok(known.clone());
        }
        let read = "SELECT home, label FROM mailbox WHERE id = ?1 AND home IS NOT NULL AND removed_at IS NULL";
        let shown = self.cache.one(read, [mailbox], |r| Ok((r.get(0)?, r.get(1)?)))?;
        self.shows.insert(mailbox, shown.clone());
        Ok(shown)
    }

    /// Which folders show what has changed.
    pub(super) fn forget_homes(&mut self) {
        self.homes.clear();
        self.home_ids.clear();
        self.shows.clear();
    }

    pub(super) fn is_home(&mut self, mailbox: i64) -> Result<bool> {
        Ok(self.boxes_of(mailbox)?.is_some())
    }

    /// Everywhere a row is shown.
    pub(super) fn shown(&mut self, row: &Placement) -> Result<Vec<Shown>> {
        let boxes = self.boxes_of(row.shown_mailbox())?;
        Ok(shown_with(row, boxes.as_deref()))
    }

    /// Flags as shown; labels only where they show a row in folders.
    pub(super) fn flags_here(&mut self, row: &Placement) -> Result<Flags> {
        let flags = row.flags();
        if flags.labels.is_empty() || self.is_home(row.shown_mailbox())? {
            return Ok(flags);
        }
        Ok(flags.without_labels())
    }

    /// Labels exist in a home alone: elsewhere none are believed, and none are wanted where a row is not to be at home.
    pub(super) fn fit_labels(&mut self, row: &mut Placement) -> Result<()> {
        row.kept.labels.clear();
        if !row.has_labels() {
            return Ok(());
        }
        if !self.is_home(row.mailbox)? {
            row.base.labels.clear();
        }
        if !self.is_home(row.shown_mailbox())? {
            row.edit.add.labels.clear();
            row.edit.del.labels.clear();
        }
        Ok(())
    }

    /// What a server says of a row's flags, with its labels: as they were where none were told.
    pub(super) fn base_of(&mut self, old: &Placement, flags: &Flags, told: Option<&Labels>) -> Result<Flags> {
        let mut base = flags.clone();
        if old.base.labels.is_empty() && told.is_none_or(Labels::is_empty) {
            return Ok(base);
        }
        if self.is_home(old.mailbox)? {
            base.labels = told.unwrap_or(&old.base.labels).clone();
        }
        Ok(base)
    }
}
