//! Sets of UIDs as merged ranges: compact however large the mailbox is (RFC 9051 `sequence-set`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Ascending, merged, non-empty ranges of UIDs; no UID is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UidSet {
    ranges: Vec<(u32, u32)>,
}

impl UidSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// All UIDs from `first` to `last`, in either order (`5:3` is `3:5`, RFC 9051); 0 is dropped.
    pub fn range(first: u32, last: u32) -> Self {
        let (low, high) = (first.min(last).max(1), first.max(last));
        if high == 0 { Self::new() } else { Self { ranges: vec![(low, high)] } }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many UIDs, as a number that can't overflow.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|(a, b)| u64::from(b - a) + 1).sum()
    }

    /// The merged ranges, ascending, both ends included.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Every UID, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.ranges.iter().flat_map(|(a, b)| *a..=*b)
    }

    /// Whether `uid` is in it.
    pub fn contains(&self, uid: u32) -> bool {
        let at = self.ranges.partition_point(|(_, high)| *high < uid);
        self.ranges.get(at).is_some_and(|(low, _)| *low <= uid)
    }

    /// The largest UID.
    pub fn last(&self) -> Option<u32> {
        self.ranges.last().map(|(_, high)| *high)
    }

    /// The smallest UID.
    pub fn first(&self) -> Option<u32> {
        self.ranges.first().map(|(low, _)| *low)
    }

    /// The lower and the upper half, by number of UIDs; one UID is all upper half.
    pub fn halves(&self) -> (Self, Self) {
        let mut left = self.len() / 2;
        let (mut lower, mut upper) = (Self::new(), Self::new());
        for &(low, high) in &self.ranges {
            let all = u64::from(high - low) + 1;
            // At most `all`, which fits.
            let below = u32::try_from(left.min(all)).unwrap_or(u32::MAX);
            if below > 0 {
                lower.ranges.push((low, low + (below - 1)));
            }
            if u64::from(below) < all {
                upper.ranges.push((low + below, high));
            }
            left -= u64::from(below);
        }
        (lower, upper)
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut out, mut i, mut j) = (Vec::new(), 0, 0);
        while let (Some((a, b)), Some((c, d))) = (self.ranges.get(i), other.ranges.get(j)) {
            let (low, high) = (*a.max(c), *b.min(d));
            if low <= high {
                out.push((low, high));
            }
            if b < d { i += 1 } else { j += 1 }
        }
        Self { ranges: out }
    }

    /// What is here and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let mut cuts = other.ranges.iter().peekable();
        for (low, high) in &self.ranges {
            let (mut low, high) = (u64::from(*low), u64::from(*high));
            while let Some((c, d)) = cuts.peek() {
                let (c, d) = (u64::from(*c), u64::from(*d));
                if d < low {
                    cuts.next();
                } else if c > high {
                    break;
                } else {
                    if c > low {
                        out.push((low as u32, (c - 1) as u32));
                    }
                    low = d + 1;
                    if d > high {
                        break;
                    }
                    cuts.next();
                }
            }
            if low <= high {
                out.push((low as u32, high as u32));
            }
        }
        Self { ranges: out }
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges.iter().chain(&other.ranges).copied())
    }

    /// Any ranges in any order.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut all: Vec<(u32, u32)> =
            ranges.into_iter().map(|(a, b)| (a.min(b).max(1), a.max(b))).filter(|(_, high)| *high > 0).collect();
        all.sort_unstable();
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(all.len());
        for (low, high) in all {
            match out.last_mut() {
                Some((_, end)) if low <= end.saturating_add(1) => *end = (*end).max(high),
                _ => out.push((low, high)),
            }
        }
        Self { ranges: out }
    }

    /// Parts whose text stays below `max_chars`, so that no server's line limit is met.
    pub fn chunks(&self, max_chars: usize) -> Vec<Self> {
        let mut out = Vec::new();
        let (mut part, mut chars) = (Vec::new(), 0);
        for range in &self.ranges {
            let width = 22; // two 10-digit numbers, a colon and a comma
            if chars + width > max_chars.max(width) && !part.is_empty() {
                out.push(Self { ranges: std::mem::take(&mut part) });
                chars = 0;
            }
            part.push(*range);
            chars += width;
        }
        if !part.is_empty() {
            out.push(Self { ranges: part });
        }
        out
    }

    /// Reads `1:4,7,9:12`. `*` and anything else that is no plain set is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (a, b) = part.split_once(':').unwrap_or((part, part));
            let number = |s: &str| if s.bytes().all(|b| b.is_ascii_digit()) { s.parse::<u32>().ok() } else { None };
            ranges.push((number(a)?, number(b)?));
        }
        Some(Self::from_ranges(ranges))
    }
}

impl FromIterator<u32> for UidSet {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        Self::from_ranges(uids.into_iter().map(|u| (u, u)))
    }
}

impl fmt::Display for UidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (low, high)) in self.ranges.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if low == high { write!(f, "{comma}{low}")? } else { write!(f, "{comma}{low}:{high}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn uids() -> impl Strategy<Value = BTreeSet<u32>> {
        proptest::collection::btree_set(prop_oneof![1u32..60, Just(u32::MAX), Just(u32::MAX - 1)], 0..40)
    }

    fn set(uids: &BTreeSet<u32>) -> UidSet {
        uids.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn it_is_a_set(a in uids(), b in uids()) {
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(x.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.minus(&y).iter().collect::<BTreeSet<_>>(), a.difference(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(x.intersect(&y).iter().collect::<BTreeSet<_>>(), a.intersection(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(x.union(&y).iter().collect::<BTreeSet<_>>(), a.union(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(x.len(), a.len() as u64);
            for uid in a.iter().chain(&b) {
                prop_assert_eq!(x.contains(*uid), a.contains(uid));
            }
            if !a.is_empty() {
                prop_assert_eq!(UidSet::parse(&x.to_string()), Some(x.clone()));
            }
            let parts = x.chunks(50);
            prop_assert!(parts.iter().all(|p| p.to_string().len() <= 50));
            prop_assert_eq!(parts.iter().flat_map(|p| p.iter().collect::<Vec<_>>()).collect::<BTreeSet<_>>(), a);
        }
    }

    #[test]
    fn odd_sets_are_read_as_the_rfc_has_them() {
        assert_eq!(UidSet::parse("5:3").unwrap().to_string(), "3:5");
        assert_eq!(UidSet::parse("12:*"), None);
        assert_eq!(UidSet::parse(""), None);
        assert_eq!(UidSet::parse("+1"), None);
        assert_eq!(UidSet::parse("1,2,3").unwrap().to_string(), "1:3");
        assert_eq!(UidSet::parse("99999999999"), None);
    }
}
