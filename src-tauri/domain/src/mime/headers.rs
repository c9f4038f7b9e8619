//! What a list needs of a message: its header fields, parsed.

use crate::Address;

/// Parsed header fields. Never fails: what can't be read is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// Decoded subject.
    pub subject: String,
    /// From (Sender where From is missing).
    pub from: Vec<Address>,
    /// Reply-To.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Date header, seconds since 1970 UTC.
    pub date: Option<i64>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To ids, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// References ids, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// Guess from Content-Type (multipart/mixed, or a top-level type that is neither text nor multipart).
    pub maybe_attachments: bool,
    /// List-Id, where there is one.
    pub list_id: Option<String>,
    /// 16 bytes that two copies of the same message share: SHA-256 of the header bytes as fetched, cut.
    pub identity: [u8; 16],
}
