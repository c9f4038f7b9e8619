//! Table keep: the policy of each account and mailbox, and what follows from it: which bodies are missing, which may go.
//! What waits, was removed lately or lies in Drafts is never dropped.

use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::{AccountId, DiskUse, Error, KeepPolicy, KeepSetting, KeepText, MailboxId, Result, Role};
use std::collections::HashMap;

/// Of long mail that was opened and is beyond the policy, this much stays.
const OPENED_BYTES: i64 = 64 << 20;
/// Bodies dropped in one transaction, so that a click never waits for long.
const DROP_ROWS: u32 = 500;
const DAY: i64 = 86_400;

/// The policy of one mailbox, as days and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Mail younger than this, seconds since 1970.
    pub since: i64,
    /// Mail up to this size.
    pub most_bytes: u32,
}

impl Reader<'_> {
    /// All policies: one of each account, and those of mailboxes that differ.
    pub fn keep_settings(&self) -> Result<Vec<KeepSetting>> {
        let mut out = Vec::new();
        for account in self.accounts()? {
            let own = self.keep_of(account.id)?;
            let policy = own.get("").copied().unwrap_or_default();
            out.push(KeepSetting { account: account.id, mailbox: None, policy });
            for (path, policy) in own.into_iter().filter(|(path, _)| !path.is_empty()) {
                if let Some(mailbox) = self.mailbox_by_path(account.id, &path)? {
                    out.push(KeepSetting { account: account.id, mailbox: Some(mailbox), policy });
                }
            }
        }
        out.sort_by_key(|s| (s.account, s.mailbox));
        Ok(out)
    }

    fn keep_of(&self, account: AccountId) -> Result<HashMap<String, KeepPolicy>> {
        let sql = "SELECT mailbox_path, text, attachments_mb FROM keep WHERE account_id = ?1";
        let rows = self.profile.all(sql, [account.0], |r| {
            let text = KeepText::from_word(r.get_ref(1)?.as_str()?).unwrap_or_default();
            Ok((r.get::<_, String>(0)?, KeepPolicy { text, attachments_mb: number(r.get(2)?) }.clamped()))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// What is kept of each mailbox of an account.
    pub fn kept(&self, account: AccountId) -> Result<Vec<Kept>> {
        let own = self.keep_of(account)?;
        let general = own.get("").copied().unwrap_or_default();
        let now = crate::clock::now();
        let kept = |id: MailboxId, policy: KeepPolicy| Kept {
            mailbox: id,
            since: match policy.text.days() {
                None => 0,
                Some(0) => i64::MAX,
                Some(days) => now.saturating_sub(i64::from(days) * DAY),
            },
            most_bytes: policy.most_bytes(),
        };
        let states = self.mailbox_states(account)?;
        Ok(states.into_iter().map(|s| kept(s.id, own.get(&s.path).copied().unwrap_or(general))).collect())
    }

    /// What each account takes on the disk.
    pub fn disk_use(&self) -> Result<Vec<DiskUse>> {
        let held = self.cache.all(
            "SELECT m.account_id, sum(b.whole), coalesce(sum(b.bytes), 0)
             FROM (SELECT message_id, 1 AS whole, length(zstd) AS bytes FROM body
                   UNION ALL SELECT message_id, 0, length(zstd) FROM beginning) b
             JOIN message m ON m.id = b.message_id GROUP BY m.account_id",
            [],
            |r| Ok((r.get::<_, i64>(0)?, (number(r.get(1)?), r.get::<_, i64>(2)?))),
        )?;
        let all = self.cache.all("SELECT account_id, count(*) FROM message GROUP BY account_id", [], |r| {
            Ok((r.get::<_, i64>(0)?, number(r.get(1)?)))
        })?;
        let (held, all): (HashMap<i64, (u32, i64)>, HashMap<i64, u32>) = (held.into_iter().collect(), all.into_iter().collect());
        let accounts = self.accounts()?;
        Ok(accounts
            .into_iter()
            .map(|account| {
                let (whole, bytes) = held.get(&account.id.0).copied().unwrap_or_default();
                let messages = all.get(&account.id.0).copied().unwrap_or_default();
                DiskUse { account: account.id, messages, whole, bytes: u64::try_from(bytes).unwrap_or(0) }
            })
            .collect())
    }

    /// Bodies that the policy does not cover, oldest first: (message, packed bytes, whether it is too old rather than too long).
    fn beyond(&self, account: AccountId, kept: &[Kept]) -> Result<Vec<(i64, i64, bool)>> {
        let drafts = self.mailbox_by_role(account, Role::Drafts)?.map_or(0, |m| m.0);
        let rules: Vec<String> = kept.iter().map(|k| format!("[{},{},{}]", k.mailbox.0, k.since, k.most_bytes)).collect();
        let covered = |size: &str| {
            format!(
                "EXISTS (SELECT 1 FROM placement p JOIN json_each(?2) j ON json_extract(j.value, '$[0]') = p.mailbox_id
                   WHERE p.message_id = m.id AND m.date >= json_extract(j.value, '$[1]'){size})"
            )
        };
        let sql = format!(
            "SELECT m.id, length(b.zstd), NOT {young} FROM body b JOIN message m ON m.id = b.message_id
             WHERE m.account_id = ?1 AND NOT {whole}
               AND NOT EXISTS (SELECT 1 FROM placement p WHERE p.message_id = m.id
                 AND (p.removed_at IS NOT NULL OR p.waiting = 1 OR p.mailbox_id = ?3))
             ORDER BY m.date, m.id",
            young = covered(""),
            whole = covered(" AND m.size <= json_extract(j.value, '$[2]')")
        );
        let params = (account.0, format!("[{}]", rules.join(",")), drafts);
        self.cache.all(&sql, params, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
    }
}

impl Writer<'_> {
    /// Sets a policy; `None` for a mailbox: as its account has it, for an account: as Godwit has it.
    pub fn keep_set(&mut self, account: AccountId, mailbox: Option<MailboxId>, policy: Option<KeepPolicy>) -> Result<()> {
        let path = match mailbox {
            None => String::new(),
            Some(mailbox) => {
                let state = self.mailbox_state(mailbox)?;
                if state.account != account {
                    return Err(Error::invalid("This folder belongs to another account."));
                }
                state.path
            }
        };
        self.account(account)?;
        let profile = self.profile_tx()?;
        match policy.map(KeepPolicy::clamped) {
            None => profile.run("DELETE FROM keep WHERE account_id = ?1 AND mailbox_path = ?2", (account.0, path))?,
            Some(policy) => profile.run(
                "INSERT INTO keep (account_id, mailbox_path, text, attachments_mb) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account_id, mailbox_path) DO UPDATE SET text = excluded.text, attachments_mb = excluded.attachments_mb",
                (account.0, path, policy.text.word(), policy.attachments_mb),
            )?,
        };
        Ok(())
    }

    /// Drops the beginnings of mail that is too old to be kept.
    fn drop_old_beginnings(&mut self, account: AccountId, kept: &[Kept]) -> Result<u32> {
        let rules: Vec<String> = kept.iter().map(|k| format!("[{},{}]", k.mailbox.0, k.since)).collect();
        let sql = "DELETE FROM beginning WHERE message_id IN (SELECT b.message_id FROM beginning b JOIN message m ON m.id = b.message_id
             WHERE m.account_id = ?1 AND NOT EXISTS (
               SELECT 1 FROM placement p JOIN json_each(?2) j ON json_extract(j.value, '$[0]') = p.mailbox_id
               WHERE p.message_id = m.id AND m.date >= json_extract(j.value, '$[1]')) LIMIT ?3)";
        let gone = self.cache.run(sql, (account.0, format!("[{}]", rules.join(",")), DROP_ROWS))?;
        Ok(u32::try_from(gone).unwrap_or(u32::MAX))
    }

    /// Drops bodies beyond the policy, oldest first: those too old all, those only too long but for the newest of them.
    /// Answers how many went; as long as it is not 0 there may be more.
    pub fn drop_beyond(&mut self, account: AccountId) -> Result<u32> {
        let kept = self.kept(account)?;
        let beyond = self.beyond(account, &kept)?;
        let mut long: i64 = beyond.iter().filter(|(_, _, old)| !old).map(|(_, bytes, _)| bytes).sum();
        let mut dropped = self.drop_old_beginnings(account, &kept)?;
        for (message, bytes, old) in beyond {
            if dropped >= DROP_ROWS {
                break;
            }
            if !old {
                if long <= OPENED_BYTES {
                    continue;
                }
                long -= bytes;
            }
            self.cache.run("DELETE FROM body WHERE message_id = ?1", [message])?;
            self.changes.messages.insert(message);
            dropped += 1;
        }
        Ok(dropped)
    }
}
