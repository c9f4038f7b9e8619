//! Intents whose placement the cache does not know (it was built anew): held in memory until their rows arrive again.
//! Binding itself happens where rows arrive; what never arrives is given up once all of the account was compared.

use super::intent::Intent;
use super::reader::Reader;
use super::writer::Writer;
use godwit_domain::{AccountId, Error, Event, Result};
use std::collections::{HashMap, HashSet};

/// The unbound intents by account and mailbox path.
#[derive(Default)]
pub(super) struct Unbound {
    by_mailbox: HashMap<(i64, String), Vec<Intent>>,
    copies: Vec<UnboundCopy>,
    /// Changed in a transaction that is not committed yet.
    pub(super) dirty: bool,
}

/// A wanted copy whose source the cache does not know.
struct UnboundCopy {
    id: i64,
    account: i64,
    identity: [u8; 16],
}

impl Unbound {
    pub(super) fn load(reader: Reader<'_>) -> Result<Self> {
        let mut by_mailbox: HashMap<(i64, String), Vec<Intent>> = HashMap::new();
        let intents = reader.intents()?;
        let known = reader.placements(intents.iter().map(|i| i.placement))?;
        let known: HashSet<i64> = known.iter().map(|p| p.id).collect();
        for intent in intents.into_iter().filter(|i| !known.contains(&i.placement)) {
            by_mailbox.entry((intent.account, intent.mailbox_path.clone())).or_default().push(intent);
        }
        let copies =
            reader.profile.all("SELECT id, account_id, identity, placement_id FROM copy_intent ORDER BY id", [], |r| {
                Ok((UnboundCopy { id: r.get(0)?, account: r.get(1)?, identity: r.get(2)? }, r.get::<_, i64>(3)?))
            })?;
        let sources: HashSet<i64> = reader.placements(copies.iter().map(|(_, of)| *of))?.iter().map(|p| p.id).collect();
        let copies = copies.into_iter().filter(|(_, of)| !sources.contains(of)).map(|(copy, _)| copy).collect();
        Ok(Self { by_mailbox, copies, dirty: false })
    }

    /// Whether any copy waits for its source.
    pub(super) fn has_copies(&self) -> bool {
        !self.copies.is_empty()
    }

    /// The source of a copy went from the cache and may come again under another row.
    pub(super) fn copy_waits(&mut self, id: i64, account: i64, identity: [u8; 16]) {
        self.dirty = true;
        self.copies.push(UnboundCopy { id, account, identity });
    }

    /// Takes the copies whose source just arrived.
    pub(super) fn take_copies(&mut self, account: i64, identity: &[u8; 16]) -> Vec<i64> {
        let mine = |c: &UnboundCopy| c.account == account && c.identity == *identity;
        let ids: Vec<i64> = self.copies.iter().filter(|c| mine(c)).map(|c| c.id).collect();
        if !ids.is_empty() {
            self.dirty = true;
            self.copies.retain(|c| !mine(c));
        }
        ids
    }

    /// Those that name a UID: (account, path, UIDVALIDITY, UID).
    pub(super) fn named(&self) -> Vec<(i64, String, u32, u32)> {
        let all = self.by_mailbox.iter().flat_map(|((account, path), list)| {
            list.iter().filter_map(move |i| Some((*account, path.clone(), i.uidvalidity, i.uid?)))
        });
        all.collect()
    }

    pub(super) fn of(&self, account: i64, path: &str) -> bool {
        !self.by_mailbox.is_empty() && self.by_mailbox.contains_key(&(account, path.to_owned()))
    }

    /// Takes all that waits in the account: intents and copies. What is on its way to another account is for the carrying
    /// to end.
    fn take_homeless(&mut self, account: i64) -> (Vec<Intent>, Vec<i64>) {
        let mut intents = Vec::new();
        for ((of, _), list) in &mut self.by_mailbox {
            if *of == account {
                intents.extend(list.extract_if(.., |i| i.target_account.is_none()));
            }
        }
        let copies: Vec<i64> = self.copies.iter().filter(|c| c.account == account).map(|c| c.id).collect();
        self.copies.retain(|c| c.account != account);
        self.by_mailbox.retain(|_, list| !list.is_empty());
        self.dirty |= !intents.is_empty() || !copies.is_empty();
        (intents, copies)
    }

    pub(super) fn forget(&mut self, account: i64) {
        self.dirty = true;
        self.by_mailbox.retain(|(of, _), _| *of != account);
        self.copies.retain(|c| c.account != account);
    }

    /// Takes the intent that a row which just arrived belongs to: by UID under the same UIDVALIDITY, else by an identity
    /// that only one intent has.
    pub(super) fn take(&mut self, account: i64, path: &str, row: &super::placement::Placement) -> Option<Intent> {
        let key = (account, path.to_owned());
        let list = self.by_mailbox.get_mut(&key)?;
        let same_uid =
            |i: &Intent| i.uid.is_some() && i.uid == row.uid && i.uidvalidity == row.uidvalidity && i.identity == row.identity;
        let at = list.iter().position(same_uid).or_else(|| {
            let mut alike = list
                .iter()
                .enumerate()
                .filter(|(_, i)| i.identity == row.identity && (i.uidvalidity != row.uidvalidity || i.uid.is_none()));
            let first = alike.next().map(|(at, _)| at);
            if alike.next().is_some() { None } else { first }
        })?;
        self.dirty = true;
        let intent = list.swap_remove(at);
        if list.is_empty() {
            self.by_mailbox.remove(&key);
        }
        Some(intent)
    }
}

impl Writer<'_> {
    /// Every mailbox of the account is whole here and was compared with its server: what was wanted of messages that are in
    /// none of them is over. Removals have come true; the rest is told.
    pub fn give_up_homeless(&mut self, account: AccountId) -> Result<()> {
        let (intents, copies) = self.unbound.take_homeless(account.0);
        if intents.is_empty() && copies.is_empty() {
            return Ok(());
        }
        let wants = |i: &&Intent| !i.gone && (i.target_path.is_some() || !i.edit.add.is_empty() || !i.edit.del.is_empty());
        let told = copies.len() + intents.iter().filter(wants).count();
        for intent in intents {
            self.profile_tx()?.run("DELETE FROM intent WHERE placement_id = ?1", [intent.placement])?;
        }
        for copy in copies {
            self.profile_tx()?.run("DELETE FROM copy_intent WHERE id = ?1", [copy])?;
        }
        self.tell(Event::StatusChanged);
        if told > 0 {
            let what = match told {
                1 => "A change that waited was for a message that is not on the server any more.".to_owned(),
                n => format!("{n} changes that waited were for messages that are not on the server any more."),
            };
            self.tell_error(Error::gone(what).mend("Another device may have moved or removed them; look there."));
        }
        Ok(())
    }
}
