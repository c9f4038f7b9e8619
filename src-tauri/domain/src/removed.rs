//! What was removed lately: gone from its server, still kept here for a week.

use crate::{AccountId, Address, PlacementId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whether a removed message can come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Return {
    /// All of it is here.
    Possible,
    /// It was asked for and waits for the server.
    Waiting,
    /// Only its header is here.
    HeaderOnly,
}

/// A removed message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Removed {
    /// What `restore` takes.
    pub id: PlacementId,
    /// Its account.
    pub account: AccountId,
    /// Path of the mailbox in which it lay.
    pub mailbox: String,
    /// Decoded subject.
    pub subject: String,
    /// Senders.
    pub from: Vec<Address>,
    /// Seconds since 1970, UTC.
    pub date: i64,
    /// When it was removed, as far as this machine knows; seconds since 1970.
    pub removed_at: i64,
    /// When it is cleared away here too.
    pub kept_until: i64,
    /// Its size in bytes.
    pub size: u32,
    /// Whether it can come back.
    pub comes_back: Return,
}

/// The newest removed messages of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemovedList {
    /// How many there are in all.
    pub total: u32,
    /// The last removed first.
    pub messages: Vec<Removed>,
}
