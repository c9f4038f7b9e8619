//! What a message says once parsed, and what the reading pane gets of it. The shapes of `godwitctl parse` and `render`.

use crate::{AccountId, Address, MailboxId, MessageId, PlacementId, ThreadId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One attachment or inline part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attachment {
    /// Index of the part in the parsed message: how it is asked for.
    #[serde(default)]
    pub part: u32,
    /// A safe file name, never empty, never with a path or control character.
    pub name: String,
    /// Media type, lower case.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: u32,
    /// Whether it is shown in place (`Content-Disposition: inline`, or referred to by `cid:`).
    pub inline: bool,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Why it must not be opened from here ("invoice.pdf.exe" is a program); `None`: harmless kind.
    #[serde(default)]
    pub danger: Option<String>,
}

/// A message, parsed: best effort and a list of problems, never an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Parsed {
    /// Decoded subject.
    pub subject: String,
    /// From.
    pub from: Vec<Address>,
    /// Sender, where it differs from From.
    #[serde(default)]
    pub sender: Vec<Address>,
    /// Reply-To.
    #[serde(default)]
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    #[serde(default)]
    pub bcc: Vec<Address>,
    /// The Date header as RFC 3339 with the sender's offset; `None` where missing or unreadable.
    pub date: Option<String>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To ids without angle brackets.
    pub in_reply_to: Vec<String>,
    /// References ids without angle brackets, oldest first.
    pub references: Vec<String>,
    /// The text as plain text: the text parts, or made from HTML where there is none.
    pub text: String,
    /// The HTML as the sender wrote it, unsanitised; `None` for a plain message. Never shown as it is.
    pub html: Option<String>,
    /// Attachments and inline parts, in order.
    pub attachments: Vec<Attachment>,
    /// What was broken, in plain words.
    pub problems: Vec<String>,
}

/// What kind of remote thing a message wants to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RemoteKind {
    /// A picture.
    Image,
    /// A picture that is there to watch the reader (1x1, or a known tracker).
    Tracker,
    /// A style sheet or font.
    Style,
    /// Sound, video, frames and all else; never loaded.
    Other,
}

/// One remote thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Remote {
    /// Its address.
    pub url: String,
    /// What it is.
    pub kind: RemoteKind,
    /// Whether it stays out.
    pub blocked: bool,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Link {
    /// What the reader sees.
    pub text: String,
    /// Where it goes.
    pub url: String,
    /// Why to be careful (the text names another host, a look-alike, an address literal); `None`: nothing odd.
    pub warning: Option<String>,
}

/// How far the sender is who the message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VerdictLevel {
    /// The domain vouches for it.
    Confirmed,
    /// Nothing known either way.
    Unknown,
    /// Something is odd.
    Careful,
    /// The domain says it is forged.
    Forged,
}

/// One verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Verdict {
    /// The level.
    pub level: VerdictLevel,
    /// Why, in plain sentences.
    pub reasons: Vec<String>,
}

/// What the reading pane shows of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Rendered {
    /// Sanitised HTML with every remote load out (or, with leave, pointed at the engine); the text as HTML where the message is plain.
    pub html: String,
    /// Plain text.
    pub text: String,
    /// Remote things it wanted.
    pub remote: Vec<Remote>,
    /// Links in order; the frame knows them by index only.
    pub links: Vec<Link>,
    /// Attachments and inline parts.
    pub attachments: Vec<Attachment>,
    /// The sender's verdict.
    pub verdict: Verdict,
    /// What was broken.
    pub problems: Vec<String>,
}

/// An opened message as the window gets it: everything but the body, which travels over the message scheme under `token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenedMessage {
    /// Which placement was opened.
    pub id: PlacementId,
    /// Its content.
    pub message: MessageId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Its account.
    pub account: AccountId,
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Decoded subject.
    pub subject: String,
    /// From.
    pub from: Vec<Address>,
    /// Reply-To, where it differs from From.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Seconds since 1970, UTC.
    pub date: i64,
    /// Flags as shown.
    pub flags: Vec<String>,
    /// Labels.
    pub labels: Vec<String>,
    /// Random token: the body is at `<scheme>://localhost/<token>/body`, parts at `/part/<n>`.
    pub token: String,
    /// Whether remote images are loaded in this rendering.
    pub remote_loaded: bool,
    /// Remote things it wanted.
    pub remote: Vec<Remote>,
    /// Links, by index as the frame reports them.
    pub links: Vec<Link>,
    /// Attachments that are not shown in place.
    pub attachments: Vec<Attachment>,
    /// The sender's verdict.
    pub verdict: Verdict,
    /// What was broken.
    pub problems: Vec<String>,
}

/// A message out of a file, as the window gets it. It belongs to no account, so nothing can be done to it but reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenedFile {
    /// The file's name, without its folders.
    pub name: String,
    /// Decoded subject.
    pub subject: String,
    /// From.
    pub from: Vec<Address>,
    /// Reply-To, where it differs from From.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Seconds since 1970, UTC; `None` where it says none.
    pub date: Option<i64>,
    /// Random token: the body is at `<scheme>://localhost/<token>/body`, parts at `/part/<n>`.
    pub token: String,
    /// Whether remote images are loaded in this rendering.
    pub remote_loaded: bool,
    /// Remote things it wanted.
    pub remote: Vec<Remote>,
    /// Links, by index as the frame reports them.
    pub links: Vec<Link>,
    /// Attachments that are not shown in place.
    pub attachments: Vec<Attachment>,
    /// The sender's verdict.
    pub verdict: Verdict,
    /// What was broken.
    pub problems: Vec<String>,
}

/// One message of a conversation, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConversationItem {
    /// A placement of it; the one in the asked mailbox where there are several.
    pub id: PlacementId,
    /// Its content.
    pub message: MessageId,
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Senders.
    pub from: Vec<Address>,
    /// Seconds since 1970, UTC.
    pub date: i64,
    /// First words.
    pub preview: String,
    /// Flags as shown.
    pub flags: Vec<String>,
    /// Whether it was sent from this account's address.
    pub own: bool,
    /// Whether it has attachments, as far as known.
    pub attachments: bool,
}
