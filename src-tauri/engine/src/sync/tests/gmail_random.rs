//! Random histories on a server whose folders are labels: a person here, another program there, lines that break, All Mail that is
//! hidden and shown. Whatever happens, lists and counts are what rows and labels say; at the end here and there agree.

use super::*;
use proptest::prelude::*;

const ALL: &str = "[Gmail]/All Mail";
const TRASH: &str = "[Gmail]/Trash";
const SPAM: &str = "[Gmail]/Spam";
const FOLDERS: [&str; 6] = ["INBOX", "Work", "Bills", "[Gmail]/Starred", TRASH, SPAM];
const LABELS: [&str; 4] = ["\\Inbox", "Work", "Bills", "\\Starred"];

#[derive(Clone, Debug)]
enum Step {
    Arrive { labels: u8 },
    TheyLabel { nth: usize, label: usize, on: bool },
    TheyPut { nth: usize, place: usize },
    Move { from: usize, to: usize, nth: usize },
    Copy { from: usize, to: usize, nth: usize },
    Verb { from: usize, nth: usize, verb: usize },
    Mark { from: usize, nth: usize, name: usize, on: bool },
    Undo,
    Get,
    Push,
    BreakAt { command: usize },
    Hide { on: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let (folder, nth) = (0..FOLDERS.len(), 0usize..6);
    prop_oneof![
        4 => (0u8..16).prop_map(|labels| Step::Arrive { labels }),
        2 => (0usize..9, 0..LABELS.len(), any::<bool>()).prop_map(|(nth, label, on)| Step::TheyLabel { nth, label, on }),
        1 => (0usize..9, 0usize..3).prop_map(|(nth, place)| Step::TheyPut { nth, place }),
        4 => (folder.clone(), folder.clone(), nth.clone()).prop_map(|(from, to, nth)| Step::Move { from, to, nth }),
        1 => (folder.clone(), 0usize..4, nth.clone()).prop_map(|(from, to, nth)| Step::Copy { from, to, nth }),
        4 => (folder.clone(), nth.clone(), 0usize..5).prop_map(|(from, nth, verb)| Step::Verb { from, nth, verb }),
        2 => (folder, nth, 0usize..3, any::<bool>()).prop_map(|(from, nth, name, on)| Step::Mark { from, nth, name, on }),
        3 => Just(Step::Undo),
        4 => Just(Step::Get),
        3 => Just(Step::Push),
        1 => (0usize..4).prop_map(|command| Step::BreakAt { command }),
        1 => any::<bool>().prop_map(|on| Step::Hide { on }),
    ]
}

struct World {
    server: Pretend,
    home: Home,
    sync: AccountSync,
    arrived: u32,
}

impl World {
    async fn new() -> Self {
        let server = Pretend::gmail();
        server.change(|w| {
            w.add("Work");
            w.add("Bills");
            w.arrive("Letter 0", &["\\Inbox", "Work"]);
        });
        let home = Home::at(&server).await;
        let sync = home.session().await;
        home.get(&sync).await;
        Self { server, home, sync, arrived: 0 }
    }

    fn nth(&self, nth: usize) -> Option<String> {
        let kept = self.server.kept();
        kept.get(nth % kept.len().max(1)).cloned()
    }

    fn hidden(&self) -> bool {
        !self.server.world().mailboxes.contains_key(ALL)
    }

    /// Does a verb to one row of a list; what can't be done is refused in words.
    async fn perform(&self, from: usize, nth: usize, verb: Verb) {
        let mailbox = self.home.mailbox(FOLDERS[from]).await;
        let rows = self.home.rows(FOLDERS[from]).await;
        let Some(row) = rows.get(nth % rows.len().max(1)) else { return };
        let spec = ViewSpec { scope: Scope::Mailbox { mailbox }, filter: Filter::All, threaded: false, search: None };
        let view = self.home.store.view_open(spec).await.unwrap().view;
        let targets = Targets::Ids { ids: vec![row.id], threads: false, view: Some(view) };
        if let Err(error) = self.home.store.perform(Action { verb, targets }).await {
            assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
        }
        self.home.store.view_close(view);
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Arrive { labels } => {
                self.arrived += 1;
                let subject = format!("Letter {}", self.arrived);
                let with: Vec<&str> = LABELS.iter().enumerate().filter(|(n, _)| labels >> n & 1 == 1).map(|(_, l)| *l).collect();
                self.server
                    .change(|w| w.arrive(&subject, &with.iter().copied().filter(|l| *l != "\\Starred").collect::<Vec<_>>()));
                if with.contains(&"\\Starred") {
                    self.server.change(|w| w.label(&subject, "\\Starred", true));
                }
            }
            Step::TheyLabel { nth, label, on } => {
                if let Some(subject) = self.nth(nth) {
                    self.server.change(|w| w.label(&subject, LABELS[label], on));
                }
            }
            Step::TheyPut { nth, place } => {
                if let Some(subject) = self.nth(nth) {
                    self.server.change(|w| w.put(&subject, [ALL, TRASH, SPAM][place]));
                }
            }
            Step::Move { from, to, nth } => {
                let to = self.home.mailbox(FOLDERS[to]).await;
                self.perform(from, nth, Verb::Move { to }).await;
            }
            Step::Copy { from, to, nth } => {
                let to = self.home.mailbox(FOLDERS[to]).await;
                self.perform(from, nth, Verb::Copy { to }).await;
            }
            Step::Verb { from, nth, verb } => {
                let verbs = [Verb::Archive, Verb::Delete, Verb::Junk, Verb::NotJunk, Verb::DeleteForGood];
                self.perform(from, nth, verbs[verb].clone()).await;
            }
            Step::Mark { from, nth, name, on } => {
                let name = vec![["\\Seen", "\\Flagged", "Work"][name].to_owned()];
                let verb = if on { Verb::Mark { add: name, remove: vec![] } } else { Verb::Mark { add: vec![], remove: name } };
                self.perform(from, nth, verb).await;
            }
            Step::Hide { on } => {
                if self.hidden() != on {
                    self.server.change(|w| w.hide(ALL, on));
                }
            }
            Step::Undo => drop(self.home.store.undo(None).await),
            Step::Get => {
                if self.home.try_get(&self.sync).await.is_err() {
                    self.sync = self.home.session().await;
                }
            }
            Step::Push => {
                if self.sync.push().await.is_err() {
                    self.sync = self.home.session().await;
                }
            }
            Step::BreakAt { command } => {
                self.server.once(["X-GM-LABELS.SILENT", "UID MOVE", "FLAGS", "UID EXPUNGE"][command], Lie::Silence);
            }
        }
    }

    /// Everything pushed and read again: both sides show the same everywhere.
    async fn converge(&mut self) {
        self.server.repent();
        self.sync = self.home.session().await;
        for round in 0..6 {
            if round >= 3 {
                // What another device moved on before it was seen in its new place is waited for, a minute long; and a copy of it for
                // a minute more.
                self.home.store.write(Lane::Sync, |w| w.age(120)).await.unwrap();
            }
            self.sync.push().await.unwrap();
            self.home.get(&self.sync).await;
        }
        for path in FOLDERS.into_iter().chain((!self.hidden()).then_some(ALL)) {
            let mut there = self.server.subjects(path);
            there.sort();
            assert_eq!(self.home.shown(path).await, there, "{path}");
        }
        assert_eq!(self.home.waiting().await, 0);
        self.home.audit().await;
    }
}

/// How many histories; `GODWIT_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("GODWIT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_with_labels_ends_alike_here_and_there(steps in proptest::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut world = World::new().await;
            for step in steps {
                world.step(step).await;
                world.home.audit().await;
            }
            world.converge().await;
        });
    }
}

/// Histories that went wrong once.
async fn play(steps: impl IntoIterator<Item = Step>) {
    let mut world = World::new().await;
    for step in steps {
        world.step(step).await;
        world.home.audit().await;
    }
    world.converge().await;
}

#[tokio::test]
async fn a_move_that_waits_while_all_mail_is_shown_again_is_done() {
    play([
        Step::Arrive { labels: 12 },
        Step::Hide { on: true },
        Step::Arrive { labels: 0 },
        Step::Get,
        Step::Arrive { labels: 0 },
        Step::TheyLabel { nth: 4, label: 1, on: false },
        Step::Move { from: 1, to: 2, nth: 0 },
        Step::Get,
        Step::Hide { on: false },
    ])
    .await;
}

#[tokio::test]
async fn what_both_sides_throw_away_while_all_mail_comes_back_is_in_the_trash_once() {
    play([
        Step::Hide { on: true },
        Step::Move { from: 0, to: 4, nth: 0 },
        Step::Get,
        Step::Hide { on: false },
        Step::TheyPut { nth: 0, place: 1 },
        Step::Arrive { labels: 0 },
    ])
    .await;
}

#[tokio::test]
async fn a_copy_that_waits_while_all_mail_is_shown_again_is_made() {
    play([
        Step::Hide { on: true },
        Step::Arrive { labels: 8 },
        Step::Get,
        Step::Hide { on: false },
        Step::Copy { from: 0, to: 0, nth: 0 },
        Step::Get,
    ])
    .await;
}

#[tokio::test]
async fn a_copy_of_what_is_thrown_away_elsewhere_while_all_mail_is_shown_again_comes_to_an_end() {
    play([
        Step::Hide { on: true },
        Step::Get,
        Step::Hide { on: false },
        Step::Move { from: 1, to: 2, nth: 0 },
        Step::Verb { from: 0, nth: 0, verb: 1 },
        Step::Copy { from: 2, to: 0, nth: 0 },
    ])
    .await;
}

#[tokio::test]
async fn a_copy_of_one_of_two_rows_that_become_one_is_made() {
    play([
        Step::Hide { on: true },
        Step::Get,
        Step::Hide { on: false },
        Step::Mark { from: 0, nth: 0, name: 0, on: true },
        Step::Mark { from: 1, nth: 0, name: 2, on: true },
        Step::Copy { from: 1, to: 2, nth: 0 },
        Step::Copy { from: 0, to: 2, nth: 0 },
        Step::Get,
    ])
    .await;
}

#[tokio::test]
async fn what_was_thrown_away_while_all_mail_was_hidden_and_is_taken_back_has_its_labels() {
    play([
        Step::Hide { on: true },
        Step::Get,
        Step::Verb { from: 0, nth: 0, verb: 1 },
        Step::Hide { on: false },
        Step::Get,
        Step::Undo,
    ])
    .await;
}

#[tokio::test]
async fn a_move_from_when_folders_were_folders_is_taken_back_by_label() {
    let mut world = World::new().await;
    let move_it = Step::Move { from: 1, to: 2, nth: 0 };
    for step in [Step::Hide { on: true }, Step::Get, move_it, Step::Hide { on: false }, Step::Get] {
        world.step(step).await;
    }
    assert_eq!((world.home.shown("Work").await.len(), world.home.shown("Bills").await), (0, vec!["Letter 0".to_owned()]));
    world.step(Step::Undo).await;
    world.converge().await;
    assert_eq!((world.home.shown("Work").await, world.home.shown("Bills").await.len()), (vec!["Letter 0".to_owned()], 0));
    assert_eq!(world.home.shown("INBOX").await, ["Letter 0"], "it stood there all the time");
}
