//! Random histories out of a seed: what a person does, what another device does, lies, broken lines and restarts. After
//! every round server, store and model agree, no wish is lost, and one more pass changes nothing.
//! `GODWIT_SEED` plays one other history, `GODWIT_ROUNDS` a longer one.

use super::desk::{Desk, Mail};
use super::lies::{ALL, Fault, Says};
use super::life::Kind;
use crate::pretend::{Lie, Pretend};
use crate::store::Lane;
use godwit_domain::{Error, ErrorKind, PlacementId, Verb};
use godwit_mutate::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Notify;

const FOLDERS: [&str; 3] = ["INBOX", "Archive", "Boats"];
const ROUNDS: usize = 8;
/// Passes after which all must agree.
const PASSES: usize = 6;

/// What should become of a letter.
#[derive(Clone, Debug)]
struct Letter {
    /// `None`: it was removed.
    folder: Option<&'static str>,
    flags: BTreeSet<&'static str>,
    /// Copied: which of the two is meant would be open, so neither is touched any more.
    copy: Option<&'static str>,
    /// The copy's flags where they are others: it stayed behind before the last ones were set.
    copy_flags: Option<Vec<String>>,
    /// Somebody removed it, while somebody else may have done something else with it.
    may_be_gone: bool,
}

impl Letter {
    fn at(folder: &'static str) -> Self {
        Self { folder: Some(folder), flags: BTreeSet::new(), copy: None, copy_flags: None, may_be_gone: false }
    }
}

struct History {
    rng: Rng,
    desk: Desk,
    letters: BTreeMap<String, Letter>,
    /// Comes in the midst of a pass, or after it.
    coming: Option<(String, &'static str)>,
    /// Words for where a failure came to be, and what was done in its round.
    at: String,
    acts: Vec<String>,
    /// What the person was told before the last restart.
    told: Vec<Error>,
    /// Both sides move and remove the same letters: who wins is open, but not what may never happen.
    contested: bool,
    /// Letters that both sides want something of in this round.
    hot: Vec<String>,
}

impl History {
    async fn begin(offers: &str, seed: u64, contested: bool) -> Self {
        let server = Pretend::offering(offers);
        server.change(|w| w.add("Boats"));
        let desk = Desk::at(&server).await;
        let at = format!("GODWIT_SEED={seed} [{offers}]");
        let (rng, letters) = (Rng::new(seed), BTreeMap::new());
        let mut history =
            Self { rng, desk, letters, coming: None, at, acts: Vec::new(), told: Vec::new(), contested, hot: Vec::new() };
        for n in 0..10 {
            history.arrives(n);
        }
        history.agrees().await;
        history
    }

    /// A new letter in some folder; even ones are the person's to move, odd ones the other device's.
    fn arrives(&mut self, number: usize) {
        let (subject, folder) = (format!("Letter {number}"), FOLDERS[self.rng.below(3)]);
        self.desk.home.server.change(|w| _ = w.deliver(folder, &subject));
        self.letters.insert(subject, Letter::at(folder));
    }

    async fn round(&mut self, round: usize) {
        self.acts.clear();
        if self.contested {
            self.hot.clear();
            self.hot = (0..3).filter_map(|_| self.some_letter(None)).collect();
            for n in 0..8 {
                match self.rng.below(2) {
                    0 => self.another_device_acts(round * 100 + n),
                    _ => self.the_person_acts().await,
                }
            }
        } else {
            for n in 0..self.rng.below(4) {
                self.another_device_acts(round * 100 + n);
            }
            for _ in 0..=self.rng.below(4) {
                self.the_person_acts().await;
            }
        }
        let killed = Arc::new(Notify::new());
        let fault = self.lie(&killed);
        self.at = format!("{}, round {round}, {fault}", self.at.split(", round").next().unwrap_or_default());
        // What a disturbed pass answers is its own affair.
        let is_killed = tokio::select! {
            biased;
            () = killed.notified() => true,
            _ = self.desk.pass(false) => false,
        };
        if is_killed {
            self.restarts().await;
        }
        for _ in 0..self.rng.below(3) {
            self.the_person_acts().await;
        }
        if self.rng.below(4) == 0 {
            self.restarts().await;
        }
        self.agrees().await;
    }

    async fn restarts(&mut self) {
        let told = self.desk.home.told().await;
        self.told.extend(told);
        self.desk.home.restart().await;
    }

    /// Something goes wrong in the next pass, mostly; in words.
    fn lie(&mut self, killed: &Arc<Notify>) -> String {
        let faults: Vec<&Fault> = ALL.iter().flat_map(|t| t.iter()).filter(|f| f.says == Says::Nothing).collect();
        let fault = faults[self.rng.below(faults.len())];
        match self.rng.below(8) {
            0 => "no lie".to_owned(),
            2 | 3 => {
                let (after, killed) = (self.rng.below(40), killed.clone());
                self.desk.home.server.later(|_| true, after, Lie::After(Box::new(move |_| killed.notify_one())));
                format!("killed at command {after}")
            }
            1 => {
                let after = self.rng.below(25);
                let (subject, folder) = (format!("Letter {}", 1_000 + self.letters.len()), FOLDERS[self.rng.below(3)]);
                self.coming = Some((subject.clone(), folder));
                self.desk.home.server.later(|_| true, after, Lie::After(Box::new(move |w| _ = w.deliver(folder, &subject))));
                format!("mail comes before command {after}")
            }
            _ => {
                let (after, at) = (self.rng.below(25), fault.at);
                self.desk.home.server.later(move |command| at(Kind::of(command)), after, Lie::Bent(fault.bend));
                format!("{} at fitting command {after}", fault.name)
            }
        }
    }

    /// A letter that may be touched; with `even`, one that only the person moves, or only the other device.
    fn some_letter(&mut self, even: Option<bool>) -> Option<String> {
        let is_even = |subject: &str| subject.ends_with(['0', '2', '4', '6', '8']);
        let all: Vec<String> = self
            .letters
            .iter()
            .filter(|(_, l)| l.folder.is_some() && l.copy.is_none())
            .filter(|(s, _)| self.hot.is_empty() || self.hot.contains(s))
            .filter(|(s, _)| self.contested || even.is_none_or(|even| is_even(s) == even))
            .map(|(s, _)| s.clone())
            .collect();
        self.rng.one_of(&all).cloned()
    }

    fn another_device_acts(&mut self, number: usize) {
        let choice = self.rng.below(5);
        if choice == 0 {
            return self.arrives(number);
        }
        if choice == 1 && self.rng.below(3) == 0 {
            let folder = FOLDERS[self.rng.below(3)];
            self.acts.push(format!("{folder} is numbered anew"));
            return self.desk.home.server.change(|w| w.renumber(folder));
        }
        let Some(subject) = self.some_letter((choice != 2).then_some(false)) else { return };
        let lies_in = self.places(&subject).first().map(|(folder, _)| *folder);
        let Some(letter) = self.letters.get_mut(&subject) else { return };
        let Some(folder) = lies_in.filter(|folder| self.contested || Some(*folder) == letter.folder) else { return };
        self.acts.push(format!("there {} {subject}", ["", "marks", "marks", "removes", "moves"][choice]));
        self.desk.home.server.change(|w| {
            let Some(mail) = w.mailbox(folder).mails.iter().find(|m| m.subject == subject).cloned() else { return };
            match choice {
                1 | 2 => {
                    let on = letter.flags.insert("\\Seen") || !letter.flags.remove("\\Seen");
                    w.mark(folder, mail.uid, "\\Seen", on);
                }
                3 => {
                    w.expunge(folder, |m| m.uid == mail.uid);
                    letter.may_be_gone = true;
                    letter.folder = letter.folder.filter(|_| self.contested);
                }
                _ => {
                    let to = if folder == "INBOX" { "Boats" } else { "INBOX" };
                    w.expunge(folder, |m| m.uid == mail.uid);
                    let uid = w.deliver(to, &subject);
                    mail.flags.iter().for_each(|flag| w.mark(to, uid, flag, true));
                    letter.folder = Some(to);
                }
            }
        });
    }

    async fn the_person_acts(&mut self) {
        let choice = self.rng.below(8);
        let Some(subject) = self.some_letter((choice >= 3).then_some(true)) else { return };
        let Some((row, starred)) = self.row(&subject).await else { return };
        let to = FOLDERS[self.rng.below(3)];
        let Some(letter) = self.letters.get_mut(&subject) else { return };
        if choice < 3 && letter.flags.contains("\\Flagged") && !starred {
            // Nobody takes off what he does not see: it was moved elsewhere, and its star has not followed yet.
            return;
        }
        let verb = match choice {
            0..3 => {
                let on = letter.flags.insert("\\Flagged") || !letter.flags.remove("\\Flagged");
                let (star, none) = (vec!["\\Flagged".to_owned()], Vec::new());
                if on { Verb::Mark { add: star, remove: none } } else { Verb::Mark { add: none, remove: star } }
            }
            3..6 if letter.folder != Some(to) => {
                letter.folder = Some(to);
                Verb::Move { to: self.desk.home.mailbox(to).await }
            }
            6 => {
                letter.may_be_gone = true;
                letter.folder = letter.folder.filter(|_| self.contested);
                Verb::DeleteForGood
            }
            7 if letter.folder != Some(to) => {
                letter.copy = Some(to);
                Verb::Copy { to: self.desk.home.mailbox(to).await }
            }
            _ => return,
        };
        self.acts.push(format!("here {verb:?} {subject}"));
        self.desk.home.perform(verb, &[row]).await;
    }

    /// Where the server has the letter, with its flags.
    fn places(&self, subject: &str) -> Vec<(&'static str, Vec<String>)> {
        let there = self.desk.there(&FOLDERS).into_iter();
        there.flat_map(|(folder, rows)| rows.into_iter().filter(|r| r.0 == subject).map(move |r| (folder, r.1))).collect()
    }

    /// Whoever won, it is so here and there; no letter is lost that nobody removed, and none is in two places that nobody
    /// copied and nobody was told of. From here on it is as it is.
    fn is_settled(&mut self, at: &str, mut copies: usize) {
        let subjects: Vec<String> = self.letters.keys().cloned().collect();
        for subject in subjects {
            let places = self.places(&subject);
            let Some(letter) = self.letters.get_mut(&subject) else { continue };
            assert!(!places.is_empty() || letter.may_be_gone || letter.folder.is_none(), "{at}: {subject} is lost");
            let surplus = places.len().saturating_sub(1 + usize::from(letter.copy.is_some()));
            assert!(surplus <= copies, "{at}: {subject} is in {places:?}");
            copies -= surplus;
            let mut places = places.into_iter();
            letter.folder = None;
            if let Some((folder, flags)) = places.next() {
                letter.folder = Some(folder);
                let known = ["\\Flagged", "\\Seen"].into_iter();
                letter.flags = known.filter(|flag| flags.iter().any(|f| f == flag)).collect();
            }
            (letter.copy, letter.copy_flags) =
                places.next().map(|(folder, flags)| (Some(folder), Some(flags))).unwrap_or_default();
            letter.may_be_gone = false;
        }
    }

    /// Where the letter is shown, and whether with a star; nowhere where a lie, or the other device, has it hidden just now.
    async fn row(&self, subject: &str) -> Option<(PlacementId, bool)> {
        for folder in FOLDERS {
            if let Some(row) = self.desk.home.rows(folder).await.into_iter().find(|r| r.subject == subject) {
                return Some((row.id, row.flags.iter().any(|flag| flag == "\\Flagged")));
            }
        }
        None
    }

    /// A copy that stayed behind when a move broke in the middle and was taken back or can't be compared, as the person was told.
    fn take_what_was_told(&mut self, mut copies: usize) {
        let (model, there) = (self.model(), self.desk.there(&FOLDERS));
        for (folder, rows) in there {
            for (subject, flags) in rows.into_iter().filter(|row| !model[folder].contains(row)) {
                if let Some(letter) = self.letters.get_mut(&subject).filter(|l| copies > 0 && l.copy.is_none()) {
                    (letter.copy, letter.copy_flags) = (Some(folder), Some(flags));
                    copies -= 1;
                }
            }
        }
    }

    fn model(&self) -> Mail {
        let mut mail: Mail = FOLDERS.map(|folder| (folder, Vec::new())).into();
        for (subject, letter) in &self.letters {
            let flags: Vec<String> = letter.flags.iter().map(|f| (*f).to_owned()).collect();
            let copy = letter.copy.map(|folder| (folder, letter.copy_flags.clone().unwrap_or_else(|| flags.clone())));
            for (folder, flags) in letter.folder.map(|folder| (folder, flags)).into_iter().chain(copy) {
                mail.entry(folder).or_default().push((subject.clone(), flags));
            }
        }
        mail.values_mut().for_each(|rows| rows.sort());
        mail
    }

    /// After some passes without lies all agree, and one more changes nothing.
    async fn agrees(&mut self) {
        if let Some((subject, folder)) = self.coming.take() {
            if self.desk.home.server.lies_left() > 0 {
                self.desk.home.server.change(|w| _ = w.deliver(folder, &subject));
            }
            self.letters.insert(subject, Letter::at(folder));
        }
        self.desk.home.server.repent();
        let mut clean = 0;
        for _ in 0..PASSES {
            let report = self.desk.pass(false).await;
            clean = if report.is_ok_and(|r| r.iter().all(|m| m.error.is_none())) { clean + 1 } else { 0 };
            if clean == 2 {
                break;
            }
        }
        let mut told = std::mem::take(&mut self.told);
        told.extend(self.desk.home.told().await);
        let at = format!("{}; {}; told: {told:?}", self.at, self.acts.join(", "));
        assert_eq!(clean, 2, "{at}: no pass comes to its end");
        self.desk.compare(&FOLDERS, &at).await;
        // The same words twice are told once.
        let uncertain = if told.iter().any(|e| e.kind == ErrorKind::Uncertain) { self.letters.len() } else { 0 };
        if self.contested {
            // What waits for a letter that somebody removed is told after a while.
            self.desk.home.store.write(Lane::Sync, |w| w.time_goes_by(120)).await.unwrap();
            for _ in 0..2 {
                self.desk.pass(false).await.unwrap();
            }
            self.is_settled(&at, uncertain);
        } else {
            self.take_what_was_told(uncertain);
        }
        let heard = self.desk.home.server.world().heard.clone();
        let lately: Vec<_> = heard.iter().rev().take(60).rev().collect();
        assert_eq!(self.desk.there(&FOLDERS), self.model(), "{at}: the server; it heard {lately:?}");
        assert_eq!(self.desk.shown(&FOLDERS).await, self.model(), "{at}: the store");
        assert_eq!(self.desk.home.waiting().await, 0, "{at}");
        self.desk.home.audit().await;
        self.desk.is_quiet(&at).await;
    }
}

async fn play(offers: &str, usual_seed: u64, contested: bool) {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let seed = number("GODWIT_SEED").unwrap_or(usual_seed);
    let rounds = number("GODWIT_ROUNDS").and_then(|n| usize::try_from(n).ok()).unwrap_or(ROUNDS);
    let mut history = History::begin(offers, seed, contested).await;
    for round in 1..=rounds {
        history.round(round).await;
    }
}

#[tokio::test]
async fn everything_agrees_after_any_history_with_a_server_that_has_it_all() {
    play("ENABLE CONDSTORE QRESYNC UIDPLUS MOVE LIST-EXTENDED LIST-STATUS IDLE", 1, false).await;
}

#[tokio::test]
async fn everything_agrees_after_any_history_with_a_server_that_has_condstore() {
    play("CONDSTORE UIDPLUS LITERAL+ OBJECTID", 2, false).await;
}

#[tokio::test]
async fn everything_agrees_after_any_history_with_a_server_that_can_move() {
    play("MOVE", 3, false).await;
}

#[tokio::test]
async fn everything_agrees_after_any_history_with_a_server_that_has_nothing() {
    play("", 4, false).await;
}

#[tokio::test]
async fn two_who_want_the_same_letters_elsewhere_lose_and_double_none_with_a_server_that_has_it_all() {
    play("ENABLE CONDSTORE QRESYNC UIDPLUS MOVE LIST-EXTENDED LIST-STATUS IDLE", 5, true).await;
}

#[tokio::test]
async fn two_who_want_the_same_letters_elsewhere_lose_and_double_none_with_a_server_that_can_copy() {
    play("CONDSTORE UIDPLUS LITERAL+ OBJECTID", 6, true).await;
}

#[tokio::test]
async fn two_who_want_the_same_letters_elsewhere_lose_and_double_none_with_a_server_that_has_nothing() {
    play("", 7, true).await;
}
