//! Deciding what to tell the server: out of placements whose wanted state differs from base, few commands over sets.
//! Opposite wishes have cancelled out before they come here (`FlagEdit::against`); order matters and is fixed below.

use super::UidSet;
use crate::{FlagEdit, Flags, MailboxId, PlacementId};
use std::collections::BTreeMap;

/// One placement that wants something, with the UID that its base has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which placement.
    pub placement: PlacementId,
    /// Where it is on the server.
    pub mailbox: MailboxId,
    /// Its UID there.
    pub uid: u32,
    /// Flags to change, already reduced against base.
    pub edit: FlagEdit,
    /// Where it should be.
    pub target: Option<MailboxId>,
    /// Whether it should be expunged.
    pub gone: bool,
}

/// A copy to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyWish {
    /// The want's id in the store.
    pub copy: i64,
    /// Where the source is on the server.
    pub mailbox: MailboxId,
    /// The source's UID.
    pub uid: u32,
    /// Where to.
    pub target: MailboxId,
}

/// One command's worth of work; `uids` ascending, `placements` in the order of `uids`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushStep {
    /// `UID STORE uids +FLAGS (flags)`, or `-FLAGS`; of labels alone `X-GM-LABELS`. Never both in one.
    Store {
        /// Set or clear.
        add: bool,
        /// Which flags.
        flags: Flags,
        /// UIDs.
        uids: UidSet,
        /// The same as placements.
        placements: Vec<PlacementId>,
    },
    /// `UID COPY uids target`.
    Copy {
        /// Where to.
        target: MailboxId,
        /// UIDs of the sources.
        uids: UidSet,
        /// The wants' ids in the store.
        copies: Vec<i64>,
    },
    /// `UID MOVE uids target`, or what stands in for it.
    Move {
        /// Where to.
        target: MailboxId,
        /// UIDs.
        uids: UidSet,
        /// The same as placements.
        placements: Vec<PlacementId>,
    },
    /// `\Deleted` and `UID EXPUNGE`.
    Expunge {
        /// UIDs.
        uids: UidSet,
        /// The same as placements.
        placements: Vec<PlacementId>,
    },
}

/// All steps of one mailbox, to be run under one SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxPush {
    /// The mailbox to select.
    pub mailbox: MailboxId,
    /// In this order.
    pub steps: Vec<PushStep>,
}

/// Messages that one step copies, moves or removes: enough to be few commands, few enough to stop between two of them.
pub const MOST_AT_ONCE: usize = 1_000;

/// Plans the push: flags first so that they travel along, copies before moves take the source away, expunges last.
/// What is to be expunged needs no flags and no move.
pub fn plan_push(wishes: &[Wish], copies: &[CopyWish]) -> Vec<MailboxPush> {
    let mut boxes: BTreeMap<MailboxId, Groups> = BTreeMap::new();
    for wish in wishes {
        let groups = boxes.entry(wish.mailbox).or_default();
        let item = (wish.uid, wish.placement);
        if wish.gone {
            groups.expunge.push(item);
            continue;
        }
        for (half, groups) in [(&wish.edit.add, &mut groups.add), (&wish.edit.del, &mut groups.del)] {
            for flags in [half.without_labels(), Flags::labelled(half.labels.clone())] {
                if !flags.is_empty() {
                    groups.entry(key(&flags)).or_default().push(item);
                }
            }
        }
        if let Some(target) = wish.target.filter(|t| *t != wish.mailbox) {
            groups.moves.entry(target).or_default().push(item);
        }
    }
    for copy in copies {
        let groups = boxes.entry(copy.mailbox).or_default();
        groups.copies.entry(copy.target).or_default().push((copy.uid, copy.copy));
    }
    boxes.into_iter().map(|(mailbox, groups)| MailboxPush { mailbox, steps: groups.steps() }).collect()
}

type Item = (u32, PlacementId);
type FlagKey = (u32, Vec<String>, Vec<String>);

#[derive(Default)]
struct Groups {
    add: BTreeMap<FlagKey, Vec<Item>>,
    del: BTreeMap<FlagKey, Vec<Item>>,
    copies: BTreeMap<MailboxId, Vec<(u32, i64)>>,
    moves: BTreeMap<MailboxId, Vec<Item>>,
    expunge: Vec<Item>,
}

impl Groups {
    fn steps(self) -> Vec<PushStep> {
        let mut steps = Vec::new();
        for (add, groups) in [(true, self.add), (false, self.del)] {
            for ((bits, keywords, labels), items) in groups {
                let (uids, placements) = sorted(items);
                let flags = Flags { bits, keywords: keywords.into_iter().collect(), labels: labels.into_iter().collect() };
                steps.push(PushStep::Store { add, flags, uids, placements });
            }
        }
        for (target, items) in self.copies {
            let copies = in_parts(items).into_iter().map(|(uids, copies)| PushStep::Copy { target, uids, copies });
            steps.extend(copies);
        }
        for (target, items) in self.moves {
            let moves = in_parts(items).into_iter().map(|(uids, placements)| PushStep::Move { target, uids, placements });
            steps.extend(moves);
        }
        steps.extend(in_parts(self.expunge).into_iter().map(|(uids, placements)| PushStep::Expunge { uids, placements }));
        steps
    }
}

fn key(flags: &Flags) -> FlagKey {
    (flags.bits, flags.keywords.iter().cloned().collect(), flags.labels.iter().cloned().collect())
}

fn sorted<T: Ord>(mut items: Vec<(u32, T)>) -> (UidSet, Vec<T>) {
    items.sort_unstable();
    (items.iter().map(|(uid, _)| *uid).collect(), items.into_iter().map(|(_, id)| id).collect())
}

fn in_parts<T: Ord + Copy>(mut items: Vec<(u32, T)>) -> Vec<(UidSet, Vec<T>)> {
    items.sort_unstable();
    items.chunks(MOST_AT_ONCE).map(|part| sorted(part.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::bit;

    fn wish(placement: i64, uid: u32) -> Wish {
        Wish {
            placement: PlacementId(placement),
            mailbox: MailboxId(1),
            uid,
            edit: FlagEdit::default(),
            target: None,
            gone: false,
        }
    }

    fn seen(placement: i64, uid: u32) -> Wish {
        Wish { edit: FlagEdit { add: Flags::of(bit::SEEN), del: Flags::none() }, ..wish(placement, uid) }
    }

    #[test]
    fn ten_thousand_marks_are_one_command() {
        let wishes: Vec<Wish> = (1..=10_000).rev().map(|n| seen(i64::from(n), n)).collect();
        let plan = plan_push(&wishes, &[]);
        assert_eq!(plan.len(), 1);
        let [PushStep::Store { add: true, flags, uids, placements }] = plan[0].steps.as_slice() else {
            panic!("one STORE, got {:?}", plan[0].steps.len());
        };
        assert_eq!(uids.to_string(), "1:10000");
        assert_eq!(*flags, Flags::of(bit::SEEN));
        assert_eq!(placements[0], PlacementId(1));
    }

    #[test]
    fn ten_thousand_moves_are_ten_commands() {
        let moved = |n| Wish { target: Some(MailboxId(2)), ..wish(i64::from(n), n) };
        let plan = plan_push(&(1..=10_000).rev().map(moved).collect::<Vec<_>>(), &[]);
        let sets: Vec<String> = plan[0]
            .steps
            .iter()
            .map(|step| match step {
                PushStep::Move { uids, placements, .. } if placements.len() == MOST_AT_ONCE => uids.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((sets.len(), sets[0].as_str(), sets[9].as_str()), (10, "1:1000", "9001:10000"));
    }

    #[test]
    fn flags_go_before_moves_and_copies_between_them() {
        let mut a = seen(1, 7);
        a.target = Some(MailboxId(2));
        let copy = CopyWish { copy: 9, mailbox: MailboxId(1), uid: 7, target: MailboxId(3) };
        let plan = plan_push(&[a], &[copy]);
        let kinds: Vec<_> = plan[0].steps.iter().map(std::mem::discriminant).collect();
        let empty = UidSet::new();
        let store = PushStep::Store { add: true, flags: Flags::none(), uids: empty.clone(), placements: vec![] };
        let copy = PushStep::Copy { target: MailboxId(3), uids: empty.clone(), copies: vec![] };
        let moved = PushStep::Move { target: MailboxId(2), uids: empty, placements: vec![] };
        assert_eq!(kinds, [&store, &copy, &moved].map(std::mem::discriminant));
    }

    #[test]
    fn labels_and_flags_of_one_edit_are_two_commands_over_the_same_set() {
        let add = Flags { labels: ["Bills".to_owned()].into(), ..Flags::of(bit::SEEN) };
        let wishes: Vec<Wish> =
            (1..=3).map(|n| Wish { edit: FlagEdit { add: add.clone(), del: Flags::none() }, ..wish(i64::from(n), n) }).collect();
        let plan = plan_push(&wishes, &[]);
        let stores: Vec<_> = plan[0]
            .steps
            .iter()
            .map(|step| match step {
                PushStep::Store { flags, uids, .. } => (flags.bits, flags.labels.len(), uids.to_string()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(stores, [(0, 1, "1:3".to_owned()), (bit::SEEN, 0, "1:3".to_owned())]);
    }

    #[test]
    fn what_is_to_be_expunged_is_only_expunged() {
        let mut a = seen(1, 7);
        a.target = Some(MailboxId(2));
        a.gone = true;
        let plan = plan_push(&[a], &[]);
        assert_eq!(plan[0].steps, [PushStep::Expunge { uids: UidSet::range(7, 7), placements: vec![PlacementId(1)] }]);
    }

    #[test]
    fn a_move_to_where_it_is_is_nothing() {
        let mut a = wish(1, 7);
        a.target = Some(MailboxId(1));
        assert!(plan_push(&[a], &[]).iter().all(|b| b.steps.is_empty()));
    }
}
