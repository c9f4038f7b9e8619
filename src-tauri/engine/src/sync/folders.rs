//! Which mailboxes there are, and how far each has moved: one LIST-STATUS round trip where the server can.

use super::AccountSync;
use crate::store::MailboxState;
use godwit_domain::Result;

impl AccountSync {
    /// Lists all mailboxes, with STATUS, and keeps them. A mailbox that a complete LIST no longer names is gone.
    pub async fn discover(&self) -> Result<Vec<MailboxState>> {
        let mut listed = self.conn.list().await?;
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
        let account = self.account;
        self.store.write(crate::store::Lane::Sync, move |w| w.mailboxes_listed(account, &listed)).await
    }
}

/// Whether STATUS says that nothing happened since the last sync: then a mailbox of any size costs nothing.
pub(super) fn unchanged(state: &MailboxState) -> bool {
    let Some(seen) = state.listed else { return false };
    let same_uids = seen.uidvalidity.is_some() && seen.uidvalidity == state.uidvalidity;
    let same_next = seen.uidnext.is_some() && seen.uidnext == state.uidnext;
    let same_mods = seen.highestmodseq.is_some() && seen.highestmodseq == state.highestmodseq;
    let same_count = seen.messages == Some(state.base_messages);
    state.synced_down_to == Some(1) && same_uids && same_next && same_mods && same_count
}
