//! What a server confirms or refuses of rows that are here: flags, removals, moves, copies. Base changes nowhere else.
//! Nothing is deleted: what left a mailbox stays restorable for a week.

use super::placement::Placement;
use super::writer::Writer;
use godwit_domain::flags::bit;
use godwit_domain::sync::FetchedFlags;
use godwit_domain::{AccountId, Error, ErrorKind, Event, FlagEdit, Flags, MailboxId, PlacementId, Result};
use std::collections::HashMap;

/// What a server refused of a placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Everything.
    All,
    /// These flags.
    Flags(FlagEdit),
    /// Another mailbox.
    Place,
    /// To be removed.
    Gone,
}

impl Writer<'_> {
    /// Flags as the server has them; UIDs that are not held are passed over. Answers how many rows changed.
    pub fn apply_flags(&mut self, mailbox: MailboxId, uidvalidity: u32, flags: &[FetchedFlags]) -> Result<u32> {
        let mut changed = 0;
        for part in flags.chunks(500) {
            let by_uid: HashMap<u32, &FetchedFlags> = part.iter().map(|f| (f.uid, f)).collect();
            for row in self.placements_at(mailbox.0, uidvalidity, by_uid.keys().copied())? {
                if let Some(fetched) = row.uid.and_then(|uid| by_uid.get(&uid)) {
                    changed += u32::from(self.take_flags(&row, &fetched.flags, fetched.labels.as_ref(), fetched.modseq)?);
                }
            }
        }
        self.settle()?;
        Ok(changed)
    }

    /// The same until all are done or a person waits: what is left stays in `flags`.
    pub fn apply_flags_in_turn(&mut self, mailbox: MailboxId, uidvalidity: u32, flags: &mut Vec<FetchedFlags>) -> Result<u32> {
        let mut changed = 0;
        while !flags.is_empty() {
            let part: Vec<FetchedFlags> = flags.drain(..flags.len().min(500)).collect();
            changed += self.apply_flags(mailbox, uidvalidity, &part)?;
            if self.gives_way() {
                break;
            }
        }
        Ok(changed)
    }

    /// The server's FLAGS after `pushed` was sent (rule W3): a flag it would not take is kept here only and pushed no more.
    pub fn flags_confirmed(&mut self, placement: PlacementId, pushed: &FlagEdit, now: &FetchedFlags) -> Result<()> {
        let Some(row) = self.placement(placement.0)? else { return Ok(()) };
        let mut new = row.clone();
        // Labels that were not told prove nothing about labels.
        let pushed = if now.labels.is_some() { pushed } else { &pushed.without_labels() };
        let server = &self.base_of(&row, &now.flags, now.labels.as_ref())?;
        new.base = server.clone();
        new.modseq = now.modseq.and_then(|m| i64::try_from(m).ok()).or(row.modseq);
        let kept = pushed.add.intersect(&row.edit.add).minus(server);
        let stuck = pushed.del.intersect(&row.edit.del).intersect(server);
        new.kept = new.kept.union(&kept);
        // What was taken back while it was on the wire is undone there too.
        let off = pushed.add.intersect(server).minus(&row.edit.add).minus(&row.base);
        let on = pushed.del.intersect(&row.base).minus(&row.edit.del).minus(server);
        new.edit.add = new.edit.add.minus(&kept).union(&on);
        new.edit.del = new.edit.del.minus(&stuck).union(&off);
        if !kept.labels.is_empty() {
            // A label is a folder on the server: there is nothing of it to be kept here.
            let names = kept.labels.iter().cloned().collect::<Vec<_>>().join(", ");
            self.tell_error(
                Error::new(ErrorKind::Refused, format!("The server does not put the label {names} on."))
                    .mend("The message stays where it was."),
            );
        }
        let kept = kept.without_labels();
        if !kept.is_empty() {
            let names = kept.names().join(", ");
            self.tell_error(
                Error::new(ErrorKind::Unsupported, format!("The server does not keep the mark {names}."))
                    .mend("It is kept on this machine only."),
            );
        }
        if !stuck.is_empty() {
            let names = stuck.names().into_iter().chain(stuck.labels).collect::<Vec<_>>().join(", ");
            self.tell_error(
                Error::new(ErrorKind::Refused, format!("The server does not take the mark {names} away.")).mend("It stays."),
            );
        }
        self.change(&row, new)?;
        self.settle()
    }

    /// The server moved a placement. Without a UID it waits for the row to arrive there. Where the person has taken the move
    /// back meanwhile, it is wanted where it lay (rule W4).
    pub fn moved(&mut self, placement: PlacementId, to: MailboxId, uidvalidity: Option<u32>, uid: Option<u32>) -> Result<()> {
        let Some(row) = self.placement(placement.0)? else { return Ok(()) };
        let state = self.mailbox_state(to)?;
        if let Some(home) = state.home {
            // What a folder shows by label has another UID where it lies.
            return self.moved(placement, home, None, None);
        }
        let validity = uidvalidity.or(state.uidvalidity).unwrap_or(0);
        let uid = uid.filter(|_| state.uidvalidity.is_none_or(|known| known == validity) && validity != 0);
        let there = uid.map(|uid| self.placement_at(to.0, validity, uid)).transpose()?.flatten();
        let other = there.filter(|other| other.id != row.id);
        // A place that holds another message is not the one: the server told a wrong number, and the row is found as it arrives.
        let uid = uid.filter(|_| other.as_ref().is_none_or(|other| other.identity == row.identity));
        if let Some(other) = other.filter(|_| uid.is_some()) {
            self.absorb(&row, &other)?;
        }
        let mut new = Placement { mailbox: to.0, uidvalidity: validity, uid, removed_at: None, modseq: None, ..row.clone() };
        if to.0 != row.mailbox {
            // Which labels it has there is only known once it was read there.
            new.base.labels.clear();
        }
        new.refusals = 0;
        if row.want_mailbox.is_none() && !row.want_gone && row.mailbox != to.0 {
            new.want_mailbox = Some(row.mailbox);
        }
        if uid.is_none() {
            self.set_loose(&Placement { uid: None, ..new.clone() }, "moved")?;
        } else {
            self.cache.run("DELETE FROM loose WHERE placement_id = ?1", [row.id])?;
        }
        self.change(&row, new)?;
        self.settle()
    }

    /// `other` turned out to be `row` in its new place: what is here of it goes into `row`.
    fn absorb(&mut self, row: &Placement, other: &Placement) -> Result<()> {
        self.cache.run("UPDATE OR IGNORE body SET message_id = ?1 WHERE message_id = ?2", (row.message, other.message))?;
        self.cache.run("UPDATE OR IGNORE beginning SET message_id = ?1 WHERE message_id = ?2", (row.message, other.message))?;
        self.copies_follow(row, other)?;
        self.erase(other)
    }

    /// What was to be copied from `other` is copied from `row`, the same message.
    pub(super) fn copies_follow(&mut self, row: &Placement, other: &Placement) -> Result<()> {
        let follow = "UPDATE copy_intent SET placement_id = ?1 WHERE placement_id = ?2";
        self.profile_tx()?.run(follow, (row.id, other.id)).map(drop)
    }

    /// The server made a wanted copy, under (UIDVALIDITY, UID) where it told them.
    pub fn copied(&mut self, copy: i64, there: Option<(u32, u32)>) -> Result<()> {
        let read = "SELECT placement_id, account_id, target_path FROM copy_intent WHERE id = ?1";
        let found = self.profile.one(read, [copy], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?)))?;
        let Some((placement, account, path)) = found else { return Ok(()) };
        self.profile_tx()?.run("DELETE FROM copy_intent WHERE id = ?1", [copy])?;
        self.tell(Event::StatusChanged);
        let target = self.mailbox_by_path(godwit_domain::AccountId(account), &path)?;
        if let (Some((uidvalidity, uid)), Some(target), Some(source)) = (there, target, self.placement(placement)?) {
            let state = self.mailbox_state(target)?;
            let known = state.uidvalidity;
            let free = state.home.is_none() && self.placement_at(target.0, uidvalidity, uid)?.is_none();
            if free && known.is_none_or(|k| k == uidvalidity) {
                self.insert_copy(&source, target.0, uidvalidity, Some(uid))?;
            }
        }
        self.settle()
    }

    /// The server has these marked `\Deleted` and can't remove them yet (rule W8).
    pub fn marked_deleted(&mut self, placements: &[PlacementId]) -> Result<()> {
        for row in self.placements(placements.iter().map(|p| p.0))? {
            let base = row.base.union(&Flags::of(bit::DELETED));
            self.change(&row, Placement { base, ..row.clone() })?;
        }
        self.settle()
    }

    /// As `moved`, but the server could only mark the source (rule W8): a row that nobody sees stays for it, to be removed
    /// once that is safe.
    pub fn moved_leaving(&mut self, placement: PlacementId, to: MailboxId, there: Option<(u32, u32)>) -> Result<()> {
        let Some(source) = self.placement(placement.0)? else { return Ok(()) };
        self.moved(placement, to, there.map(|t| t.0), there.map(|t| t.1))?;
        if source.uid.is_none() || source.mailbox == to.0 {
            return Ok(());
        }
        let left = self.insert_copy(&source, source.mailbox, source.uidvalidity, source.uid)?;
        if let Some(left) = self.placement(left)? {
            let base = source.base.union(&Flags::of(bit::DELETED));
            self.cache.run("UPDATE placement SET departed = 1 WHERE id = ?1", [left.id])?;
            self.change(&left, Placement { base, want_gone: true, ..left.clone() })?;
        }
        self.settle()
    }

    /// The server refused for good one want of these: it is taken back here and told. Other wants of the same rows go on.
    pub fn refused(&mut self, placements: &[PlacementId], want: &Want, error: &Error) -> Result<()> {
        for row in self.placements(placements.iter().map(|p| p.0))? {
            let mut new = match want {
                Want::All => Self::without_wants(&row),
                _ => Placement { refusals: 0, ..row.clone() },
            };
            match want {
                Want::All => {}
                Want::Flags(half) => {
                    new.edit = FlagEdit { add: new.edit.add.minus(&half.add), del: new.edit.del.minus(&half.del) };
                }
                Want::Place => new.want_mailbox = None,
                Want::Gone => new.want_gone = false,
            }
            if !new.want_gone {
                self.cache.run("UPDATE placement SET departed = 0 WHERE id = ?1 AND departed = 1", [row.id])?;
            }
            self.change(&row, new)?;
        }
        self.tell_error(error.clone());
        self.settle()
    }

    /// Forgets what was wanted of these, and tells nobody: a planted fault.
    #[cfg(feature = "planted")]
    pub(crate) fn drop_wants(&mut self, placements: &[PlacementId]) -> Result<()> {
        for row in self.placements(placements.iter().map(|p| p.0))? {
            self.change(&row, Self::without_wants(&row))?;
        }
        self.settle()
    }

    /// The server refused a wanted copy for good.
    pub fn copy_refused(&mut self, copy: i64, error: &Error) -> Result<()> {
        self.profile_tx()?.run("DELETE FROM copy_intent WHERE id = ?1", [copy])?;
        self.tell(Event::StatusChanged);
        self.tell_error(error.clone());
        Ok(())
    }

    /// Tells of what was wanted of messages that another device removed before it could be done.
    pub fn give_up_stranded(&mut self, account: AccountId) -> Result<()> {
        let rows = self.stranded_wishes(account)?;
        for row in &rows {
            self.change(row, Self::without_wants(row))?;
        }
        if !rows.is_empty() {
            let what = match rows.len() {
                1 => "A message was removed by another device before your change reached it.".to_owned(),
                n => format!("{n} messages were removed by another device before your changes reached them."),
            };
            self.tell_error(Error::gone(what).mend("Recently removed may still have them."));
        }
        for copy in self.stranded_copies(account)? {
            let error = Error::gone("A message that was to be copied is not on the server any more.")
                .mend("Recently removed may still have it.");
            self.copy_refused(copy, &error)?;
        }
        self.settle()
    }

    /// The server refused it once more; answers how often so far.
    pub fn count_refusal(&mut self, placement: PlacementId) -> Result<u32> {
        let Some(row) = self.placement(placement.0)? else { return Ok(0) };
        let refusals = row.refusals.saturating_add(1);
        self.change(&row, Placement { refusals, ..row.clone() })?;
        Ok(refusals)
    }

    /// See `count_refusal`.
    pub fn count_copy_refusal(&mut self, copy: i64) -> Result<u32> {
        let count = "UPDATE copy_intent SET refusals = refusals + 1 WHERE id = ?1 RETURNING refusals";
        Ok(self.profile_tx()?.one(count, [copy], |r| r.get::<_, u32>(0))?.unwrap_or(0))
    }
}
