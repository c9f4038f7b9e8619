//! Tables intent and copy_intent: what a person wants of messages and the server has not confirmed (rules W2 to W6).
//! The intent commits before its projection in cache.db; `heal` makes the projection anew after a kill between the two.

use super::going::MOVED_GRACE_SECS;
use super::on_wire::ids_of;
use super::placement::Placement;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::{AccountId, Event, FlagEdit, Flags, MailboxId, MessageId, PlacementId, Result};
use std::collections::{HashMap, HashSet};

/// Wants of one placement, as profile.db keeps them: by names that outlive the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) placement: i64,
    pub(super) account: i64,
    pub(super) mailbox_path: String,
    pub(super) uidvalidity: u32,
    pub(super) uid: Option<u32>,
    pub(super) identity: [u8; 16],
    pub(super) kept: Flags,
    pub(super) edit: FlagEdit,
    pub(super) target_path: Option<String>,
    /// Whose mailbox that is; `None`: this account's.
    pub(super) target_account: Option<i64>,
    pub(super) gone: bool,
    pub(super) refusals: u32,
}

/// A placement whose wanted state differs from base: what is to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which.
    pub placement: PlacementId,
    /// Its content.
    pub message: MessageId,
    /// Where the server has it.
    pub mailbox: MailboxId,
    /// UIDVALIDITY that `uid` belongs to.
    pub uidvalidity: u32,
    /// Its UID; `None`: the server has not told it yet.
    pub uid: Option<u32>,
    /// Flags the server last confirmed.
    pub base_flags: Flags,
    /// Flags wanted, already against base.
    pub edit: FlagEdit,
    /// Mailbox wanted.
    pub target: Option<MailboxId>,
    /// To be expunged.
    pub gone: bool,
    /// What two copies of the same message share.
    pub identity: [u8; 16],
    /// Message-ID.
    pub message_id: Option<String>,
    /// RFC822.SIZE.
    pub size: u32,
    /// How often a server refused it.
    pub refusals: u32,
}

/// A copy that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCopy {
    /// Its id.
    pub id: i64,
    /// The source.
    pub placement: PlacementId,
    /// Where the server has the source.
    pub mailbox: MailboxId,
    /// UIDVALIDITY of the source.
    pub uidvalidity: u32,
    /// UID of the source.
    pub uid: Option<u32>,
    /// Where to.
    pub target: MailboxId,
    /// See [`Pending::identity`].
    pub identity: [u8; 16],
    /// Message-ID.
    pub message_id: Option<String>,
    /// RFC822.SIZE.
    pub size: u32,
    /// How often a server refused it.
    pub refusals: u32,
}

impl Reader<'_> {
    pub(super) fn intents(&self) -> Result<Vec<Intent>> {
        self.profile.all(
            "SELECT placement_id, account_id, mailbox_path, uidvalidity, uid, identity, kept_bits, kept_keywords,
               add_bits, add_keywords, del_bits, del_keywords, target_path, gone, refusals, target_account_id
             FROM intent ORDER BY placement_id",
            [],
            |r| {
                let flags = |at: usize| -> rusqlite::Result<Flags> {
                    Ok(Flags::from_columns(number(r.get(at)?), r.get_ref(at + 1)?.as_str()?))
                };
                Ok(Intent {
                    placement: r.get(0)?,
                    account: r.get(1)?,
                    mailbox_path: r.get(2)?,
                    uidvalidity: number(r.get(3)?),
                    uid: r.get::<_, Option<i64>>(4)?.map(number),
                    identity: r.get(5)?,
                    kept: flags(6)?,
                    edit: FlagEdit { add: flags(8)?, del: flags(10)? },
                    target_path: r.get(12)?,
                    gone: r.get(13)?,
                    refusals: number(r.get(14)?),
                    target_account: r.get(15)?,
                })
            },
        )
    }

    /// What an account has to push: placements whose wants differ from base.
    pub fn pending(&self, account: AccountId) -> Result<Vec<Pending>> {
        let waiting = self.waiting_placements()?;
        let of_account = waiting.into_iter().filter(|p| p.account == account.0 && p.removed_at.is_none());
        // What wants into another account is carried there, not pushed here.
        let states = self.mailbox_states(account)?;
        let own: HashSet<i64> = states.iter().map(|m| m.id.0).collect();
        // Labels go on and off where a message has them: what comes back to its home is moved there first.
        let homes: HashSet<i64> = states.iter().filter_map(|m| m.home).map(|home| home.0).collect();
        let edit = |p: &Placement| {
            let edit = p.edit.against(&p.ground());
            if homes.contains(&p.mailbox) { edit } else { edit.without_labels() }
        };
        Ok(of_account
            .map(|p| Pending {
                placement: PlacementId(p.id),
                message: MessageId(p.message),
                mailbox: MailboxId(p.mailbox),
                uidvalidity: p.uidvalidity,
                uid: p.uid,
                edit: edit(&p),
                base_flags: p.base,
                target: p.want_mailbox.filter(|m| own.contains(m)).map(MailboxId),
                gone: p.want_gone,
                identity: p.identity,
                message_id: p.message_id,
                size: p.size,
                refusals: p.refusals,
            })
            .collect())
    }

    /// Copies an account has to make; one whose source or target is not here now waits on.
    pub fn pending_copies(&self, account: AccountId) -> Result<Vec<PendingCopy>> {
        let copies = self.profile.all(
            "SELECT id, placement_id, target_path, refusals FROM copy_intent
             WHERE account_id = ?1 AND target_account_id IS NULL ORDER BY id",
            [account.0],
            |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?, number(r.get(3)?))),
        )?;
        let mut out = Vec::new();
        for (id, placement, path, refusals) in copies {
            let Some(p) = self.placement(placement)?.filter(|p| p.removed_at.is_none()) else { continue };
            let Some(target) = self.mailbox_by_path(account, &path)? else { continue };
            out.push(PendingCopy {
                id,
                placement: PlacementId(p.id),
                mailbox: MailboxId(p.mailbox),
                uidvalidity: p.uidvalidity,
                uid: p.uid,
                target,
                identity: p.identity,
                message_id: p.message_id,
                size: p.size,
                refusals,
            });
        }
        Ok(out)
    }

    /// Whether anything is wanted of messages that went from the server a while ago and did not turn up elsewhere.
    pub fn has_stranded(&self, account: AccountId) -> Result<bool> {
        Ok(!self.stranded_wishes(account)?.is_empty() || !self.stranded_copies(account)?.is_empty())
    }

    pub(super) fn stranded_wishes(&self, account: AccountId) -> Result<Vec<Placement>> {
        let rows = self.waiting_since_removed(crate::clock::now() - MOVED_GRACE_SECS)?;
        Ok(rows.into_iter().filter(|p| p.account == account.0).collect())
    }

    pub(super) fn stranded_copies(&self, account: AccountId) -> Result<Vec<i64>> {
        let copies = self.profile.all(
            "SELECT id, placement_id FROM copy_intent WHERE account_id = ?1 AND target_account_id IS NULL ORDER BY id",
            [account.0],
            |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)),
        )?;
        let (mut out, before) = (Vec::new(), crate::clock::now() - MOVED_GRACE_SECS);
        for (id, placement) in copies {
            if self.placement(placement)?.is_some_and(|p| p.removed_at.is_some_and(|at| at < before)) {
                out.push(id);
            }
        }
        Ok(out)
    }

    /// How many changes of an account the server has not confirmed, those without a row in the cache too.
    pub fn waiting_count(&self, account: AccountId) -> Result<u32> {
        let count = |sql: &str| self.profile.one(sql, [account.0], |r| r.get::<_, i64>(0)).map(|n| number(n.unwrap_or(0)));
        let intents = count(
            "SELECT count(*) FROM intent WHERE account_id = ?1 AND (target_path IS NOT NULL OR gone = 1
               OR add_bits != 0 OR del_bits != 0 OR add_keywords != '' OR del_keywords != '')",
        )?;
        let removed = self.cache.one(
            "SELECT count(*) FROM placement p JOIN mailbox b ON b.id = p.mailbox_id
              WHERE p.waiting = 1 AND p.removed_at IS NOT NULL AND b.account_id = ?1",
            [account.0],
            |r| r.get::<_, i64>(0),
        )?;
        let removed = number(removed.unwrap_or(0));
        let copies = count("SELECT count(*) FROM copy_intent WHERE account_id = ?1")?;
        Ok(intents.saturating_sub(removed).saturating_add(copies))
    }
}

impl Writer<'_> {
    /// Brings the intent of a placement in line with what `change` just wrote.
    pub(super) fn keep_intent(&mut self, old: &Placement, new: &Placement) -> Result<()> {
        let had = old.waits() || !old.kept.is_empty();
        let has = new.waits() || !new.kept.is_empty();
        if !had && !has {
            return Ok(());
        }
        self.changes.events.push(Event::StatusChanged);
        if !has {
            self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [new.id])?;
            return Ok(());
        }
        let path = self.path(new.mailbox)?;
        let (target, target_account) = match new.want_mailbox {
            Some(mailbox) => (Some(self.path(mailbox)?), self.account_of(mailbox)?.filter(|a| *a != new.account)),
            None => (None, None),
        };
        self.profile_tx()?.run(
            "INSERT INTO intent (placement_id, account_id, mailbox_path, uidvalidity, uid, identity, message_id, kept_bits,
               kept_keywords, add_bits, add_keywords, del_bits, del_keywords, target_path, gone, refusals, target_account_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
             ON CONFLICT (placement_id) DO UPDATE SET mailbox_path = excluded.mailbox_path,
               uidvalidity = excluded.uidvalidity, uid = excluded.uid, kept_bits = excluded.kept_bits,
               kept_keywords = excluded.kept_keywords, add_bits = excluded.add_bits, add_keywords = excluded.add_keywords,
               del_bits = excluded.del_bits, del_keywords = excluded.del_keywords, target_path = excluded.target_path,
               gone = excluded.gone, refusals = excluded.refusals,
               target_account_id = excluded.target_account_id, account_id = excluded.account_id,
               identity = excluded.identity, message_id = excluded.message_id",
            rusqlite::params![
                new.id,
                new.account,
                path,
                new.uidvalidity,
                new.uid,
                new.identity,
                new.message_id,
                new.kept.bits,
                new.kept.keywords_text(),
                new.edit.add.bits,
                new.edit.add.keywords_text(),
                new.edit.del.bits,
                new.edit.del.keywords_text(),
                target,
                new.want_gone,
                new.refusals,
                target_account
            ],
        )?;
        Ok(())
    }

    /// Projects an intent onto its row.
    pub(super) fn project(&mut self, intent: &Intent, row: &Placement) -> Result<()> {
        let mut new = row.clone();
        new.kept = intent.kept.clone();
        new.edit = intent.edit.clone();
        new.want_gone = intent.gone;
        new.refusals = intent.refusals;
        new.want_mailbox = match &intent.target_path {
            Some(path) => self.mailbox_wanted(intent, path)?,
            None => None,
        };
        if intent.placement != row.id {
            self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [intent.placement])?;
        }
        self.change(row, new)
    }

    /// The mailbox that an intent names; `None` where the account it is in has gone.
    fn mailbox_wanted(&mut self, intent: &Intent, path: &str) -> Result<Option<i64>> {
        match intent.target_account {
            None => self.mailbox_at(AccountId(intent.account), path).map(Some),
            Some(account) if self.account(AccountId(account)).is_ok() => self.mailbox_at(AccountId(account), path).map(Some),
            Some(_) => Ok(None),
        }
    }

    /// Makes the projection of all intents anew; answers how many rows were out of step.
    pub(super) fn heal(&mut self) -> Result<u32> {
        self.pass_known_ids()?;
        self.forget_strangers()?;
        let bound = self.bind_held()?;
        let mut intents: HashMap<i64, Intent> = self.intents()?.into_iter().map(|i| (i.placement, i)).collect();
        let mut healed = 0;
        let kept = self.kept_placements()?;
        let mut rows = self.waiting_placements()?;
        rows.extend(self.placements(kept.into_iter().chain(intents.keys().copied()))?);
        rows.sort_by_key(|p| p.id);
        rows.dedup_by_key(|p| p.id);
        for row in rows {
            if row.want_gone && !intents.contains_key(&row.id) && self.is_departed(row.id)? {
                // Expunged, and the kill came before the cache knew. Its message is shown elsewhere: it never shows here again.
                self.keep_intent(&Self::without_wants(&row), &row)?;
                healed += 1;
                continue;
            }
            let intent = intents.remove(&row.id).unwrap_or_else(|| Intent::none(&row));
            let before = self.cache.conn.total_changes();
            self.project(&intent, &row)?;
            healed += u32::from(self.cache.conn.total_changes() != before);
            if intent.is_met_by(&row) {
                self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [row.id])?;
            }
        }
        Ok(healed + bound)
    }

    /// The cache is synced less often than the profile, so it may have lost rows that the profile names: their ids are never
    /// given to others, or what was wanted of one message would be done to another.
    fn pass_known_ids(&mut self) -> Result<()> {
        let highest = self.profile.one(
            "SELECT max(id) FROM (SELECT max(placement_id) AS id FROM intent UNION ALL SELECT max(placement_id) FROM copy_intent
               UNION ALL SELECT max(placement_id) FROM receipt_item UNION ALL SELECT max(placement_id) FROM attempt
               UNION ALL SELECT max(answers) FROM outbox UNION ALL
               SELECT max(CASE WHEN json_valid(content) THEN CAST(content ->> '$.answers' AS INTEGER) END) FROM draft)",
            [],
            |r| r.get::<_, Option<i64>>(0),
        )?;
        let on_wire = self.profile.all("SELECT placements FROM on_wire", [], |r| Ok(ids_of(r.get_ref(0)?.as_str()?).max()))?;
        if let Some(highest) = on_wire.into_iter().flatten().chain(highest.flatten()).max() {
            self.cache.run("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'placement' AND seq < ?1", [highest])?;
        }
        Ok(())
    }

    /// Accounts that the profile has no more: the cache did not follow their removal.
    fn forget_strangers(&mut self) -> Result<()> {
        let known: HashSet<i64> = self.accounts()?.into_iter().map(|a| a.id.0).collect();
        let held = self.cache.all("SELECT DISTINCT account_id FROM mailbox", [], |r| r.get::<_, i64>(0))?;
        held.into_iter().filter(|id| !known.contains(id)).try_for_each(|id| self.forget_account(AccountId(id)))
    }

    /// Intents of rows that were never written (a kill between the two files): given to whoever holds their UID.
    fn bind_held(&mut self) -> Result<u32> {
        let mut bound = 0;
        for (account, path, uidvalidity, uid) in self.unbound.named() {
            let Some(mailbox) = self.mailbox_by_path(AccountId(account), &path)? else { continue };
            let Some(row) = self.placement_at(mailbox.0, uidvalidity, uid)? else { continue };
            let Some(intent) = self.unbound.take(account, &path, &row) else { continue };
            let away = row.want_mailbox.filter(|_| intent.gone && row.id != intent.placement);
            let other = away.map_or(Ok(None), |to| self.account_of(to))?;
            match away.zip(other) {
                Some((to, other)) if other != row.account => {
                    self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [intent.placement])?;
                    self.finish_landing(&row, to, other)?;
                }
                _ => self.project(&intent, &row)?,
            }
            bound += 1;
        }
        Ok(bound)
    }

    fn kept_placements(&self) -> Result<Vec<i64>> {
        self.cache.all("SELECT id FROM placement WHERE kept_bits != 0 OR kept_keywords != ''", [], |r| r.get(0))
    }
}

impl Intent {
    /// Whether it stands in profile.db and wants nothing of this row that base does not already have.
    fn is_met_by(&self, row: &Placement) -> bool {
        let ground = row.base.union(&self.kept);
        let wants = self.gone || self.target_path.is_some() || !self.edit.against(&ground).is_empty();
        !self.mailbox_path.is_empty() && !wants && self.kept.minus(&row.base).is_empty()
    }

    fn none(row: &Placement) -> Self {
        Self {
            placement: row.id,
            account: row.account,
            mailbox_path: String::new(),
            uidvalidity: row.uidvalidity,
            uid: row.uid,
            identity: row.identity,
            kept: Flags::none(),
            edit: FlagEdit::default(),
            target_path: None,
            target_account: None,
            gone: false,
            refusals: 0,
        }
    }
}
