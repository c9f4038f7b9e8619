//! `mark`, `move`, `copy`, `archive`, `delete`, `junk` and `undo`: done here at once, pushed by the next sync.

use crate::args::Marks;
use crate::face::Face;
use crate::failure::Outcome;
use crate::names::Names;
use crate::output::Output;
use godwit_domain::api::{Perform, Undo};
use godwit_domain::{Action, PlacementId, ReceiptId, Targets, Verb};

/// Whether the originals stay.
#[derive(Clone, Copy)]
pub enum Carry {
    /// They go.
    Move,
    /// They stay.
    Copy,
}

/// Does it.
pub async fn perform(face: &mut Face, verb: Verb, messages: Vec<PlacementId>, out: Output) -> Outcome {
    let performed = face.ask(Perform { action: Action { verb, targets: Targets::ids(messages) } }).await?;
    out.answer(&performed, || match performed.receipt {
        Some(receipt) => format!("{} (undo: godwitctl undo --receipt {receipt})", performed.said),
        None => performed.said.clone(),
    })
}

/// Sets and clears.
pub async fn mark(face: &mut Face, messages: Vec<PlacementId>, marks: Marks, out: Output) -> Outcome {
    perform(face, mark_verb(marks), messages, out).await
}

fn mark_verb(marks: Marks) -> Verb {
    let all = |seen: bool, flagged: bool, mut labels: Vec<String>| {
        for (on, flag) in [(flagged, "\\Flagged"), (seen, "\\Seen")] {
            if on {
                labels.insert(0, flag.to_owned());
            }
        }
        labels
    };
    Verb::Mark { add: all(marks.seen, marks.flagged, marks.label), remove: all(marks.unseen, marks.unflagged, marks.unlabel) }
}

/// Moves or copies.
pub async fn to_mailbox(face: &mut Face, messages: Vec<PlacementId>, to: &str, carry: Carry, out: Output) -> Outcome {
    let to = Names::read(face).await?.mailbox(to)?.id;
    let verb = match carry {
        Carry::Move => Verb::Move { to },
        Carry::Copy => Verb::Copy { to },
    };
    perform(face, verb, messages, out).await
}

/// To the trash, or off the server.
pub async fn delete(face: &mut Face, messages: Vec<PlacementId>, for_good: bool, out: Output) -> Outcome {
    perform(face, if for_good { Verb::DeleteForGood } else { Verb::Delete }, messages, out).await
}

/// To junk, or back.
pub async fn junk(face: &mut Face, messages: Vec<PlacementId>, not: bool, out: Output) -> Outcome {
    perform(face, if not { Verb::NotJunk } else { Verb::Junk }, messages, out).await
}

/// Takes an action back.
pub async fn undo(face: &mut Face, receipt: Option<ReceiptId>, out: Output) -> Outcome {
    let undone = face.ask(Undo { receipt }).await?;
    out.answer(&undone, || undone.said.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_one_verb() {
        let marks = Marks {
            seen: true,
            unseen: false,
            flagged: false,
            unflagged: true,
            label: vec!["Work".into()],
            unlabel: vec!["Later".into()],
        };
        let want = Verb::Mark { add: vec!["\\Seen".into(), "Work".into()], remove: vec!["\\Flagged".into(), "Later".into()] };
        assert_eq!(mark_verb(marks), want);
    }
}
