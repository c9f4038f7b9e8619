//! What the server says it can do, after signing in; what it said before is not believed.

use super::command::Literals;
use godwit_domain::quirks::Quirks;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The server's capabilities. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    all: Arc<BTreeSet<String>>,
    /// QRESYNC is on: the server named it in ENABLED.
    pub qresync: bool,
    /// MODSEQ can be asked for.
    pub condstore: bool,
    /// UIDPLUS: UID EXPUNGE, COPYUID, APPENDUID.
    pub uidplus: bool,
    /// MOVE
    pub move_: bool,
    /// IDLE
    pub idle: bool,
    /// LIST can bring STATUS along.
    pub list_status: bool,
    /// LIST tells what mailboxes are for.
    pub special_use: bool,
    /// Literals need no leave.
    pub literal_plus: bool,
    /// FETCH can bring a preview (RFC 8970).
    pub preview: bool,
    /// Labels and Gmail's own ids can be asked for (X-GM-EXT-1).
    pub gmail: bool,
    /// The server names messages and conversations (RFC 8474).
    pub object_id: bool,
    /// Prefix of the personal namespace (`INBOX.`); `None` where it was not asked for.
    pub namespace_prefix: Option<String>,
    /// Its delimiter.
    pub namespace_delimiter: Option<char>,
    /// What this kind of server does otherwise.
    pub quirks: &'static Quirks,
}

const MOST: usize = 500;

impl Capabilities {
    pub(super) fn new(words: impl IntoIterator<Item = String>) -> Self {
        let all: BTreeSet<String> = words.into_iter().take(MOST).map(|w| w.to_ascii_uppercase()).collect();
        let has = |name: &str| all.contains(name);
        // IMAP4rev2 has these built in (RFC 9051 appendix E).
        let rev2 = has("IMAP4REV2") && !has("IMAP4REV1");
        Self {
            qresync: false,
            condstore: has("CONDSTORE") || has("QRESYNC"),
            uidplus: has("UIDPLUS") || rev2,
            move_: has("MOVE") || rev2,
            idle: has("IDLE") || rev2,
            list_status: (has("LIST-EXTENDED") && has("LIST-STATUS")) || rev2,
            special_use: has("SPECIAL-USE") || rev2,
            literal_plus: has("LITERAL+"),
            preview: has("PREVIEW"),
            gmail: has("X-GM-EXT-1"),
            object_id: has("OBJECTID"),
            namespace_prefix: None,
            namespace_delimiter: None,
            quirks: Default::default(),
            all: Arc::new(all),
        }
    }

    /// Whether the server named it; `name` in any case.
    pub fn has(&self, name: &str) -> bool {
        self.all.contains(&name.to_ascii_uppercase())
    }

    /// All of them in upper case, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(String::as_str)
    }

    /// A path inside the personal namespace: where that has a prefix (`INBOX.`), servers refuse a folder beside it.
    pub fn in_namespace(&self, path: &str) -> String {
        let prefix = self.namespace_prefix.as_deref().unwrap_or_default();
        let begins = path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if begins || path.eq_ignore_ascii_case("INBOX") { path.to_owned() } else { format!("{prefix}{path}") }
    }

    pub(super) fn is_imap4(&self) -> bool {
        self.has("IMAP4REV1") || self.has("IMAP4REV2") || self.has("IMAP4")
    }

    pub(super) fn literals(&self) -> Literals {
        if self.literal_plus {
            Literals::Plus
        } else if self.has("LITERAL-") || self.has("IMAP4REV2") {
            Literals::Minus
        } else {
            Literals::Ask
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_below_the_prefix_of_the_personal_namespace() {
        let check = |prefix: Option<&str>, path: &str, want: &str| {
            let can = Capabilities { namespace_prefix: prefix.map(str::to_owned), ..Capabilities::default() };
            assert_eq!(can.in_namespace(path), want);
        };
        check(None, "Archive", "Archive");
        check(Some(""), "Archive", "Archive");
        check(Some("INBOX."), "Archive", "INBOX.Archive");
        check(Some("INBOX."), "inbox.Archive", "inbox.Archive");
        check(Some("INBOX."), "inbox", "inbox");
        check(Some("INBOX."), "\u{f6}", "INBOX.\u{f6}");
    }
}
