//! Table attempt: a row stands before a command that creates leaves, and goes once its outcome is known (rule W1).
//! After a restart every row left is a question to the server, never a reason to repeat.

use super::carry::Carry;
use super::reader::{Reader, json_text};
use super::writer::Writer;
use godwit_domain::{AccountId, DraftId, Flags, MailboxId, OutboxId, PlacementId, Result};
use std::collections::{HashMap, HashSet};

/// Which command creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptKind {
    /// COPY
    Copy,
    /// MOVE, or COPY and what follows it
    Move,
    /// APPEND
    Append,
}

impl AttemptKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Move => "move",
            Self::Append => "append",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "copy" => Self::Copy,
            "move" => Self::Move,
            _ => Self::Append,
        }
    }
}

/// What was about to be made, and where to look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The account.
    pub account: AccountId,
    /// Which command.
    pub kind: AttemptKind,
    /// The target.
    pub target: MailboxId,
    /// The target as the server spells it.
    pub wire_name: String,
    /// UIDVALIDITY of the target before.
    pub uidvalidity: Option<u32>,
    /// UIDNEXT of the target before: what was made stands there or above.
    pub uidnext: Option<u32>,
    /// What two copies of the message share.
    pub identity: Option<[u8; 16]>,
    /// Message-ID.
    pub message_id: Option<String>,
    /// RFC822.SIZE.
    pub size: u32,
    /// The placement it is about.
    pub placement: Option<PlacementId>,
    /// The wanted copy it is about.
    pub copy: Option<i64>,
    /// The mail in the outbox it is about.
    pub outbox: Option<OutboxId>,
    /// The draft it is about, and which version.
    pub draft: Option<(DraftId, u32)>,
}

/// Where a row lies, as far as the server has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiesAt {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Its UID there, where it is known.
    pub uid: Option<u32>,
    /// Its flags there.
    pub flags: Flags,
    /// What two copies of the message share.
    pub identity: [u8; 16],
    /// Where it is wanted instead.
    pub target: Option<MailboxId>,
}

/// An attempt's id.
pub type AttemptId = i64;

impl Reader<'_> {
    /// Where a row lies that an attempt is about; `None`: it is gone.
    pub fn lies_at(&self, placement: PlacementId) -> Result<Option<LiesAt>> {
        let row = self.placement(placement.0)?.filter(|row| row.removed_at.is_none());
        Ok(row.map(|row| LiesAt {
            mailbox: MailboxId(row.mailbox),
            uid: row.uid,
            flags: row.base,
            identity: row.identity,
            target: row.want_mailbox.map(MailboxId),
        }))
    }

    /// Rows of an account that a COPY may have moved already, and wanted copies that may have been made, as far as is known.
    pub fn open_attempts(&self, account: AccountId) -> Result<(HashSet<PlacementId>, HashSet<i64>)> {
        let ids = |sql: &str| self.profile.all(sql, [account.0], |r| r.get::<_, i64>(0));
        let moves = ids("SELECT placement_id FROM attempt WHERE account_id = ?1 AND kind = 'move' AND placement_id IS NOT NULL")?;
        let copies = ids("SELECT copy_id FROM attempt WHERE account_id = ?1 AND kind = 'copy' AND copy_id IS NOT NULL")?;
        Ok((moves.into_iter().map(PlacementId).collect(), copies.into_iter().collect()))
    }

    /// Whether an APPEND of this may have landed already, as far as is known.
    pub fn may_have_landed(&self, carry: &Carry) -> Result<bool> {
        let sql = "SELECT 1 FROM attempt WHERE kind = 'append' AND placement_id = ?1 AND copy_id IS ?2 LIMIT 1";
        Ok(self.profile.one(sql, (carry.placement.0, carry.copy), |_| Ok(()))?.is_some())
    }

    /// Which of these attempts are about messages like ones that stand in other folders of an account than their targets, beside
    /// those that they are made from.
    pub fn stand_elsewhere(&self, account: AccountId, attempts: &[Attempt]) -> Result<Vec<bool>> {
        let identities = attempts.iter().filter_map(|a| a.identity).map(|identity| crate::os::hex(&identity).to_uppercase());
        let identities: Vec<String> = identities.collect();
        let message_ids: Vec<&str> = attempts.iter().filter_map(|a| a.message_id.as_deref()).collect();
        // Neither has an index: rare enough to look at all messages, once for all that is asked. Another software may have given the
        // header in another order (rule W1).
        let alike = self.cache.all(
            "SELECT p.id, p.mailbox_id, m.identity, m.message_id FROM message m JOIN placement p ON p.message_id = m.id
             WHERE m.account_id = ?1 AND p.uid IS NOT NULL AND p.removed_at IS NULL
               AND (hex(m.identity) IN (SELECT value FROM json_each(?2)) OR m.message_id IN (SELECT value FROM json_each(?3)))",
            (account.0, json_text(&identities)?, json_text(&message_ids)?),
            |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, [u8; 16]>(2)?, r.get::<_, Option<String>>(3)?)),
        )?;
        let sources = self.profile.all("SELECT id, placement_id FROM copy_intent WHERE account_id = ?1", [account.0], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?))
        })?;
        let sources: HashMap<i64, i64> = sources.into_iter().collect();
        let (mut by_identity, mut by_id) = (HashMap::<[u8; 16], Vec<(i64, i64)>>::new(), HashMap::<&str, Vec<(i64, i64)>>::new());
        for (row, mailbox, identity, message_id) in &alike {
            by_identity.entry(*identity).or_default().push((*row, *mailbox));
            message_id.iter().for_each(|id| by_id.entry(id).or_default().push((*row, *mailbox)));
        }
        let stands = |attempt: &Attempt| {
            let source = match (attempt.kind, attempt.copy) {
                // Its source is in another account, or came back as the very row that was to be made.
                (AttemptKind::Append, _) => None,
                (_, Some(copy)) => sources.get(&copy).copied(),
                (_, None) => attempt.placement.map(|p| p.0),
            };
            let elsewhere = |rows: &Vec<(i64, i64)>| rows.iter().any(|(row, at)| *at != attempt.target.0 && Some(*row) != source);
            let Some(identity) = attempt.identity else { return true };
            by_identity.get(&identity).is_some_and(elsewhere)
                || attempt.message_id.as_deref().and_then(|id| by_id.get(id)).is_some_and(elsewhere)
        };
        Ok(attempts.iter().map(stands).collect())
    }

    /// Attempts of an account whose outcome is not known, oldest first. One whose target folder is gone is left out.
    pub fn attempts(&self, account: AccountId) -> Result<Vec<(AttemptId, Attempt)>> {
        let rows = self.profile.all(
            "SELECT id, kind, target_path, wire_name, uidvalidity, uidnext, identity, message_id, size, placement_id, copy_id, outbox_id,
               draft_id, draft_version
             FROM attempt WHERE account_id = ?1 ORDER BY id",
            [account.0],
            |r| {
                let attempt = Attempt {
                    account,
                    kind: AttemptKind::from_word(r.get_ref(1)?.as_str()?),
                    target: MailboxId(0),
                    wire_name: r.get(3)?,
                    uidvalidity: r.get(4)?,
                    uidnext: r.get(5)?,
                    identity: r.get(6)?,
                    message_id: r.get(7)?,
                    size: r.get(8)?,
                    placement: r.get::<_, Option<i64>>(9)?.map(PlacementId),
                    copy: r.get(10)?,
                    outbox: r.get::<_, Option<i64>>(11)?.map(OutboxId),
                    draft: r.get::<_, Option<i64>>(12)?.map(DraftId).zip(r.get(13)?),
                };
                Ok((r.get::<_, i64>(0)?, r.get::<_, String>(2)?, attempt))
            },
        )?;
        let mut out = Vec::new();
        for (id, path, attempt) in rows {
            if let Some(target) = self.mailbox_by_path(account, &path)? {
                out.push((id, Attempt { target, ..attempt }));
            }
        }
        Ok(out)
    }
}

impl Writer<'_> {
    /// Notes an attempt, on the disk before the command leaves.
    pub fn attempt_begin(&mut self, attempt: &Attempt) -> Result<AttemptId> {
        let (path, now) = (self.path(attempt.target.0)?, self.now);
        self.profile_tx()?.insert(
            "INSERT INTO attempt (account_id, kind, target_path, wire_name, uidvalidity, uidnext, identity, message_id, size,
               placement_id, copy_id, outbox_id, at, draft_id, draft_version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            rusqlite::params![
                attempt.account.0,
                attempt.kind.word(),
                path,
                attempt.wire_name,
                attempt.uidvalidity,
                attempt.uidnext,
                attempt.identity,
                attempt.message_id,
                attempt.size,
                attempt.placement.map(|p| p.0),
                attempt.copy,
                attempt.outbox.map(|o| o.0),
                now,
                attempt.draft.map(|d| d.0.0),
                attempt.draft.map(|d| d.1)
            ],
        )
    }

    /// The outcome is known.
    pub fn attempt_end(&mut self, id: AttemptId) -> Result<()> {
        self.profile_tx()?.run("DELETE FROM attempt WHERE id = ?1", [id])?;
        Ok(())
    }
}
