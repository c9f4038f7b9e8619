//! Which mailboxes there are, and how far each has moved: one LIST-STATUS round trip where the server can.

use super::AccountSync;
use crate::imap::Connection;
use crate::store::{Lane, MailboxState};
use godwit_domain::sync::{Listed, StatusItems};
use godwit_domain::{ErrorKind, MailboxId, Result};
use std::collections::HashSet;

impl AccountSync {
    /// Lists all mailboxes, with STATUS, and keeps them. A mailbox that LIST no longer names is gone once STATUS says so too.
    pub async fn discover(&self) -> Result<Vec<MailboxState>> {
        let account = self.account;
        let mut listed = self.conn.list().await?;
        let states = self.store.read(move |r| r.mailbox_states(account)).await?;
        // A name that is only subscribed to says nothing of a mailbox that was there: STATUS has to.
        let was_there: HashSet<&str> = states.iter().filter(|s| s.on_server && s.selectable).map(|s| s.path.as_str()).collect();
        listed.retain(|l| !(l.has("\\NonExistent") && was_there.contains(l.path.as_str())));
        let bare: Vec<String> =
            listed.iter().filter(|l| l.status.is_none() && l.selectable()).map(|l| l.wire_name.clone()).collect();
        if !bare.is_empty() {
            for (name, status) in self.conn.status_many(&bare).await? {
                // One odd mailbox does not stop the account: it is synced by SELECT without a STATUS to compare with.
                let status = match status {
                    Ok(status) => Some(status),
                    Err(error) if self.conn.is_alive() => {
                        tracing::debug!(kind = ?error.kind, "a mailbox gave no STATUS");
                        None
                    }
                    Err(error) => return Err(error),
                };
                if let Some(entry) = listed.iter_mut().find(|l| l.wire_name == name) {
                    entry.status = status;
                }
            }
        }
        let missing = self.missing_from(&listed, states).await?;
        let can = self.conn.capabilities().gmail;
        let states = self
            .store
            .write(Lane::Sync, move |w| {
                w.mailboxes_listed(account, &listed)?;
                w.labels_listed(account, &listed, can)?;
                for (mailbox, status) in &missing.there {
                    w.mailbox_status(*mailbox, status)?;
                }
                w.mailboxes_gone(account, &missing.gone)?;
                w.mailbox_states(account)
            })
            .await?;
        self.listed(&states);
        Ok(states)
    }

    /// What is here and was not listed: a line that could not be read, a server that forgot one, or a mailbox that is gone.
    /// Only a tagged NO to STATUS proves the last; for many at once a second connection has to hear it too.
    async fn missing_from(&self, listed: &[Listed], states: Vec<MailboxState>) -> Result<Missing> {
        let mut missing = Missing::default();
        let plain = |path: &'_ str| if path.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { path.to_owned() };
        let named: HashSet<String> = listed.iter().map(|l| plain(&l.path)).collect();
        if !named.contains("INBOX") {
            return Ok(missing);
        }
        let unnamed: Vec<MailboxState> = states.into_iter().filter(|s| s.on_server && !named.contains(&s.path)).collect();
        let (boxes, bare): (Vec<_>, Vec<_>) = unnamed.into_iter().partition(|s| s.selectable);
        missing.gone.extend(bare.into_iter().map(|s| s.id));
        let gone = missing.ask(&self.conn, boxes).await?;
        if gone.len() <= FEW {
            missing.gone.extend(gone.into_iter().map(|s| s.id));
            return Ok(missing);
        }
        match (self.dial)().await {
            Ok(fresh) => {
                let gone = missing.ask(&fresh, gone).await?;
                missing.gone.extend(gone.into_iter().map(|s| s.id));
            }
            // They stay until somebody else can be asked.
            Err(error) => tracing::info!(kind = ?error.kind, "many folders seem gone, and no second connection could be made"),
        }
        Ok(missing)
    }
}

/// So many mailboxes may go on one connection's word.
const FEW: usize = 3;

/// Mailboxes that LIST left out.
#[derive(Default)]
struct Missing {
    gone: Vec<MailboxId>,
    there: Vec<(MailboxId, StatusItems)>,
}

impl Missing {
    /// Answers those of which the server says that they are not there.
    async fn ask(&mut self, conn: &Connection, boxes: Vec<MailboxState>) -> Result<Vec<MailboxState>> {
        let names: Vec<String> = boxes.iter().map(|s| s.wire_name.clone()).collect();
        let mut gone = Vec::new();
        for (state, (_, status)) in boxes.into_iter().zip(conn.status_many(&names).await?) {
            match status {
                Ok(status) => self.there.push((state.id, status)),
                Err(error) if matches!(error.kind, ErrorKind::Gone | ErrorKind::Refused) => gone.push(state),
                Err(error) if conn.is_alive() => tracing::debug!(kind = ?error.kind, "a mailbox that was not listed stays"),
                Err(error) => return Err(error),
            }
        }
        Ok(gone)
    }
}

/// Whether STATUS says that nothing happened since the last sync: then a mailbox of any size costs nothing.
pub(super) fn unchanged(state: &MailboxState) -> bool {
    let Some(seen) = state.listed else { return false };
    let same_uids = seen.uidvalidity.is_some() && seen.uidvalidity == state.uidvalidity;
    let same_next = seen.uidnext.is_some() && seen.uidnext == state.uidnext;
    let same_mods = seen.highestmodseq.is_some() && seen.highestmodseq == state.highestmodseq;
    let same_count = seen.messages == Some(state.base_messages);
    let same = same_uids && same_next && same_mods && same_count;
    state.synced_down_to == Some(1) && same && !state.awaits_in_vain()
}
