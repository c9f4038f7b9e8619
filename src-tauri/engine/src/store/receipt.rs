//! Tables receipt and receipt_item: what each action did, and taking it back as a three-way merge (rule W5).
//! Survives restarts. Where something has changed since, it is left as it is and counted.

use super::placement::Placement;
use super::reader::number;
use super::writer::Writer;
use godwit_domain::{Error, FlagEdit, Flags, ReceiptId, Result, Undone};

/// How many receipts are kept.
const KEEP: u32 = 200;

/// A mailbox by names that outlive the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) account: i64,
    pub(super) path: String,
}

/// What one action did to one placement.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) placement: i64,
    pub(super) account: i64,
    /// Shown in the first before, in the second after.
    pub(super) paths: Option<(At, At)>,
    pub(super) set: Flags,
    pub(super) cleared: Flags,
    pub(super) copy: Option<i64>,
}

impl Writer<'_> {
    pub(super) fn keep_receipt(&mut self, said: &str, items: &[Item]) -> Result<ReceiptId> {
        let now = self.now;
        let profile = self.profile_tx()?;
        let receipt = profile.insert("INSERT INTO receipt (at, said) VALUES (?1, ?2)", (now, said))?;
        for item in items {
            let (from, to) = item.paths.as_ref().map(|(from, to)| (from, to)).unzip();
            profile.run(
                "INSERT INTO receipt_item (receipt_id, placement_id, account_id, from_path, to_path, set_bits, set_keywords,
                   cleared_bits, cleared_keywords, copy_id, from_account_id, to_account_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                rusqlite::params![
                    receipt,
                    item.placement,
                    item.account,
                    from.map(|at| at.path.as_str()),
                    to.map(|at| at.path.as_str()),
                    item.set.bits,
                    item.set.keywords_text(),
                    item.cleared.bits,
                    item.cleared.keywords_text(),
                    item.copy,
                    from.map(|at| at.account),
                    to.map(|at| at.account)
                ],
            )?;
        }
        profile.run("DELETE FROM receipt WHERE id <= ?1 - ?2", (receipt, KEEP))?;
        Ok(ReceiptId(receipt))
    }

    /// Takes back a receipt, or the newest one that was not taken back yet.
    pub fn undo(&mut self, receipt: Option<ReceiptId>) -> Result<Undone> {
        let newest = "SELECT id FROM receipt WHERE undone = 0 AND (?1 IS NULL OR id = ?1) ORDER BY id DESC LIMIT 1";
        let id = self.profile.one(newest, [receipt.map(|r| r.0)], |r| r.get::<_, i64>(0))?;
        let id = id.ok_or_else(|| Error::invalid("There is nothing to undo."))?;
        self.profile_tx()?.run("UPDATE receipt SET undone = 1 WHERE id = ?1", [id])?;
        let (mut undone, mut skipped) = (0, 0);
        for item in self.receipt_items(id)? {
            if self.take_back(&item)? { undone += 1 } else { skipped += 1 }
        }
        self.settle()?;
        let said = match (undone, skipped) {
            (_, 0) => "Undone".to_owned(),
            (0, 1) => "Not undone; it was changed elsewhere since".to_owned(),
            (0, _) => "Not undone; they were changed elsewhere since".to_owned(),
            (undone, 1) => format!("{undone} of {} undone; 1 was changed elsewhere since", undone + 1),
            (undone, skipped) => format!("{undone} of {} undone; {skipped} were changed elsewhere since", undone + skipped),
        };
        Ok(Undone { undone, skipped, said })
    }

    fn receipt_items(&self, receipt: i64) -> Result<Vec<Item>> {
        self.profile.all(
            "SELECT placement_id, account_id, from_path, to_path, set_bits, set_keywords, cleared_bits, cleared_keywords, copy_id,
               coalesce(from_account_id, account_id), coalesce(to_account_id, account_id)
             FROM receipt_item WHERE receipt_id = ?1 ORDER BY id",
            [receipt],
            |r| {
                let flags = |at: usize| -> rusqlite::Result<Flags> {
                    Ok(Flags::from_columns(number(r.get(at)?), r.get_ref(at + 1)?.as_str()?))
                };
                let at = |path: usize, account: usize| -> rusqlite::Result<Option<At>> {
                    let account = r.get(account)?;
                    Ok(r.get::<_, Option<String>>(path)?.map(|path| At { account, path }))
                };
                Ok(Item {
                    placement: r.get(0)?,
                    account: r.get(1)?,
                    paths: at(2, 9)?.zip(at(3, 10)?),
                    set: flags(4)?,
                    cleared: flags(6)?,
                    copy: r.get(8)?,
                })
            },
        )
    }

    /// A mailbox by its names.
    pub(super) fn at(&mut self, mailbox: i64) -> Result<At> {
        Ok(At { account: self.account_of(mailbox)?.unwrap_or(0), path: self.path(mailbox)? })
    }

    /// One placement, field by field: only what still stands as the action left it. Answers whether all of it went back.
    fn take_back(&mut self, item: &Item) -> Result<bool> {
        if let Some(copy) = item.copy {
            self.tell(godwit_domain::Event::StatusChanged);
            return Ok(self.profile_tx()?.run("DELETE FROM copy_intent WHERE id = ?1", [copy])? > 0);
        }
        let Some(row) = self.placement(item.placement)?.filter(|p| p.removed_at.is_none() && !p.want_gone) else {
            return Ok(false);
        };
        let mut new: Placement = row.clone();
        let mut whole = true;
        if let Some((from, to)) = &item.paths {
            whole = self.place_back(&row, &mut new, from, to)?;
        }
        let shown = self.flags_here(&row)?;
        let (still_set, still_clear) = (item.set.intersect(&shown), item.cleared.minus(&shown));
        whole &= still_set == item.set && still_clear == item.cleared;
        new.kept = new.kept.minus(&still_set);
        new.edit = new.edit.then(&FlagEdit { add: still_clear, del: still_set });
        new.refusals = 0;
        self.change(&row, new)?;
        Ok(whole)
    }
}
