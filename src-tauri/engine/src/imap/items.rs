//! What the public calls of a connection take and answer, beyond what `godwit_domain::sync` has.

use godwit_domain::Flags;
use godwit_domain::sync::{FetchedFlags, StatusItems, UidSet};

/// What an earlier visit left, for a quick catch-up (RFC 7162).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resync {
    /// UIDVALIDITY as it was.
    pub uidvalidity: u32,
    /// HIGHESTMODSEQ as it was.
    pub modseq: u64,
    /// The UIDs that are kept here; `None`: all below UIDNEXT.
    pub known: Option<UidSet>,
}

/// The flags that a mailbox keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermanentFlags {
    /// Those it names.
    pub flags: Flags,
    /// `\*`: new keywords may be made.
    pub any_keyword: bool,
}

/// An opened mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// Its name on the wire.
    pub wire_name: String,
    /// UIDVALIDITY
    pub uidvalidity: Option<u32>,
    /// UIDNEXT; some servers don't say it here.
    pub uidnext: Option<u32>,
    /// HIGHESTMODSEQ; `None` where the server keeps none (NOMODSEQ).
    pub highestmodseq: Option<u64>,
    /// EXISTS
    pub exists: u32,
    /// Whether nothing can be changed in it.
    pub read_only: bool,
    /// PERMANENTFLAGS; `None`: the server did not say, so all flags are kept.
    pub permanent_flags: Option<PermanentFlags>,
    /// The server took the QRESYNC parameter: `vanished` and `changed` are all that happened since.
    pub resynced: bool,
    /// What went since, by QRESYNC. May name UIDs that were never here, up to 4294967295: intersect it.
    pub vanished: UidSet,
    /// What changed since, by QRESYNC.
    pub changed: Vec<FetchedFlags>,
}

/// Flags as they are now, and what went, where the server can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagsFetched {
    /// Flags.
    pub flags: Vec<FetchedFlags>,
    /// Gone; only with QRESYNC. Intersect it with what is here.
    pub vanished: UidSet,
}

/// Which way flags change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreChange {
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
}

/// COPYUID (RFC 4315): `source[n]` became `target[n]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyUid {
    /// UIDVALIDITY of the target.
    pub uidvalidity: u32,
    /// UIDs in the mailbox they came from.
    pub source: Vec<u32>,
    /// UIDs in the target, pairwise.
    pub target: Vec<u32>,
}

/// What a server says unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxEvent {
    /// So many messages are in the mailbox now.
    Exists(u32),
    /// The message with this sequence number went.
    Expunged(u32),
    /// These UIDs went. Intersect it with what is here.
    Vanished(UidSet),
    /// Flags of one message.
    Flags(FetchedFlags),
    /// Flags of the message with this sequence number changed; the server gave no UID.
    FlagsAt(u32),
    /// A mailbox that is not open changed: its name on the wire, and what the server said of it (RFC 5465).
    Counts(String, StatusItems),
    /// Mailboxes came, went, or have other names.
    Listed,
    /// More came than is kept, or the server stopped telling: look at everything again.
    Overflow,
    /// The server wants a person to read this.
    Alert(String),
    /// The server closes the connection.
    Bye(String),
}

/// What to look for. Parts of `All` of several are joined by [`Search::And`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Everything.
    All,
    /// `\Deleted` is set.
    Deleted,
    /// `\Seen` is not set.
    Unseen,
    /// `\Flagged` is set.
    Flagged,
    /// The Message-ID has this in it; with or without angle brackets.
    MessageId(String),
    /// Header or body has this text.
    Text(String),
    /// The body has this text.
    Body(String),
    /// From has this.
    From(String),
    /// To has this.
    To(String),
    /// Subject has this.
    Subject(String),
    /// A header field has this in it.
    Header(String, String),
    /// INTERNALDATE is on this day (seconds since 1970 UTC) or later.
    Since(i64),
    /// INTERNALDATE is before this day.
    Before(i64),
    /// Is one of these.
    Uids(UidSet),
    /// All of these hold.
    And(Vec<Search>),
    /// One or the other.
    Or(Box<Search>, Box<Search>),
    /// This does not hold.
    Not(Box<Search>),
}
