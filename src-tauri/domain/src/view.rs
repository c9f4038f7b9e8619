//! Lists as views: what can be asked of them, their rows, and how they change.

use crate::{AccountId, MailboxId, MessageId, PlacementId, Role, ThreadId, ViewId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which mailboxes a list covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Scope {
    /// One mailbox.
    Mailbox {
        /// Which.
        mailbox: MailboxId,
    },
    /// The mailboxes of this role in every account ("All inboxes").
    Role {
        /// Which role.
        role: Role,
    },
    /// Every mailbox but trash and junk.
    Everywhere,
}

/// Which rows of the scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// Without `\Seen`.
    Unread,
    /// With `\Flagged`.
    Starred,
}

/// What a list shows, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ViewSpec {
    /// Where.
    pub scope: Scope,
    /// Which.
    pub filter: Filter,
    /// One row per conversation.
    pub threaded: bool,
    /// Words that subject, sender, recipients or preview must contain; `None` or blank: no search.
    pub search: Option<String>,
}

/// A list was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ViewOpened {
    /// Its id, for windows and for `Targets::AllBut`.
    pub view: ViewId,
    /// How many rows it has.
    pub len: u32,
    /// Its version; `ViewChanged` counts on from here.
    pub version: u32,
}

/// An address with its display name, decoded, both possibly empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Address {
    /// Display name.
    pub name: String,
    /// `local@domain` as written.
    pub address: String,
}

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Row {
    /// What verbs act on.
    pub id: PlacementId,
    /// Its content.
    pub message: MessageId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Its account.
    pub account: AccountId,
    /// The mailbox it is shown in.
    pub mailbox: MailboxId,
    /// UID in that mailbox, once the server has told it.
    pub uid: Option<u32>,
    /// Decoded subject; may be empty.
    pub subject: String,
    /// Senders.
    pub from: Vec<Address>,
    /// First recipients, at most 4: what a Sent or Drafts list shows.
    pub to: Vec<Address>,
    /// Seconds since 1970, UTC.
    pub date: i64,
    /// System flags and known keywords as shown (wanted state applied).
    pub flags: Vec<String>,
    /// Other keywords.
    pub labels: Vec<String>,
    /// RFC822.SIZE in bytes.
    pub size: u32,
    /// Whether it has attachments, as far as known.
    pub attachments: bool,
    /// First words of the text; may be empty until fetched.
    pub preview: String,
    /// Messages in the conversation, at least 1. In a threaded list the row is unread or starred if any of them in this list is.
    pub count: u32,
    /// Whether something wanted is not yet confirmed by the server.
    pub waiting: bool,
}

impl Row {
    /// Without `\Seen`.
    pub fn unread(&self) -> bool {
        !self.flags.iter().any(|f| f == "\\Seen")
    }
}

/// A change of an open view: at `at`, `removed` rows went and `inserted` came. Applied in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Splice {
    /// Index in the view as it stood after the splices before this one.
    pub at: u32,
    /// Rows that went.
    pub removed: u32,
    /// Rows that came.
    pub inserted: u32,
}
