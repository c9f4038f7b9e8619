//! Drafts as the composer and the store know them.

use crate::{AccountId, Address, DraftId, PlacementId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What to start a mail from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ComposeFrom {
    /// Nothing.
    Nothing {
        /// The account, or the first.
        account: Option<AccountId>,
    },
    /// An answer to the sender, or to all.
    Reply {
        /// To what.
        id: PlacementId,
        /// To all.
        all: bool,
    },
    /// Hand a message on, with its attachments.
    Forward {
        /// Which.
        id: PlacementId,
    },
    /// A `mailto:` address (RFC 6068); only to, cc, bcc, subject, body and in-reply-to are taken.
    Mailto {
        /// The whole URL.
        url: String,
    },
    /// A draft of this profile, again.
    Draft {
        /// Which.
        draft: DraftId,
    },
    /// A message in a Drafts mailbox.
    Message {
        /// Which.
        id: PlacementId,
    },
}

/// An attachment of a draft; its bytes lie in the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DraftAttachment {
    /// Its id within the draft.
    pub id: String,
    /// Safe file name.
    pub name: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Bytes.
    pub size: u32,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// The account (and so the identity) it goes out from.
    pub account: AccountId,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Subject.
    pub subject: String,
    /// The person's text as HTML out of the composer (sanitised again here); `None`: a plain-text mail.
    pub html: Option<String>,
    /// The person's text as plain text.
    pub text: String,
    /// The quoted original as sanitised HTML (rich) and text (plain), a sealed block until edited; empty for none.
    pub quote_html: String,
    /// See `quote_html`.
    pub quote_text: String,
    /// Attachments.
    pub attachments: Vec<DraftAttachment>,
    /// Message-ID of what it answers, without angle brackets.
    pub in_reply_to: Option<String>,
    /// References, oldest first.
    pub references: Vec<String>,
    /// The placement it answers or hands on: marked `\Answered` or `$Forwarded` once sent.
    pub answers: Option<PlacementId>,
    /// Whether `answers` is handed on instead of answered.
    pub forwards: bool,
    /// Seconds since 1970 of the last save; 0: never.
    pub saved_at: i64,
}

/// A proposal while typing an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Contact {
    /// Name and address.
    pub address: Address,
    /// How many mails went either way.
    pub mails: u32,
}
