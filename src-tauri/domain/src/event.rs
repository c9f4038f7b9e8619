//! What the engine tells the faces: that something changed, by id. They read the rest from the store.

use crate::{AccountId, Error, MailboxId, MessageId, OutboxId, PlacementId, Splice, ViewId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Said after a commit; several changes within a few milliseconds are one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Rows came, went or changed in an open list.
    ViewChanged {
        /// Which list.
        view: ViewId,
        /// Its version after this.
        version: u32,
        /// Its length after this.
        len: u32,
        /// What moved; empty where only contents changed.
        splices: Vec<Splice>,
        /// Whether rows that stay have new contents (flags, preview): read the visible ones again.
        contents: bool,
    },
    /// Folders, their names or counts changed.
    MailboxesChanged,
    /// Accounts came, went or changed.
    AccountsChanged,
    /// A sync state changed.
    StatusChanged,
    /// The outbox changed.
    OutboxChanged,
    /// A body arrived or these messages changed otherwise.
    MessagesChanged {
        /// Which.
        messages: Vec<MessageId>,
    },
    /// New unread mail in an inbox, newest first, at most 20; for a notification.
    MailArrived {
        /// The account.
        account: AccountId,
        /// The inbox.
        mailbox: MailboxId,
        /// The new ones.
        placements: Vec<PlacementId>,
    },
    /// Something a person should read: a refused action, a parked one.
    Told {
        /// What, why, and the mend.
        error: Error,
    },
}

/// What an account is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Activity {
    /// Nothing has been tried yet.
    Idle,
    /// Connecting and signing in.
    SigningIn,
    /// Fetching: `done` of `total` headers, all mailboxes together.
    Getting {
        /// So far.
        done: u32,
        /// Of.
        total: u32,
    },
    /// Everything is here as of `at` (seconds since 1970).
    UpToDate {
        /// When.
        at: i64,
    },
    /// No way to the server; `since` in seconds since 1970.
    Offline {
        /// Since when.
        since: i64,
        /// Why.
        error: Error,
    },
    /// It needs a person: password, certificate, a full disk.
    Stopped {
        /// Why, and the mend.
        error: Error,
    },
}

/// The state of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountStatus {
    /// The account.
    pub account: AccountId,
    /// What it is doing.
    pub activity: Activity,
    /// Changes made here that the server has not confirmed.
    pub waiting: u32,
}

/// A mail's way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Held back for undo, until its time.
    Held,
    /// Waits for the network or its turn.
    Queued,
    /// On the wire.
    Sending,
    /// Taken by the server; the copy in Sent is still to be made.
    Sent,
    /// Sent and filed.
    Filed,
    /// It may have gone out: the line broke after the last byte.
    Uncertain,
    /// The server refused it for good.
    Refused,
    /// Taken back by the person.
    Cancelled,
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutboxItem {
    /// Its id.
    pub id: OutboxId,
    /// The account it goes through.
    pub account: AccountId,
    /// Where it stands.
    pub state: OutboxState,
    /// Its subject.
    pub subject: String,
    /// All recipients' addresses.
    pub to: Vec<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub last_error: Option<Error>,
    /// When it may go, seconds since 1970.
    pub due: i64,
}
