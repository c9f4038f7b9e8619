//! What is kept on this machine for reading without a network: headers always, the rest by policy.

use crate::{AccountId, MailboxId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Of which mail the text is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeepText {
    /// Of all mail.
    #[default]
    All,
    /// Of the last 365 days.
    Year,
    /// Of the last 30 days.
    Month,
    /// Of none; what is opened is fetched each time anew.
    None,
}

impl KeepText {
    /// How far back, in days; `None`: all.
    pub const fn days(self) -> Option<u32> {
        match self {
            Self::All => None,
            Self::Year => Some(365),
            Self::Month => Some(30),
            Self::None => Some(0),
        }
    }

    /// The word the store and the command line use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Year => "year",
            Self::Month => "month",
            Self::None => "none",
        }
    }

    /// The other way.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::All, Self::Year, Self::Month, Self::None].into_iter().find(|t| t.word() == word)
    }
}

/// The policy of an account or of one mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeepPolicy {
    /// Of which mail the text is kept.
    pub text: KeepText,
    /// Mail with attachments is fetched ahead up to this many MB; 0: when it is opened.
    pub attachments_mb: u32,
}

/// Mail up to this size is kept whole, whatever is attached; larger mail as `attachments_mb` says, else only its text.
const TEXT_BYTES: u32 = 256 << 10;
/// The most that can be chosen.
const MOST_MB: u32 = 25;

impl KeepPolicy {
    /// Mail up to this many bytes is fetched ahead.
    pub const fn most_bytes(self) -> u32 {
        if self.attachments_mb == 0 { TEXT_BYTES } else { self.attachments_mb << 20 }
    }

    /// The same with every number in its range.
    #[must_use]
    pub const fn clamped(mut self) -> Self {
        if self.attachments_mb > MOST_MB {
            self.attachments_mb = MOST_MB;
        }
        self
    }
}

/// A policy and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeepSetting {
    /// The account.
    pub account: AccountId,
    /// The mailbox; `None`: the account, where no mailbox says otherwise.
    pub mailbox: Option<MailboxId>,
    /// What is kept.
    pub policy: KeepPolicy,
}

/// What an account takes on this machine's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiskUse {
    /// The account.
    pub account: AccountId,
    /// Messages whose headers are here.
    pub messages: u32,
    /// Those of them that are here whole.
    pub whole: u32,
    /// Bytes that these take, packed.
    pub bytes: u64,
}
