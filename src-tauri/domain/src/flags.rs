//! Flags and keywords of a placement, and the two-set edits that people make on them (rule W2 of docs/model.md).

use crate::labels::{self, Labels};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// System flags by bit (RFC 9051 section 2.3.2), and the keywords Godwit gives a meaning to.
pub mod bit {
    /// `\Seen`
    pub const SEEN: u32 = 1;
    /// `\Answered`
    pub const ANSWERED: u32 = 2;
    /// `\Flagged`
    pub const FLAGGED: u32 = 4;
    /// `\Deleted`
    pub const DELETED: u32 = 8;
    /// `\Draft`
    pub const DRAFT: u32 = 16;
    /// `$Forwarded`
    pub const FORWARDED: u32 = 32;
    /// `$Junk`
    pub const JUNK: u32 = 64;
    /// `$NotJunk`
    pub const NOT_JUNK: u32 = 128;
    /// `$MDNSent`
    pub const MDN_SENT: u32 = 256;
    /// `$Phishing`
    pub const PHISHING: u32 = 512;
}

const NAMES: [(u32, &str); 10] = [
    (bit::SEEN, "\\Seen"),
    (bit::ANSWERED, "\\Answered"),
    (bit::FLAGGED, "\\Flagged"),
    (bit::DELETED, "\\Deleted"),
    (bit::DRAFT, "\\Draft"),
    (bit::FORWARDED, "$Forwarded"),
    (bit::JUNK, "$Junk"),
    (bit::NOT_JUNK, "$NotJunk"),
    (bit::MDN_SENT, "$MDNSent"),
    (bit::PHISHING, "$Phishing"),
];

/// The most keywords kept per placement; a server that sends more is not believed.
pub const MAX_KEYWORDS: usize = 128;

/// A set of flags: the known ones as bits, all others by name; and, where the server has them, labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Known flags, see [`bit`].
    pub bits: u32,
    /// Other keywords, as the server spells them. Compared without regard to case, as RFC 9051 has it.
    pub keywords: BTreeSet<String>,
    /// Labels of a message that its server shows in several folders; no flags to IMAP, but people set and clear them alike.
    #[serde(default)]
    pub labels: Labels,
}

impl Flags {
    /// The empty set.
    pub const fn none() -> Self {
        Self::of(0)
    }

    /// Only known flags.
    pub const fn of(bits: u32) -> Self {
        Self { bits, keywords: BTreeSet::new(), labels: Labels::new() }
    }

    /// Only labels.
    pub const fn labelled(labels: Labels) -> Self {
        Self { bits: 0, keywords: BTreeSet::new(), labels }
    }

    /// Everything but labels.
    #[must_use]
    pub fn without_labels(&self) -> Self {
        Self { bits: self.bits, keywords: self.keywords.clone(), labels: Labels::new() }
    }

    /// Reads flags as a server or a person spells them. `\Recent` and `\*` are no flags of a message and are dropped.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut flags = Self::none();
        for name in names {
            flags.insert(name);
        }
        flags
    }

    /// Adds one flag by name.
    pub fn insert(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("\\Recent") || name == "\\*" || name.is_empty() || labels::is_word(name) {
            return;
        }
        if let Some((bit, _)) = NAMES.iter().find(|(_, n)| n.eq_ignore_ascii_case(name)) {
            self.bits |= bit;
        } else if self.keywords.len() < MAX_KEYWORDS && !self.keywords.iter().any(|k| k.eq_ignore_ascii_case(name)) {
            self.keywords.insert(name.to_owned());
        }
    }

    /// The names, known flags first; without labels.
    pub fn names(&self) -> Vec<String> {
        NAMES
            .iter()
            .filter(|(bit, _)| self.bits & bit != 0)
            .map(|(_, name)| (*name).to_owned())
            .chain(self.keywords.iter().cloned())
            .collect()
    }

    /// Whether all of `bits` are set.
    pub const fn has(&self, bits: u32) -> bool {
        self.bits & bits == bits
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.bits == 0 && self.keywords.is_empty() && self.labels.is_empty()
    }

    /// Keywords, then labels, as one space-separated column; empty for none.
    pub fn keywords_text(&self) -> String {
        let labels = self.labels.iter().map(|label| labels::word(label));
        self.keywords.iter().cloned().chain(labels).collect::<Vec<_>>().join(" ")
    }

    /// From the two columns the store keeps.
    pub fn from_columns(bits: u32, keywords: &str) -> Self {
        let mut flags = Self::of(bits);
        for word in keywords.split_ascii_whitespace() {
            match labels::of_word(word) {
                Some(label) => drop(flags.labels.insert(label)),
                None => drop(flags.keywords.insert(word.to_owned())),
            }
        }
        flags
    }

    /// Everything in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.bits |= other.bits;
        for k in &other.keywords {
            out.insert(k);
        }
        out.labels.extend(other.labels.iter().cloned());
        out
    }

    /// What is here and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self {
            bits: self.bits & !other.bits,
            keywords: self
                .keywords
                .iter()
                .filter(|k| !other.keywords.iter().any(|o| o.eq_ignore_ascii_case(k)))
                .cloned()
                .collect(),
            labels: self.labels.difference(&other.labels).cloned().collect(),
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.minus(&self.minus(other))
    }
}

/// A wanted change of flags: two sets that never overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagEdit {
    /// To be set.
    pub add: Flags,
    /// To be cleared.
    pub del: Flags,
}

impl FlagEdit {
    /// What is shown: `(base | add) - del`.
    pub fn apply(&self, base: &Flags) -> Flags {
        base.union(&self.add).minus(&self.del)
    }

    /// This edit followed by `next`: the later word on a flag wins.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self { add: self.add.minus(&next.del).union(&next.add), del: self.del.minus(&next.add).union(&next.del) }
    }

    /// Only what still differs from `base`: opposite edits cancel out here.
    #[must_use]
    pub fn against(&self, base: &Flags) -> Self {
        Self { add: self.add.minus(base), del: self.del.intersect(base) }
    }

    /// Everything but labels.
    #[must_use]
    pub fn without_labels(&self) -> Self {
        Self { add: self.add.without_labels(), del: self.del.without_labels() }
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.del.is_empty()
    }

    /// The edit that takes this one back, where `before` was shown when it was made.
    #[must_use]
    pub fn inverse(&self, before: &Flags) -> Self {
        Self { add: self.del.intersect(before), del: self.add.minus(before) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flags() -> impl Strategy<Value = Flags> {
        let words = || proptest::collection::btree_set("[a-c]", 0..3);
        (0u32..1024, words(), words()).prop_map(|(bits, keywords, labels)| Flags { bits, keywords, labels })
    }

    fn edit() -> impl Strategy<Value = FlagEdit> {
        (flags(), flags()).prop_map(|(add, del)| FlagEdit { del: del.minus(&add), add })
    }

    proptest! {
        #[test]
        fn edits_in_turn_show_what_their_sum_shows(base in flags(), a in edit(), b in edit()) {
            prop_assert_eq!(b.apply(&a.apply(&base)), a.then(&b).apply(&base));
        }

        #[test]
        fn what_base_already_has_need_not_be_pushed(base in flags(), a in edit()) {
            prop_assert_eq!(a.against(&base).apply(&base), a.apply(&base));
        }

        #[test]
        fn an_edit_and_its_inverse_leave_what_was(base in flags(), a in edit()) {
            prop_assert_eq!(a.then(&a.inverse(&base)).apply(&base), base);
        }
    }

    #[test]
    fn names_round_trip_and_ignore_case() {
        let flags = Flags::parse(["\\seen", "$forwarded", "Work", "work", "\\Recent", "\\*"]);
        assert_eq!(flags.names(), ["\\Seen", "$Forwarded", "Work"]);
        assert_eq!(Flags::from_columns(flags.bits, &flags.keywords_text()), flags);
    }

    #[test]
    fn labels_stand_beside_keywords_of_the_same_name() {
        let mut flags = Flags::parse(["Work", "\"Work"]);
        assert_eq!(flags.names(), ["Work"], "what a label is kept as is no keyword");
        flags.labels = ["Work", "Bills 2026", "\\Inbox", "\u{417}\u{430}\u{43a}\u{430}\u{437}\u{44b}"].map(str::to_owned).into();
        assert_eq!(Flags::from_columns(flags.bits, &flags.keywords_text()), flags);
        assert_eq!(flags.names(), ["Work"]);
        assert_eq!(flags.minus(&Flags::parse(["Work"])).labels.len(), 4);
    }
}
