//! Fault by command: each command of a first sync and of the pass after it, answered in each wrong way. Whatever the server
//! says, nothing here is dropped that it still has, nothing is done to a message that nobody meant, what was wanted comes true
//! or is told, and the passes after it settle everything.

use super::lies::{FAULTS, Fault, Says};
use crate::context::Context;
use crate::net::TlsContext;
use crate::pretend::{Lie, Pretend};
use crate::sync::tests::Home;
use crate::sync::{AccountSync, Pulse};
use crate::worker::run_pass;
use godwit_domain::api::SyncBodies;
use godwit_domain::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Letters in the INBOX at the beginning; their UIDs are their numbers.
const LETTERS: u32 = 7;
/// Starred, archived, deleted for good, copied; by the person. The sixth is deleted and the first read elsewhere.
const STARRED: u32 = 2;
const ARCHIVED: u32 = 3;
const DELETED: u32 = 4;
const COPIED: u32 = 5;
const GONE: u32 = 6;

/// What servers offer.
const OFFERS: &[&str] = &["ENABLE CONDSTORE QRESYNC UIDPLUS MOVE LIST-EXTENDED LIST-STATUS", "CONDSTORE UIDPLUS", "MOVE", ""];

struct Story {
    home: Home,
    context: Context,
    case: String,
    /// Letters that were shown at some time.
    known: BTreeSet<String>,
}

impl Story {
    async fn begin(offers: &str, case: String) -> Self {
        let server = Pretend::offering(offers);
        server.change(|w| w.letters("INBOX", LETTERS));
        let home = Home::at(&server).await;
        let mut context = Context::new(home.store.clone(), Arc::new(TlsContext::new()), home.dir.path().to_owned());
        context.stand_in = Some(server.dial());
        Self { home, context, case, known: BTreeSet::new() }
    }

    /// Connects and brings everything up to date, once.
    async fn pass(&self) -> Result<Vec<api::MailboxSynced>> {
        let pulse = Pulse::default();
        let account = self.home.account;
        let connection = self.context.connect(account).await?;
        let sync = AccountSync::new(self.home.store.clone(), connection, account, pulse.clone(), self.context.dial(account));
        run_pass(&self.context, &sync, &pulse, SyncBodies::All).await
    }

    /// Passes until one has no trouble; the fault is behind us after the first.
    async fn settle(&mut self) {
        for _ in 0..6 {
            if self.pass().await.is_ok_and(|report| report.iter().all(|m| m.error.is_none())) {
                return;
            }
            self.keeps_what_is_there().await;
        }
        panic!("{}: no pass comes to its end", self.case);
    }

    async fn acts(&self) {
        let row = async |n: u32| [self.home.row("INBOX", &format!("Letter {n}")).await];
        let archive = self.home.mailbox("Archive").await;
        self.home.perform(Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() }, &row(STARRED).await).await;
        self.home.perform(Verb::Archive, &row(ARCHIVED).await).await;
        self.home.perform(Verb::DeleteForGood, &row(DELETED).await).await;
        self.home.perform(Verb::Copy { to: archive }, &row(COPIED).await).await;
        self.home.server.change(|w| {
            w.mark("INBOX", 1, "\\Seen", true);
            w.expunge("INBOX", |m| m.uid == GONE);
            w.deliver("INBOX", "Letter 8");
        });
    }

    /// Every letter that is shown once stays shown while the server has it, wherever it is.
    async fn keeps_what_is_there(&mut self) {
        let there: BTreeSet<String> = {
            let world = self.home.server.world();
            ["INBOX", "Archive"].iter().flat_map(|path| world.subjects(path)).collect()
        };
        let shown = self.all_shown().await;
        let wanted_gone = format!("Letter {DELETED}");
        for letter in self.known.intersection(&there).filter(|l| **l != wanted_gone) {
            assert!(shown.contains(letter), "{}: {letter} is there and not shown: {shown:?}", self.case);
        }
        self.known.extend(shown);
    }

    /// Everything shown anywhere.
    async fn all_shown(&self) -> Vec<String> {
        let mut all = Vec::new();
        for path in ["INBOX", "Archive"] {
            let account = self.home.account;
            if self.home.store.read(move |r| r.mailbox_by_path(account, path)).await.unwrap().is_some() {
                all.extend(self.home.shown(path).await);
            }
        }
        all
    }

    /// Only what the person meant was changed, whatever else was said.
    fn commands_meant_what_was_meant(&self) {
        let world = self.home.server.world();
        for (_, command) in &world.heard {
            let words: Vec<&str> = command.split(' ').collect();
            let allowed: &[u32] = match words.as_slice() {
                ["UID", "STORE", _, _, flags, ..] if flags.contains("Deleted") => &[DELETED, ARCHIVED],
                ["UID", "STORE", ..] => &[STARRED],
                ["UID", "MOVE", ..] => &[ARCHIVED],
                ["UID", "COPY", ..] => &[COPIED, ARCHIVED],
                ["UID", "EXPUNGE", ..] => &[DELETED, ARCHIVED],
                _ => continue,
            };
            let set = sync::UidSet::parse(words[2]).unwrap();
            assert!(set.iter().all(|uid| allowed.contains(&uid)), "{}: {command} was not meant", self.case);
        }
    }

    /// At the end here and there agree; what was wanted is so, or was refused and told.
    async fn ends_well(&mut self, fault: &Fault) {
        let told = self.home.told().await;
        self.commands_meant_what_was_meant();
        let case = self.case.clone();
        let (inbox, archive, starred) = {
            let world = self.home.server.world();
            (world.subjects("INBOX"), world.subjects("Archive"), world.flags("INBOX", STARRED))
        };
        let count = |place: &[String], n: u32| place.iter().filter(|s| **s == format!("Letter {n}")).count();
        let untouched = [1, STARRED, COPIED, 7, 8];
        assert!(untouched.iter().all(|n| count(&inbox, *n) == 1), "{case}: {inbox:?}");
        // Copied, and then refused to be taken away: in two places is told, in none would be lost.
        let twice = fault.says == Says::No && !told.is_empty();
        let places = count(&inbox, ARCHIVED) + count(&archive, ARCHIVED);
        assert!(places == 1 || (places == 2 && twice), "{case}: {inbox:?} {archive:?}; told: {told:?}");
        assert!(count(&archive, COPIED) <= 1 && archive.len() <= 2, "{case}: {archive:?}");
        let wishes = [
            ("the star", starred.iter().any(|f| f == "\\Flagged")),
            ("the move", count(&archive, ARCHIVED) == 1),
            ("the removal", count(&inbox, DELETED) == 0),
            ("the copy", count(&archive, COPIED) == 1),
        ];
        for (wish, so) in wishes {
            assert!(so || (fault.says == Says::No && !told.is_empty()), "{case}: {wish} did not come true; told: {told:?}");
        }
        assert_eq!(self.home.waiting().await, 0, "{case}: something waits; told: {told:?}");
        for (path, there) in [("INBOX", inbox), ("Archive", archive)] {
            let mut there = there;
            there.sort();
            assert_eq!(self.home.shown(path).await, there, "{case}: {path}; told: {told:?}");
        }
        self.home.audit().await;
        let before = self.home.server.world().heard.len();
        let report = self.pass().await.unwrap();
        let quiet = report.iter().all(|m| (m.added, m.changed, m.removed, m.pushed) == (0, 0, 0, 0));
        assert!(quiet, "{case}: a pass more changes something: {report:?}");
        let changes = |c: &str| ["STORE", "MOVE", "COPY", "EXPUNGE", "CREATE"].iter().any(|w| c.contains(w));
        let world = self.home.server.world();
        assert!(!world.heard[before..].iter().any(|(_, c)| changes(c)), "{case}: {:?}", &world.heard[before..]);
    }
}

/// How many commands the first pass and both together have when nothing goes wrong.
async fn lengths(offers: &str) -> (usize, usize) {
    let story = Story::begin(offers, format!("{offers}: no fault")).await;
    story.pass().await.unwrap();
    let first = story.home.server.world().heard.len();
    story.acts().await;
    story.pass().await.unwrap();
    let both = story.home.server.world().heard.len();
    (first, both)
}

async fn tell(offers: &str, fault: &Fault, nth: usize, first: usize) {
    let mut story = Story::begin(offers, format!("[{offers}] command {nth}, {}", fault.name)).await;
    story.home.server.nth(nth, Lie::Bent(fault.bend));
    tokio::time::pause();
    if nth < first {
        // What the fault does to a first sync is that pass' trouble; the next ones have none.
        drop(story.pass().await);
        story.keeps_what_is_there().await;
    }
    tokio::time::resume();
    story.settle().await;
    story.keeps_what_is_there().await;
    story.acts().await;
    tokio::time::pause();
    drop(story.pass().await);
    story.keeps_what_is_there().await;
    tokio::time::resume();
    story.settle().await;
    story.settle().await;
    let heard = story.home.server.world().heard.get(nth).map(|(_, c)| c.chars().take(60).collect::<String>());
    story.case = format!("{} ({})", story.case, heard.unwrap_or_default());
    story.ends_well(fault).await;
}

/// Every `step`th command, beginning at `from`, with every fault; `GODWIT_LIES=all` takes every command.
async fn play(offers: usize, from: usize, step: usize) {
    let step = if std::env::var("GODWIT_LIES").is_ok_and(|v| v == "all") { 1 } else { step };
    let offers = OFFERS[offers];
    let (first, both) = lengths(offers).await;
    let mut cases = 0;
    for (n, fault) in FAULTS.iter().enumerate() {
        for nth in (0..both).skip((from + n) % step).step_by(step) {
            tell(offers, fault, nth, first).await;
            cases += 1;
        }
    }
    eprintln!("[{offers}]: {cases} cases over {both} commands, {first} of them of the first sync");
    assert!(cases >= FAULTS.len() * (both / step));
}

#[tokio::test]
async fn any_lie_at_any_command_of_a_server_that_has_it_all_loses_nothing() {
    play(0, 0, 4).await;
}

#[tokio::test]
async fn any_lie_at_any_command_of_a_server_with_condstore_loses_nothing() {
    play(1, 1, 6).await;
}

#[tokio::test]
async fn any_lie_at_any_command_of_a_server_with_move_loses_nothing() {
    play(2, 2, 6).await;
}

#[tokio::test]
async fn any_lie_at_any_command_of_a_server_that_has_nothing_loses_nothing() {
    play(3, 3, 6).await;
}
