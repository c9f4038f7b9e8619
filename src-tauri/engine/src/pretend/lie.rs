//! How the pretended server departs from the truth.

use super::World;

/// What becomes of a command that a lie is meant for.
pub(crate) enum Lie {
    /// Not done; these lines are said, `TAG` standing for the tag.
    Say(&'static str),
    /// Done, but lines with this text are left out.
    Without(&'static str),
    /// Done, but lines with this text can't be read.
    Garbled(&'static str),
    /// Done, and the line breaks before a word is said.
    Silence,
    /// Not done: the line breaks.
    Cut,
    /// Done or not, and then whatever this makes of the truth.
    Bent(Bend),
    /// The world changes first, then it is done.
    After(Box<dyn FnOnce(&mut World) + Send>),
    /// Done and told as it is.
    Truth,
}

/// How a command is answered that somebody tampers with.
#[derive(Clone, Copy)]
pub(crate) struct Bend {
    /// Whether it is done.
    pub done: bool,
    /// The bytes to say, of the tag and the true answer; empty where it was not done.
    pub bytes: fn(&str, &[String]) -> Vec<u8>,
    /// What follows.
    pub then: Then,
}

/// What becomes of the line after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    GoOn,
    HangUp,
    /// The line stays open, and nothing is said or heard on it any more. Time goes by faster meanwhile.
    Stall,
    /// The same, but something is said now and then that is no answer.
    Chatter,
}

/// A lie waits for its command.
pub(super) struct Told {
    pub text: String,
    /// Only on this connection, counted from 0.
    pub on: Option<usize>,
    /// Only commands of this kind.
    pub kind: Box<dyn Fn(&str) -> bool + Send>,
    /// How many that fit are answered with the truth before.
    pub after: usize,
    pub lie: Lie,
    pub left: u32,
}

/// Takes the lie that is meant for the last command heard.
pub(super) fn take(world: &mut World, number: usize, command: &str) -> Lie {
    let fits = |t: &Told| command.contains(&t.text) && t.on.is_none_or(|on| on == number) && (t.kind)(command);
    let Some(at) = world.told.iter().position(fits) else { return Lie::Truth };
    let told = &mut world.told[at];
    if told.after > 0 {
        told.after -= 1;
        return Lie::Truth;
    }
    told.left -= 1;
    let copy = match &told.lie {
        Lie::Say(text) => Lie::Say(text),
        Lie::Without(text) => Lie::Without(text),
        Lie::Garbled(text) => Lie::Garbled(text),
        Lie::Silence => Lie::Silence,
        Lie::Cut => Lie::Cut,
        Lie::Truth => Lie::Truth,
        Lie::Bent(bend) => Lie::Bent(*bend),
        Lie::After(_) => {
            told.left = 0;
            std::mem::replace(&mut told.lie, Lie::Truth)
        }
    };
    world.told.retain(|t| t.left > 0);
    copy
}
