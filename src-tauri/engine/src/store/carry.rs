//! What has to be made in an account by APPEND: messages on their way from another account, copies of such, and removed ones
//! that come back. Table spool keeps a long one meanwhile. The source is only ever left to be expunged by its own account.

use super::placement::Placement;
use super::reader::Reader;
use super::thread;
use super::writer::Writer;
use godwit_domain::flags::bit;
use godwit_domain::mime::Headers;
use godwit_domain::sync::{NewPlacement, ServerFacts};
use godwit_domain::{AccountId, Error, ErrorKind, Event, Flags, MailboxId, MessageId, PlacementId, Result};

/// The part that says how long a spooled message is; without it the message is not whole.
const WHOLE: i64 = -1;

/// One message to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carry {
    /// The row it is about.
    pub placement: PlacementId,
    /// Its content here.
    pub message: MessageId,
    /// The want, where it is a copy or comes back; `None`: it moves.
    pub copy: Option<i64>,
    /// Whether it was removed from its server: all there is of it is here.
    pub restores: bool,
    /// Where to.
    pub target: MailboxId,
    /// Flags to give it.
    pub flags: Flags,
    /// INTERNALDATE to give it.
    pub internal_date: Option<i64>,
    /// The account that has it.
    pub source: AccountId,
    /// The mailbox that has it.
    pub mailbox: MailboxId,
    /// UIDVALIDITY of `uid`.
    pub uidvalidity: u32,
    /// Its UID there.
    pub uid: Option<u32>,
    /// What two copies of the same message share.
    pub identity: [u8; 16],
    /// Message-ID.
    pub message_id: Option<String>,
    /// RFC822.SIZE at the source.
    pub size: u32,
}

/// What became of a move whose message has landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// The row is in its new account; this one has the source to expunge.
    Moved(AccountId),
    /// It was taken back, or it is gone, meanwhile: what landed stays beside it.
    TakenBack,
}

impl Reader<'_> {
    /// What is to be appended in this account, oldest first. What has no UID now waits until it has.
    pub fn carries(&self, account: AccountId) -> Result<Vec<Carry>> {
        let own: std::collections::HashSet<i64> = self.mailbox_states(account)?.iter().map(|m| m.id.0).collect();
        let mut out = Vec::new();
        for row in self.waiting_placements()? {
            let moves = row.account != account.0 && row.removed_at.is_none() && !row.want_gone && row.uid.is_some();
            if let Some(target) = row.want_mailbox.filter(|m| moves && own.contains(m)) {
                out.push(carry(&row, MailboxId(target), None));
            }
        }
        let copies = self.profile.all(
            "SELECT id, placement_id, target_path FROM copy_intent WHERE target_account_id = ?1 ORDER BY id",
            [account.0],
            |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?)),
        )?;
        for (id, placement, path) in copies {
            let Some(row) = self.placement(placement)? else { continue };
            let Some(target) = self.mailbox_by_path(account, &path)? else { continue };
            if row.uid.is_some() || row.removed_at.is_some() {
                out.push(carry(&row, target, Some(id)));
            }
        }
        Ok(out)
    }

    /// The carry of a row, as long as it is wanted.
    pub fn carry_of(&self, account: AccountId, placement: Option<PlacementId>, copy: Option<i64>) -> Result<Option<Carry>> {
        let all = self.carries(account)?;
        Ok(all.into_iter().find(|c| c.copy == copy && (copy.is_some() || Some(c.placement) == placement)))
    }

    /// Whether it is still wanted: a person may have taken it back since it was read.
    pub fn is_wanted(&self, carry: &Carry) -> Result<bool> {
        match carry.copy {
            Some(copy) => Ok(self.profile.one("SELECT 1 FROM copy_intent WHERE id = ?1", [copy], |_| Ok(()))?.is_some()),
            None => {
                let row = self.placement(carry.placement.0)?;
                Ok(row.is_some_and(|row| row.want_mailbox == Some(carry.target.0) && !row.want_gone && row.removed_at.is_none()))
            }
        }
    }

    /// Whether a row is still wanted in a mailbox though it can't be carried now.
    pub fn waits_for(&self, placement: PlacementId, target: MailboxId) -> Result<bool> {
        let row = self.placement(placement.0)?;
        Ok(row.is_some_and(|row| row.want_mailbox == Some(target.0) && row.uid.is_none() && row.removed_at.is_none()))
    }

    /// Bytes that the spool holds of a message; `None`: not all of it, or nothing.
    pub fn spooled(&self, placement: PlacementId) -> Result<Option<u64>> {
        let sums = self.cache.one(
            "SELECT (SELECT CAST(bytes AS TEXT) FROM spool WHERE placement_id = ?1 AND part = ?2),
               (SELECT coalesce(sum(length(bytes)), 0) FROM spool WHERE placement_id = ?1 AND part >= 0)",
            (placement.0, WHOLE),
            |r| Ok((r.get::<_, Option<String>>(0)?, r.get::<_, i64>(1)?)),
        )?;
        let Some((Some(whole), held)) = sums else { return Ok(None) };
        let held = u64::try_from(held).unwrap_or(0);
        Ok(whole.parse().ok().filter(|whole| *whole == held && held > 0))
    }

    /// One part of it.
    pub fn spool_part(&self, placement: PlacementId, part: u32) -> Result<Option<Vec<u8>>> {
        self.cache.one("SELECT bytes FROM spool WHERE placement_id = ?1 AND part = ?2", (placement.0, part), |r| r.get(0))
    }

    pub(super) fn is_departed(&self, placement: i64) -> Result<bool> {
        let sql = "SELECT departed FROM placement WHERE id = ?1";
        Ok(self.cache.one(sql, [placement], |r| r.get::<_, bool>(0))?.unwrap_or(false))
    }
}

fn carry(row: &Placement, target: MailboxId, copy: Option<i64>) -> Carry {
    let mut flags = row.flags().without_labels();
    flags.bits &= !bit::DELETED;
    Carry {
        placement: PlacementId(row.id),
        message: MessageId(row.message),
        copy,
        restores: row.removed_at.is_some(),
        target,
        flags,
        internal_date: row.internal_date,
        source: AccountId(row.account),
        mailbox: MailboxId(row.mailbox),
        uidvalidity: row.uidvalidity,
        uid: row.uid,
        identity: row.identity,
        message_id: row.message_id.clone(),
        size: row.size,
    }
}

impl Writer<'_> {
    /// Keeps one part of a message that is under way.
    pub fn spool_put(&mut self, placement: PlacementId, part: u32, bytes: &[u8]) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO spool (placement_id, part, bytes) VALUES (?1, ?2, ?3)";
        self.cache.run(sql, (placement.0, part, bytes)).map(drop)
    }

    /// All of it is here: only now may any of it be used, for half a message must never stand in for a whole one.
    pub fn spool_whole(&mut self, placement: PlacementId, size: u64) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO spool (placement_id, part, bytes) VALUES (?1, ?2, ?3)";
        self.cache.run(sql, (placement.0, WHOLE, size.to_string().into_bytes())).map(drop)
    }

    /// It is not needed any more.
    pub fn spool_clear(&mut self, placement: PlacementId) -> Result<()> {
        self.cache.run("DELETE FROM spool WHERE placement_id = ?1", [placement.0]).map(drop)
    }

    /// What a run that was killed left there.
    pub(super) fn spool_clear_all(&mut self) -> Result<()> {
        self.cache.run("DELETE FROM spool", []).map(drop)
    }

    /// The target has the message, read there: the row is there from now on, and its source waits to be expunged, which is
    /// checked and done by its own account like any other.
    pub fn carried(&mut self, placement: PlacementId, to: MailboxId, uidvalidity: u32, there: &NewPlacement) -> Result<Landed> {
        let Some(row) = self.placement(placement.0)? else { return Ok(Landed::TakenBack) };
        let wanted = row.want_mailbox == Some(to.0) && !row.want_gone && row.removed_at.is_none();
        let (Some(account), true) = (self.account_of(to.0)?, wanted) else { return Ok(Landed::TakenBack) };
        self.mailbox_selected(to, uidvalidity)?;
        if let Some(other) = self.placement_at(to.0, uidvalidity, there.uid)?.filter(|other| other.id != row.id) {
            self.erase(&other)?;
        }
        let here = self.rehome(&row, account, there)?;
        let mut new = here.clone();
        new.mailbox = to.0;
        new.uidvalidity = uidvalidity;
        new.uid = Some(there.uid);
        new.base = Flags { labels: there.facts.labels.clone().unwrap_or_default(), ..there.flags.clone() };
        new.modseq = there.modseq.and_then(|m| i64::try_from(m).ok());
        new.internal_date = there.internal_date;
        new.refusals = 0;
        self.change(&here, new)?;
        self.leave_behind(&row)?;
        self.settle()?;
        Ok(Landed::Moved(AccountId(row.account)))
    }

    /// A move had landed, and the kill came before the cache knew: the row is shown where it landed until it is read there.
    pub(super) fn finish_landing(&mut self, row: &Placement, to: i64, account: i64) -> Result<()> {
        let headers = Headers { message_id: row.message_id.clone(), identity: row.identity, ..Headers::default() };
        let (flags, internal_date, size) = (row.flags().without_labels(), row.internal_date, row.size);
        let facts = ServerFacts::default();
        let there = NewPlacement { uid: 0, flags, modseq: None, internal_date, size, facts, headers };
        let here = self.rehome(row, account, &there)?;
        let uidvalidity = self.mailbox_state(MailboxId(to))?.uidvalidity.unwrap_or(0);
        let new = Placement { mailbox: to, uidvalidity, uid: None, base: there.flags, modseq: None, refusals: 0, ..here.clone() };
        self.set_loose(&new, "moved")?;
        self.change(&here, new)?;
        self.leave_behind(row)
    }

    /// Gives the row a content of its own in the other account, in the conversation that it belongs to there.
    fn rehome(&mut self, row: &Placement, account: i64, there: &NewPlacement) -> Result<Placement> {
        let shown = self.shown(row)?;
        self.show(row.place(), &shown, &[])?;
        let message = self.copy_content(row.message)?;
        // What the one server called it the other does not know.
        self.cache.run(
            "UPDATE message SET account_id = ?2, thread_id = 0, size = ?3, identity = ?4, email_id = NULL WHERE id = ?1",
            (message, account, there.size, there.headers.identity),
        )?;
        let refs = thread::refs(account, &there.headers, there.facts.thread_id);
        let thread = self.thread_of_one(&refs, message)?;
        self.cache.run("UPDATE message SET thread_id = ?2 WHERE id = ?1", (message, thread))?;
        if self.is_shared(row)? {
            self.copy_bytes(row.message, message)?;
        } else {
            self.cache.run("UPDATE body SET message_id = ?2 WHERE message_id = ?1", (row.message, message))?;
        }
        self.cache.run("UPDATE placement SET message_id = ?2 WHERE id = ?1", (row.id, message))?;
        let here = self.placement(row.id)?.ok_or_else(|| Error::bug("A row vanished as it was moved."))?;
        let shown = self.shown(&here)?;
        self.show(here.place(), &[], &shown)?;
        Ok(here)
    }

    /// A row for the source, hidden and to be expunged.
    fn leave_behind(&mut self, row: &Placement) -> Result<()> {
        let Some(uid) = row.uid else { return Ok(()) };
        let id = self.cache.insert(
            "INSERT INTO placement (message_id, mailbox_id, uidvalidity, uid, sort_key, internal_date, base_bits, base_keywords,
               departed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)",
            (
                row.message,
                row.mailbox,
                row.uidvalidity,
                uid,
                row.sort_key,
                row.internal_date,
                row.base.bits,
                row.base.keywords_text(),
            ),
        )?;
        let left = self.placement(id)?.ok_or_else(|| Error::bug("A row vanished as it was written."))?;
        self.count_base(left.mailbox, 1);
        let shown = self.shown(&left)?;
        self.show(left.place(), &[], &shown)?;
        self.change(&left, Placement { want_gone: true, ..left.clone() })
    }

    /// A copy into this account, or a removed message, has landed; the sync that follows lists it.
    pub fn copy_landed(&mut self, copy: i64) -> Result<()> {
        self.profile_tx()?.run("DELETE FROM copy_intent WHERE id = ?1", [copy])?;
        self.tell(Event::StatusChanged);
        Ok(())
    }

    /// What landed was taken back while it was under way: said, because it is there now all the same.
    pub fn told_landed(&mut self, to: MailboxId) -> Result<()> {
        let path = self.path(to.0)?;
        self.tell_error(
            Error::new(ErrorKind::Uncertain, format!("A message had reached {path} already when its move was taken back."))
                .mend("It is in both places now; delete the one you don't want."),
        );
        Ok(())
    }
}
