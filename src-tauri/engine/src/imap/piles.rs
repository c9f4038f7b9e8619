//! Ranges of UIDs gathered over many responses: added in any number and order, put in order now and then and at the end.

use godwit_domain::sync::UidSet;

const FIRST_TIDY: usize = 1 << 16;

/// A set under construction. Adding to a `UidSet` itself sorts it each time, which a flood of responses would make quadratic.
#[derive(Debug, Default)]
pub(super) struct Pile {
    ranges: Vec<(u32, u32)>,
    tidy_at: usize,
}

impl Pile {
    pub fn add(&mut self, uids: &UidSet) {
        self.ranges.extend_from_slice(uids.ranges());
        if self.ranges.len() > self.tidy_at.max(FIRST_TIDY) {
            self.tidy();
            self.tidy_at = self.ranges.len() * 2;
        }
    }

    fn tidy(&mut self) {
        self.ranges = UidSet::from_ranges(self.ranges.drain(..)).ranges().to_vec();
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many ranges are kept, some perhaps twice.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    pub fn into_set(self) -> UidSet {
        UidSet::from_ranges(self.ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_is_the_union_of_what_was_added_and_stays_small() {
        let mut pile = Pile::default();
        for n in (1..=400_000u32).rev() {
            pile.add(&UidSet::range(n % 1000 + 1, n % 1000 + 1));
        }
        assert!(pile.len() <= FIRST_TIDY);
        assert_eq!(pile.into_set(), UidSet::range(1, 1000));
    }
}
