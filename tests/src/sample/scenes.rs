//! Scenes: what a conversation is made of, and what comes with it.
//! Slots in braces are rolled once per conversation, so that two conversations of a scene differ.

use super::files::{pdf, picture, table};
use super::letter::{Charset, Letter};
use super::people::Person;
use super::{Dice, pages};

/// A kind of conversation.
pub struct Scene {
    /// Folders beside INBOX and Archive where it is filed; empty: those two and Sent.
    pub folder: &'static str,
    /// Who starts it.
    pub who: &'static [Person],
    /// Subjects.
    pub subjects: &'static [&'static str],
    /// First letters.
    pub letters: &'static [&'static str],
    /// Answers; without any it is a notice.
    pub replies: &'static [&'static str],
    /// How the text travels.
    pub charset: Charset,
    /// What comes with the first letter.
    pub(super) dress: Dress,
}

/// What comes with the first letter.
#[derive(Clone, Copy)]
pub(super) enum Dress {
    Plain,
    Rich,
    Plans,
    Photos,
    Newsletter(&'static str, &'static str),
    Receipt,
}

/// What the braces stand for in one conversation.
pub struct Slots(Vec<(&'static str, String)>);

const THINGS: &[&str] = &[
    "keel rollers",
    "cradle",
    "winch",
    "rails",
    "east door",
    "footing",
    "roof battens",
    "tar stove",
    "oar rack",
    "upper shed",
    "mooring ring",
    "old engine",
    "workbench",
    "rain gutter",
    "north window",
    "ladder",
];
const PLACES: &[&str] = &[
    "Nordnes",
    "Havnevik",
    "Møllerodden",
    "Skarvøy",
    "the outer quay",
    "Lyngholmen",
    "the boathouse",
    "Ternevika",
    "the old slip",
];
const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const BOATS: &[&str] = &["Terna", "Havørn", "Lille Ida", "Svale", "Nattergal", "Tidevann", "Gyda"];

impl Slots {
    /// Rolls all of them.
    pub fn roll(dice: &mut Dice) -> Self {
        let mut word = |name, from: &[&str]| (name, (*dice.pick(from)).to_owned());
        let mut slots = vec![
            word("{thing}", THINGS),
            word("{other}", THINGS),
            word("{place}", PLACES),
            word("{day}", DAYS),
            word("{boat}", BOATS),
        ];
        slots.push(("{n}", (2 + dice.below(38)).to_string()));
        slots.push(("{no}", (4100 + dice.below(5600)).to_string()));
        slots.push(("{hour}", format!("{:02}:{:02}", 7 + dice.below(13), 15 * dice.below(4))));
        Self(slots)
    }

    /// The text with its braces filled.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn number(&self) -> usize {
        self.0.iter().find(|s| s.0 == "{n}").and_then(|s| s.1.parse().ok()).unwrap_or(7)
    }
}

impl Scene {
    /// Whether such mail lies in this folder.
    pub fn plays_in(&self, path: &str) -> bool {
        match path {
            "INBOX" => self.folder != "Junk" && self.folder != "Receipts",
            "Sent" => !self.replies.is_empty(),
            "Archive" | "Trash" => self.folder != "Junk",
            path => self.folder == path,
        }
    }

    /// The body with its author's first name below; a notice is signed by nobody.
    pub fn signed(&self, body: &str, name: &str) -> String {
        if self.replies.is_empty() {
            return body.to_owned();
        }
        format!("{body}\n\n{}", name.split(' ').next().unwrap_or_default())
    }

    /// Adds what comes with the first letter.
    pub fn dress(&self, letter: &mut Letter, slots: &Slots, dice: &mut Dice) {
        let number = slots.number();
        match self.dress {
            Dress::Plain => {}
            Dress::Rich => pages::rich(letter),
            Dress::Plans if dice.once_in(2) => {
                letter.files.push(pdf(&format!("Drawing {number}.pdf"), &format!("Drawing {number}")))
            }
            Dress::Plans => letter.files.push(table(&format!("Measurements {number}.csv"))),
            Dress::Photos => {
                letter.files.extend((0..1 + number % 3).map(|n| picture(&format!("IMG_{:04}.png", number * 7 + n), n)))
            }
            Dress::Newsletter(house, colour) => {
                let title = letter.subject.clone();
                pages::newsletter(letter, &title, house, colour, number);
            }
            Dress::Receipt => {
                let rows = [("Linseed oil, 5 l", 640), ("Copper rivets, 500", 385), ("Hemp rope, 40 m", 1180), ("Tar brush", 95)];
                pages::receipt(letter, &rows[number % 3..]);
            }
        }
    }
}
