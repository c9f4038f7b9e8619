//! Verbs as data: the one `Action` behind every button, key, menu, command, receipt and test.

use crate::{MailboxId, PlacementId, ReceiptId, ViewId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// Set and clear flags or labels (IMAP keywords, Gmail's labels), by their names: `\Seen`, `\Flagged`, `Work`.
    Mark {
        /// To be set.
        add: Vec<String>,
        /// To be cleared.
        remove: Vec<String>,
    },
    /// Move to a mailbox.
    Move {
        /// Where to.
        to: MailboxId,
    },
    /// Copy to a mailbox.
    Copy {
        /// Where to.
        to: MailboxId,
    },
    /// Move to the account's archive, which is made where there is none.
    Archive,
    /// Move to the account's trash; what lies in trash or junk is refused here (see `DeleteForGood`).
    Delete,
    /// Expunge. Can't be undone on the server.
    DeleteForGood,
    /// Move to junk and mark `$Junk`.
    Junk,
    /// Move to the inbox and mark `$NotJunk`.
    NotJunk,
}

/// On what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Targets {
    /// These. In a threaded list each id stands for its conversation's placements in the same mailbox when `threads` is set.
    Ids {
        /// The placements.
        ids: Vec<PlacementId>,
        /// Whether each stands for its conversation in that mailbox.
        threads: bool,
        /// The open view they were chosen in: where folders are labels, a move takes a message out of that one.
        #[serde(default)]
        #[ts(optional)]
        view: Option<ViewId>,
    },
    /// All rows of an open view but these: 100,000 ids never cross the boundary.
    AllBut {
        /// The view.
        view: ViewId,
        /// What is left out.
        except: Vec<PlacementId>,
    },
}

impl Targets {
    /// Exactly these placements.
    pub fn ids(ids: impl Into<Vec<PlacementId>>) -> Self {
        Self::Ids { ids: ids.into(), threads: false, view: None }
    }
}

/// A verb and its targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Action {
    /// What to do.
    #[serde(flatten)]
    pub verb: Verb,
    /// On what.
    pub targets: Targets,
}

/// What an action did here at once; the server follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Performed {
    /// What undoes it; `None` where nothing changed or nothing can be undone.
    pub receipt: Option<ReceiptId>,
    /// How many messages it touched.
    pub count: u32,
    /// What happened in words: "Archived 3 messages".
    pub said: String,
}

/// What an undo could do (rule W5: where things have moved on since, it leaves them and says so).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Undone {
    /// Brought back.
    pub undone: u32,
    /// Left as they are, because they changed since.
    pub skipped: u32,
    /// In words: "3 of 5 undone; 2 were changed elsewhere since".
    pub said: String,
}
