//! What a server says of mailboxes and messages, free of any wire syntax.

use crate::Flags;
use crate::labels::Labels;
use crate::mime::Headers;

/// STATUS items; what the server did not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusItems {
    /// MESSAGES
    pub messages: Option<u32>,
    /// UIDNEXT
    pub uidnext: Option<u32>,
    /// UIDVALIDITY
    pub uidvalidity: Option<u32>,
    /// UNSEEN
    pub unseen: Option<u32>,
    /// HIGHESTMODSEQ
    pub highestmodseq: Option<u64>,
}

/// A mailbox as LIST gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name exactly as the server spells it (modified UTF-7, or UTF-8 after UTF8=ACCEPT): what commands use.
    pub wire_name: String,
    /// The name decoded to UTF-8: what people see.
    pub path: String,
    /// Hierarchy delimiter.
    pub delimiter: Option<char>,
    /// Attributes as spelled: `\Sent`, `\Noselect`, `\HasChildren`.
    pub attributes: Vec<String>,
    /// Whether the account is subscribed.
    pub subscribed: bool,
    /// STATUS, where it came along.
    pub status: Option<StatusItems>,
}

impl Listed {
    /// Whether the attribute is there, without regard to case.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|a| a.eq_ignore_ascii_case(attribute))
    }

    /// Whether messages can be in it.
    pub fn selectable(&self) -> bool {
        !self.has("\\Noselect") && !self.has("\\NonExistent")
    }
}

/// Flags of one message as the server has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFlags {
    /// UID
    pub uid: u32,
    /// FLAGS
    pub flags: Flags,
    /// X-GM-LABELS; `None`: not told.
    pub labels: Option<Labels>,
    /// MODSEQ
    pub modseq: Option<u64>,
}

/// What the server itself knows a message by; `None`: not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// The same in every folder: X-GM-MSGID, or EMAILID (RFC 8474) as `object_id` makes a number of it.
    pub email_id: Option<u64>,
    /// Its conversation: X-GM-THRID, or THREADID.
    pub thread_id: Option<u64>,
    /// X-GM-LABELS
    pub labels: Option<Labels>,
}

/// One message's header fields and facts as fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedHeader {
    /// UID
    pub uid: u32,
    /// FLAGS
    pub flags: Flags,
    /// MODSEQ
    pub modseq: Option<u64>,
    /// INTERNALDATE, seconds since 1970 UTC; `None` where the server gave none.
    pub internal_date: Option<i64>,
    /// RFC822.SIZE
    pub size: Option<u32>,
    /// PREVIEW (RFC 8970), where it was asked for and the server has it.
    pub preview: Option<String>,
    /// What the server knows it by.
    pub facts: ServerFacts,
    /// The header fields as they came.
    pub header: Vec<u8>,
}

/// A message ready for the store: fetched and its header parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlacement {
    /// UID
    pub uid: u32,
    /// FLAGS
    pub flags: Flags,
    /// MODSEQ
    pub modseq: Option<u64>,
    /// INTERNALDATE, seconds since 1970 UTC.
    pub internal_date: Option<i64>,
    /// RFC822.SIZE
    pub size: u32,
    /// What the server knows it by.
    pub facts: ServerFacts,
    /// Parsed header.
    pub headers: Headers,
}
