//! Local identifiers. Every id on screen is one of these: local, and stable across moves, restarts and UIDVALIDITY.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "number")]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// An account (profile.db).
    AccountId;
    /// A mailbox (cache.db).
    MailboxId;
    /// A message's content, shared by its placements (cache.db).
    MessageId;
    /// A message's presence in a mailbox: what lists show and verbs act on; `MESSAGE` on the command line (cache.db).
    PlacementId;
    /// A conversation (cache.db).
    ThreadId;
    /// What one action did and how to undo it (profile.db).
    ReceiptId;
    /// A draft (profile.db).
    DraftId;
    /// A mail that waits to be sent, or was (profile.db).
    OutboxId;
    /// An open list; lives as long as the process.
    ViewId;
}
