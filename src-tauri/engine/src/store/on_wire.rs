//! Table on_wire: STORE and MOVE commands that left and whose answer is not here. Repeating them does no harm, unlike an
//! `attempt`; but what a person takes back before the answer would be lost with the line, so the next session asks.

use super::placement::Placement;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::{AccountId, FlagEdit, Flags, MailboxId, PlacementId, Result};

/// What a command that left was to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// STORE
    Store(FlagEdit),
    /// MOVE
    Move {
        /// Where to.
        target: MailboxId,
        /// UIDNEXT of the target as last read: what was moved stands there or above.
        uidnext: Option<u32>,
    },
}

/// A command that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnWire {
    /// Its id.
    pub id: i64,
    /// The mailbox it was said in.
    pub mailbox: MailboxId,
    /// UIDVALIDITY of that mailbox.
    pub uidvalidity: u32,
    /// The rows it was about.
    pub placements: Vec<PlacementId>,
    /// What it was to do.
    pub doing: Doing,
}

/// A row that is still where a command was to change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftThere {
    /// Which.
    pub placement: PlacementId,
    /// Its UID.
    pub uid: u32,
    /// What two copies of the message share.
    pub identity: [u8; 16],
    /// What the command was to change and nobody wants any more, though nobody has heard that it was done.
    pub taken_back: FlagEdit,
}

/// The placements of a command, as they are written.
pub(super) fn ids_of(written: &str) -> impl Iterator<Item = i64> {
    written.split(' ').filter_map(|id| id.parse().ok())
}

impl Reader<'_> {
    /// Commands of an account that were not answered, oldest first. Where a folder of theirs is gone, so is the question.
    pub fn on_wire(&self, account: AccountId) -> Result<Vec<OnWire>> {
        let rows = self.profile.all(
            "SELECT id, uidvalidity, placements, add_bits, add_keywords, del_bits, del_keywords, uidnext, mailbox_path, target_path
             FROM on_wire WHERE account_id = ?1 ORDER BY id",
            [account.0],
            |r| {
                let flags = |at: usize| -> rusqlite::Result<Flags> {
                    Ok(Flags::from_columns(number(r.get(at)?), r.get_ref(at + 1)?.as_str()?))
                };
                let edit = FlagEdit { add: flags(3)?, del: flags(5)? };
                let ids = ids_of(r.get_ref(2)?.as_str()?).map(PlacementId).collect();
                let on_wire =
                    OnWire { id: r.get(0)?, mailbox: MailboxId(0), uidvalidity: number(r.get(1)?), placements: ids, doing: Doing::Store(edit) };
                let uidnext = r.get::<_, Option<i64>>(7)?.map(number);
                Ok((on_wire, uidnext, r.get::<_, String>(8)?, r.get::<_, Option<String>>(9)?))
            },
        )?;
        let mut out = Vec::new();
        for (on_wire, uidnext, path, target) in rows {
            let Some(mailbox) = self.mailbox_by_path(account, &path)? else { continue };
            let doing = match target {
                None => on_wire.doing,
                Some(path) => match self.mailbox_by_path(account, &path)? {
                    Some(target) => Doing::Move { target, uidnext },
                    None => continue,
                },
            };
            out.push(OnWire { mailbox, doing, ..on_wire });
        }
        Ok(out)
    }

    /// Whether a command of an account was not answered, be its folder here or not.
    pub fn is_on_wire(&self, account: AccountId) -> Result<bool> {
        Ok(self.profile.one("SELECT 1 FROM on_wire WHERE account_id = ?1 LIMIT 1", [account.0], |_| Ok(()))?.is_some())
    }

    /// Its rows that are still there, as far as is known here.
    pub fn left_there(&self, on_wire: &OnWire) -> Result<Vec<LeftThere>> {
        let still = |row: &Placement| {
            row.mailbox == on_wire.mailbox.0 && row.uidvalidity == on_wire.uidvalidity && row.removed_at.is_none()
        };
        let rows = self.placements(on_wire.placements.iter().map(|p| p.0))?;
        let left = |row: Placement| {
            let taken_back = match &on_wire.doing {
                Doing::Store(pushed) => FlagEdit {
                    add: pushed.add.minus(&row.edit.add).minus(&row.base),
                    del: pushed.del.minus(&row.edit.del).intersect(&row.base),
                },
                Doing::Move { .. } => FlagEdit::default(),
            };
            Some(LeftThere { placement: PlacementId(row.id), uid: row.uid?, identity: row.identity, taken_back })
        };
        Ok(rows.into_iter().filter(still).filter_map(left).collect())
    }
}

impl Writer<'_> {
    /// Whether a UID has a row.
    pub fn holds(&self, mailbox: MailboxId, uidvalidity: u32, uid: u32) -> Result<bool> {
        Ok(self.placement_at(mailbox.0, uidvalidity, uid)?.is_some())
    }

    /// Notes that a command is about to leave.
    pub fn leaves(&mut self, mailbox: MailboxId, uidvalidity: u32, placements: &[PlacementId], doing: &Doing) -> Result<i64> {
        let (account, path) = (self.mailbox_state(mailbox)?.account, self.path(mailbox.0)?);
        let ids: Vec<String> = placements.iter().map(|id| id.0.to_string()).collect();
        let none = FlagEdit::default();
        let (edit, target, uidnext) = match doing {
            Doing::Store(edit) => (edit, None, None),
            Doing::Move { target, uidnext } => (&none, Some(self.path(target.0)?), *uidnext),
        };
        self.profile_tx()?.insert(
            "INSERT INTO on_wire (account_id, mailbox_path, uidvalidity, placements, add_bits, add_keywords, del_bits, del_keywords,
               target_path, uidnext)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            rusqlite::params![
                account.0,
                path,
                uidvalidity,
                ids.join(" "),
                edit.add.bits,
                edit.add.keywords_text(),
                edit.del.bits,
                edit.del.keywords_text(),
                target,
                uidnext
            ],
        )
    }

    /// These were answered, or can't be asked about any more.
    pub fn answered(&mut self, ids: &[i64]) -> Result<()> {
        for id in ids {
            self.profile_tx()?.run("DELETE FROM on_wire WHERE id = ?1", [id])?;
        }
        Ok(())
    }

    /// Nothing of an account is on its way any more.
    pub fn all_answered(&mut self, account: AccountId) -> Result<()> {
        self.profile_tx()?.run("DELETE FROM on_wire WHERE account_id = ?1", [account.0])?;
        Ok(())
    }
}
