//! Writing mail: from a draft to bytes, and from a message to the draft of an answer. The only room that names `mail_builder`.
//! No clock, no randomness: date and Message-ID are handed in, once.

mod answer;
mod build;
mod check;
mod mailto;
mod ready;

pub use answer::{forward, reply, resume};
pub use build::{DRAFT_FIELD, Envelope, build, build_kept, envelope};
pub use check::{DraftProblem, check};
pub use mailto::mailto;
pub use ready::{Ready, ready};

use crate::{AccountId, Address, Draft, DraftId};

/// What a draft starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// Subject.
    pub subject: String,
    /// Own text, where there is some already.
    pub text: String,
    /// Own text as HTML.
    pub html: Option<String>,
    /// The quoted original as sanitised HTML.
    pub quote_html: String,
    /// The quoted original as text.
    pub quote_text: String,
    /// What it answers.
    pub in_reply_to: Option<String>,
    /// The chain, oldest first.
    pub references: Vec<String>,
    /// Parts of the original (indexes of `Parsed::attachments`) that go along.
    pub parts: Vec<u32>,
    /// Whether the original is handed on instead of answered.
    pub forwards: bool,
}

impl Start {
    /// A draft of it, not yet saved; attachments are put in by whoever holds the bytes.
    pub fn into_draft(self, id: DraftId, account: AccountId) -> Draft {
        Draft {
            id,
            account,
            to: self.to,
            cc: self.cc,
            bcc: self.bcc,
            subject: self.subject,
            html: self.html,
            text: self.text,
            quote_html: self.quote_html,
            quote_text: self.quote_text,
            attachments: Vec::new(),
            in_reply_to: self.in_reply_to,
            references: self.references,
            answers: None,
            forwards: self.forwards,
            saved_at: 0,
        }
    }
}
