//! What a push does otherwise where folders are labels. Gmail's EXPUNGE takes a label off, or moves to trash, or removes for good, as a
//! person has set it there; only in Trash and Spam does it always remove. So what is to go for good goes by the trash.

use super::AccountSync;
use crate::store::{MailboxState, Want};
use godwit_domain::sync::Wish;
use godwit_domain::{Error, ErrorKind, FlagEdit, MailboxId, PlacementId, Result, Role};
use std::collections::HashSet;

impl AccountSync {
    /// Sends what is to be expunged to trash first; what is there already is expunged. No other server's wishes change.
    pub(super) async fn by_trash(&self, mut wishes: Vec<Wish>) -> Result<Vec<Wish>> {
        if !self.conn.capabilities().gmail {
            // Where labels were and are no more, the next LIST takes back what was wanted of them.
            wishes.iter_mut().for_each(|wish| wish.edit = wish.edit.without_labels());
            return Ok(wishes);
        }
        let account = self.account;
        let states = self.store.read(move |r| r.mailbox_states(account)).await?;
        let ends = |state: &&MailboxState| matches!(state.role, Some(Role::Trash | Role::Junk));
        let last: HashSet<MailboxId> = states.iter().filter(ends).map(|s| s.id).collect();
        let trash = states.iter().find(|s| s.role == Some(Role::Trash) && s.on_server && s.selectable).map(|s| s.id);
        let (mut out, mut stay) = (Vec::with_capacity(wishes.len()), Vec::new());
        for wish in wishes {
            match trash {
                _ if !wish.gone || last.contains(&wish.mailbox) => out.push(wish),
                Some(_) => out.push(Wish { gone: false, target: trash, edit: FlagEdit::default(), ..wish }),
                None => stay.push(wish.placement),
            }
        }
        self.no_trash(stay).await?;
        Ok(out)
    }

    async fn no_trash(&self, placements: Vec<PlacementId>) -> Result<()> {
        if placements.is_empty() {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Refused, "The account's Trash is not to be seen, so nothing can be deleted for good.")
            .mend("Show it in the account's settings for IMAP, on the provider's page.");
        self.refuse(&placements, &Want::Gone, error, true).await
    }
}
