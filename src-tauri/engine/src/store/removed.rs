//! What was removed within the last week: listed, and asked back by wants that an APPEND fulfils.
//! Once such a message is on its server again, the sync that reads it there gives it its old row back.

use super::going::KEEP_REMOVED_SECS;
use super::placement::Placement;
use super::reader::{Reader, number};
use super::receipt::Item;
use super::text::unpack;
use super::writer::Writer;
use godwit_domain::{
    AccountId, Error, Event, Flags, MailboxId, Performed, PlacementId, Removed, RemovedList, Result, Return, Role, Verb, labels,
};
use std::collections::HashSet;

/// The most that one list shows.
const MOST: u32 = 1_000;

impl Reader<'_> {
    /// What was removed lately from an account, last removed first.
    pub fn removed(&self, account: AccountId, limit: u32) -> Result<RemovedList> {
        let waiting = self.coming_back()?;
        let messages = self.cache.all(
            "SELECT p.id, b.path, m.subject, m.sender, m.date, p.removed_at, m.size,
               EXISTS (SELECT 1 FROM body WHERE body.message_id = m.id)
             FROM placement p JOIN message m ON m.id = p.message_id JOIN mailbox b ON b.id = p.mailbox_id
             WHERE p.removed_at IS NOT NULL AND m.account_id = ?1 ORDER BY p.removed_at DESC, p.id DESC LIMIT ?2",
            (account.0, limit.min(MOST)),
            |r| {
                let (id, removed_at) = (r.get::<_, i64>(0)?, r.get::<_, i64>(5)?);
                let comes_back = match (waiting.contains(&id), r.get(7)?) {
                    (true, _) => Return::Waiting,
                    (false, true) => Return::Possible,
                    (false, false) => Return::HeaderOnly,
                };
                Ok(Removed {
                    id: PlacementId(id),
                    account,
                    mailbox: r.get(1)?,
                    subject: r.get(2)?,
                    from: unpack(r.get_ref(3)?.as_str()?),
                    date: r.get(4)?,
                    removed_at,
                    kept_until: removed_at.saturating_add(KEEP_REMOVED_SECS),
                    size: number(r.get(6)?),
                    comes_back,
                })
            },
        )?;
        let count = "SELECT count(*) FROM placement p JOIN message m ON m.id = p.message_id
             WHERE p.removed_at IS NOT NULL AND m.account_id = ?1";
        let total = self.cache.one(count, [account.0], |r| r.get::<_, i64>(0))?.map_or(0, number);
        Ok(RemovedList { total, messages })
    }

    /// Removed messages that were asked back.
    pub(super) fn coming_back(&self) -> Result<HashSet<i64>> {
        let sql = "SELECT placement_id FROM copy_intent WHERE target_account_id = account_id";
        Ok(self.profile.all(sql, [], |r| r.get(0))?.into_iter().collect())
    }
}

impl Writer<'_> {
    /// Asks removed messages back: into the folder in which each lay, or the inbox where that was trash, junk, or is gone.
    pub fn restore(&mut self, ids: &[PlacementId]) -> Result<Performed> {
        let waiting = self.coming_back()?;
        let (mut items, mut places, mut known) = (Vec::new(), HashSet::new(), 0u32);
        for part in ids.chunks(1_000) {
            for row in self.placements(part.iter().map(|id| id.0))? {
                if row.removed_at.is_none() || waiting.contains(&row.id) {
                    continue;
                }
                known += 1;
                if self.body_size(godwit_domain::MessageId(row.message))?.is_none() {
                    continue;
                }
                let path = self.way_back(&row)?;
                let copy = self.profile_tx()?.insert(
                    "INSERT INTO copy_intent (placement_id, account_id, identity, target_path, target_account_id)
                     VALUES (?1, ?2, ?3, ?4, ?2)",
                    (row.id, row.account, row.identity, &path),
                )?;
                places.insert(path);
                items.push(item(&row, copy));
            }
        }
        if items.is_empty() {
            return Err(match known {
                0 => Error::gone("These messages are not among the removed any more."),
                _ => Error::gone("All that was kept of this is its header: it can't come back.").mend("Look for it in a backup."),
            });
        }
        self.tell(Event::StatusChanged);
        let count = number(i64::try_from(items.len()).unwrap_or(i64::MAX));
        let what = if count == 1 { "1 message comes".to_owned() } else { format!("{count} messages come") };
        let said = match (places.iter().next(), places.len()) {
            (Some(path), 1) => format!("{what} back to {}", if path == "INBOX" { "Inbox" } else { path }),
            _ => format!("{what} back"),
        };
        let receipt = Some(self.keep_receipt(&said, &items)?);
        Ok(Performed { receipt, count, said })
    }

    fn way_back(&mut self, row: &Placement) -> Result<String> {
        match self.mailbox_state(MailboxId(row.mailbox)) {
            // Where folders are labels it comes into the inbox if it lay there: an APPEND puts one label on.
            Ok(_) if row.base.labels.contains(labels::INBOX) => {
                let inbox = self.mailbox_for(AccountId(row.account), Role::Inbox)?;
                self.path(inbox)
            }
            Ok(state) if state.selectable && !matches!(state.role, Some(Role::Trash | Role::Junk)) => Ok(state.path),
            Ok(_) | Err(_) => {
                let inbox = self.mailbox_for(AccountId(row.account), Role::Inbox)?;
                self.path(inbox)
            }
        }
    }

    /// Deletes all that is shown in a trash or junk folder for good; it goes among the removed.
    pub fn mailbox_empty(&mut self, mailbox: MailboxId) -> Result<Performed> {
        let state = self.mailbox_state(mailbox)?;
        if !matches!(state.role, Some(Role::Trash | Role::Junk)) {
            return Err(Error::invalid(format!("{} is neither Trash nor Junk.", state.path)).mend("Only those can be emptied."));
        }
        let ids = self
            .cache
            .all("SELECT placement_id FROM membership WHERE mailbox_id = ?1", [mailbox.0], |r| Ok(PlacementId(r.get(0)?)))?;
        if ids.is_empty() {
            return Ok(Performed { receipt: None, count: 0, said: "Nothing to change".to_owned() });
        }
        self.perform(&Verb::DeleteForGood, &ids)
    }
}

fn item(row: &Placement, copy: i64) -> Item {
    Item { placement: row.id, account: row.account, paths: None, set: Flags::none(), cleared: Flags::none(), copy: Some(copy) }
}
