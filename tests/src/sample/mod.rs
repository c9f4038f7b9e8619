//! A sample mailbox: some two thousand messages of a person who restores a boathouse, out of a seed and a date.
//! The same seed and date give the same bytes. All people, places and texts are made up here; addresses end in .example.

mod files;
mod front;
mod letter;
mod pages;
mod people;
mod scenes;
mod tales;

use crate::sample::letter::Letter;
use crate::sample::scenes::Scene;
use crate::sample::tales::SCENES;
pub use letter::crlf;
use people::{MARIT, MARIT_AT_HOME, Person};
use time::OffsetDateTime;

/// Whose mailbox it is.
pub const OWNER: &str = MARIT.address;
/// Her private address.
pub const OWNER_AT_HOME: &str = MARIT_AT_HOME.address;
/// The subject of the message that the demo opens.
pub const SHOWN: &str = "Slipway drawings for the boathouse";
/// The seed of the demo.
pub const SEED: u64 = 1954;

/// A message as it shall lie in a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The bytes, CRLF lines.
    pub raw: Vec<u8>,
    /// INTERNALDATE, seconds since 1970.
    pub date: i64,
    /// `\Seen`.
    pub seen: bool,
    /// `\Flagged`.
    pub flagged: bool,
    /// `\Answered`.
    pub answered: bool,
    /// `\Draft`.
    pub draft: bool,
}

/// A mailbox with its messages, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Its path, `/` between the parts.
    pub path: String,
    /// Its messages.
    pub messages: Vec<Stored>,
}

/// Folders, and how many messages each gets beside the hand-written ones.
const FOLDERS: [(&str, usize); 15] = [
    ("INBOX", 470),
    ("Drafts", 0),
    ("Sent", 0),
    ("Archive", 350),
    ("Junk", 24),
    ("Trash", 20),
    ("Boathouse", 120),
    ("Clients", 50),
    ("Clients/Havnevik Yard", 60),
    ("Receipts", 70),
    ("Newsletters", 120),
    ("Family", 60),
    ("Travel", 40),
    ("Choir", 30),
    ("日本 2027", 14),
];

/// The private account's.
const PRIVATE_FOLDERS: [(&str, usize); 6] =
    [("INBOX", 46), ("Sent", 0), ("Archive", 30), ("Family", 40), ("Travel", 22), ("Choir", 12)];

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Yes, once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The whole mailbox as it stands at `now`.
pub fn mailbox(seed: u64, now: OffsetDateTime) -> Vec<Folder> {
    let mut folders = filled(&FOLDERS, MARIT, seed, now);
    for (path, message) in front::letters(now.unix_timestamp()) {
        if let Some(folder) = folders.iter_mut().find(|f| f.path == path) {
            folder.messages.push(message);
        }
    }
    sorted(folders)
}

/// The same person's private account: small, and hers alone.
pub fn private_mailbox(seed: u64, now: OffsetDateTime) -> Vec<Folder> {
    sorted(filled(&PRIVATE_FOLDERS, MARIT_AT_HOME, seed ^ 0x5eed, now))
}

/// `count` plain messages to the owner, newest three days before `now`: for tests that need many and care little.
pub fn plain(seed: u64, count: usize, now: OffsetDateTime) -> Vec<Stored> {
    let told = fill("INBOX", count, now.unix_timestamp(), MARIT, &mut Dice::new(seed));
    told.into_iter().filter(|t| t.by == By::Them).map(|t| t.stored).collect()
}

fn sorted(mut folders: Vec<Folder>) -> Vec<Folder> {
    for folder in &mut folders {
        folder.messages.sort_by_key(|m| m.date);
    }
    folders
}

/// Whose letter it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Them,
    Owner,
}

/// A letter of a conversation that plays in some folder.
struct Told {
    by: By,
    stored: Stored,
}

/// Each folder with what others wrote; what the owner answered lies in Sent, as in life.
fn filled(plan: &[(&str, usize)], owner: Person, seed: u64, now: OffsetDateTime) -> Vec<Folder> {
    let mut sent = Vec::new();
    let mut folders = Vec::new();
    for (index, (path, count)) in plan.iter().enumerate() {
        let mut dice = Dice::new(Dice::new(seed).roll() ^ index as u64);
        let mut messages = Vec::new();
        for told in fill(path, *count, now.unix_timestamp(), owner, &mut dice) {
            let place = if told.by == By::Owner { &mut sent } else { &mut messages };
            place.push(told.stored);
        }
        folders.push(Folder { path: (*path).to_owned(), messages });
    }
    if let Some(folder) = folders.iter_mut().find(|f| f.path == "Sent") {
        folder.messages = sent;
    }
    folders
}

/// Conversations out of the scenes that play in this folder, going back from three days before `now`, until `count`
/// letters of others are told.
fn fill(path: &str, count: usize, now: i64, owner: Person, dice: &mut Dice) -> Vec<Told> {
    let scenes: Vec<&Scene> = SCENES.iter().filter(|s| s.plays_in(path)).collect();
    let mut out: Vec<Told> = Vec::with_capacity(count * 3 / 2);
    let (mut theirs, mut number) = (0, 0);
    while theirs < count && !scenes.is_empty() {
        let scene = *dice.pick(&scenes);
        // Denser towards today, over three years.
        let back = 3.0 + 1000.0 * (theirs as f64 / count as f64).powf(1.7);
        let start = now - (back * 86_400.0) as i64 - dice.below(40_000) as i64;
        let turns = if scene.replies.is_empty() { 1 } else { [1, 1, 1, 2, 2, 3, 5][dice.below(7)] };
        let letters = conversation(scene, owner, &format!("{}.{number}", slug(path)), start, turns, dice);
        number += 1;
        let letters: Vec<Letter> = letters.into_iter().filter(|l| l.date < now).collect();
        for (turn, letter) in letters.iter().enumerate() {
            let is_mine = letter.from == owner;
            if !is_mine && theirs == count {
                break;
            }
            theirs += usize::from(!is_mine);
            let is_answered = !is_mine && turn + 1 < letters.len();
            let is_old = now - letter.date > 12 * 86_400;
            out.push(Told {
                by: if is_mine { By::Owner } else { By::Them },
                stored: Stored {
                    date: letter.date,
                    seen: is_mine || is_answered || is_old || dice.below(10) > 1,
                    flagged: !is_mine && dice.once_in(34),
                    answered: is_answered,
                    draft: false,
                    raw: letter.raw(),
                },
            });
        }
    }
    out
}

/// A first letter and its answers, back and forth with the owner.
fn conversation(scene: &Scene, owner: Person, key: &str, start: i64, turns: usize, dice: &mut Dice) -> Vec<Letter> {
    let them = *dice.pick(scene.who);
    let slots = scenes::Slots::roll(dice);
    let subject = slots.fill(dice.pick::<&str>(scene.subjects));
    let mut letters: Vec<Letter> = Vec::new();
    let mut date = start;
    for turn in 0..turns {
        let (from, to): (Person, Person) = if turn % 2 == 0 { (them, owner) } else { (owner, them) };
        let bodies = if turn == 0 { scene.letters } else { scene.replies };
        let body = slots.fill(dice.pick::<&str>(bodies));
        let text = scene.signed(&body, if from == owner { "Marit" } else { from.name });
        let mut letter = Letter::new(from, to, &subject, date, &format!("{key}.{turn}"), &text);
        letter.charset = scene.charset;
        if let Some(last) = letters.last() {
            letter.answers(last);
        } else {
            scene.dress(&mut letter, &slots, dice);
        }
        letters.push(letter);
        date += 1800 + dice.below(90_000) as i64;
    }
    letters
}

fn slug(path: &str) -> String {
    let plain: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn at() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_000_000).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_mailbox() {
        assert!(mailbox(7, at()) == mailbox(7, at()));
        assert!(mailbox(7, at()) != mailbox(8, at()));
    }

    #[test]
    fn it_has_fifteen_folders_and_about_two_thousand_messages() {
        let folders = mailbox(SEED, at());
        let count: usize = folders.iter().map(|f| f.messages.len()).sum();
        assert_eq!(folders.len(), 15);
        assert!((1950..2150).contains(&count), "{count}");
        assert!(folders.iter().all(|f| !f.messages.is_empty()));
    }

    #[test]
    fn every_message_is_whole_and_dated_before_now() {
        let mut ids = BTreeSet::new();
        for message in mailbox(SEED, at()).iter().flat_map(|f| &f.messages) {
            let text = String::from_utf8_lossy(&message.raw);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            for field in ["From: ", "Date: ", "Subject: ", "MIME-Version: 1.0"] {
                assert!(head.lines().any(|l| l.starts_with(field)), "{field} in {head}");
            }
            assert!(!body.is_empty() && message.date <= at().unix_timestamp(), "{head}");
            assert!(message.raw.split(|b| *b == b'\n').all(|l| l.len() < 998), "{head}");
            let id = head.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
    }
}
