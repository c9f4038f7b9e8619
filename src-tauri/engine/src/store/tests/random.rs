//! Random histories: a person here, another device there, a server that renumbers. After every step all that is derived is
//! in step and open lists are what a fresh query gives; at the end here and there agree.

use super::*;
use godwit_domain::sync::FetchedFlags;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PATHS: [&str; 4] = ["INBOX", "Archive", "Trash", "Boathouse"];

#[derive(Clone, Debug)]
enum Step {
    /// The server gets letter `n`.
    Add {
        mailbox: usize,
        letter: u32,
    },
    /// Another device marks, removes, moves the `nth` message.
    TheyMark {
        mailbox: usize,
        nth: usize,
        bits: u32,
    },
    TheyRemove {
        mailbox: usize,
        nth: usize,
    },
    TheyMove {
        mailbox: usize,
        nth: usize,
        to: usize,
    },
    Renumber {
        mailbox: usize,
    },
    Sync {
        mailbox: usize,
    },
    Push {
        tells_uid: bool,
    },
    Mark {
        pick: usize,
        add: bool,
        seen: bool,
        count: usize,
    },
    Move {
        pick: usize,
        to: usize,
        count: usize,
    },
    Archive {
        pick: usize,
        count: usize,
    },
    DeleteForGood {
        pick: usize,
    },
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    let mailbox = 0..PATHS.len();
    prop_oneof![
        4 => (mailbox.clone(), 1u32..30).prop_map(|(mailbox, letter)| Step::Add { mailbox, letter }),
        2 => (mailbox.clone(), 0usize..9, 0u32..8).prop_map(|(mailbox, nth, bits)| Step::TheyMark { mailbox, nth, bits }),
        1 => (mailbox.clone(), 0usize..9).prop_map(|(mailbox, nth)| Step::TheyRemove { mailbox, nth }),
        2 => (mailbox.clone(), 0usize..9, mailbox.clone()).prop_map(|(mailbox, nth, to)| Step::TheyMove { mailbox, nth, to }),
        1 => mailbox.clone().prop_map(|mailbox| Step::Renumber { mailbox }),
        5 => mailbox.clone().prop_map(|mailbox| Step::Sync { mailbox }),
        2 => any::<bool>().prop_map(|tells_uid| Step::Push { tells_uid }),
        3 => (0usize..20, any::<bool>(), any::<bool>(), 1usize..6).prop_map(|(pick, add, seen, count)| Step::Mark { pick, add, seen, count }),
        3 => (0usize..20, mailbox, 1usize..6).prop_map(|(pick, to, count)| Step::Move { pick, to, count }),
        2 => (0usize..20, 1usize..6).prop_map(|(pick, count)| Step::Archive { pick, count }),
        1 => (0usize..20).prop_map(|pick| Step::DeleteForGood { pick }),
        2 => Just(Step::Undo),
    ]
}

#[derive(Clone, Default)]
struct Box_ {
    uidvalidity: u32,
    next: u32,
    mails: BTreeMap<u32, (u32, Flags)>,
}

/// What the server has.
struct Server {
    boxes: Vec<Box_>,
}

impl Server {
    fn add(&mut self, mailbox: usize, letter: u32, flags: Flags) -> (u32, u32) {
        let there = &mut self.boxes[mailbox];
        there.next += 1;
        there.mails.insert(there.next, (letter, flags));
        (there.uidvalidity, there.next)
    }

    fn nth(&self, mailbox: usize, nth: usize) -> Option<u32> {
        let mails = &self.boxes[mailbox].mails;
        if mails.is_empty() { None } else { mails.keys().nth(nth % mails.len()).copied() }
    }
}

/// Letters 3k answer letters 3k-1 and so on: conversations of three.
fn letter(uid: u32, n: u32, flags: &Flags) -> NewPlacement {
    let mail = if n.is_multiple_of(3) { mail(n) } else { answer(n, n - n % 3) };
    // The server names every other one.
    let facts = ServerFacts { email_id: n.is_multiple_of(2).then(|| n.into()), ..ServerFacts::default() };
    NewPlacement { uid, flags: flags.clone(), facts, ..mail }
}

struct World {
    home: Home,
    server: Server,
    boxes: Vec<MailboxId>,
    account: AccountId,
    views: Vec<(ViewId, ViewSpec, Vec<Option<PlacementId>>)>,
    events: tokio::sync::broadcast::Receiver<Event>,
}

impl World {
    async fn new() -> Self {
        let home = Home::new();
        let account = home.account("marit@fjordlys.example").await;
        let mut boxes = Vec::new();
        for path in PATHS {
            boxes.push(home.mailbox(account, path).await);
        }
        let plain = of(boxes[0]);
        let mut views = Vec::new();
        for threaded in [false, true] {
            for filter in [Filter::All, Filter::Unread, Filter::Starred] {
                for scope in [Scope::Mailbox { mailbox: boxes[0] }, Scope::Role { role: Role::Archive }, Scope::Everywhere] {
                    let spec = ViewSpec { scope, filter, threaded, search: None };
                    views.push((home.store.view_open(spec.clone()).await.unwrap().view, spec, Vec::new()));
                }
            }
            let spec = ViewSpec { threaded, search: Some("letter 1".into()), ..plain.clone() };
            views.push((home.store.view_open(spec.clone()).await.unwrap().view, spec, Vec::new()));
        }
        let events = home.store.subscribe();
        let there = Box_ { uidvalidity: 1, ..Box_::default() };
        Self { home, server: Server { boxes: vec![there; PATHS.len()] }, boxes, account, views, events }
    }

    /// A person's choice: some rows of everything that is shown.
    async fn pick(&self, pick: usize, count: usize) -> Vec<PlacementId> {
        let mut all = Vec::new();
        for mailbox in &self.boxes {
            all.extend(self.home.list(of(*mailbox)).await.into_iter().map(|r| r.id));
        }
        let len = all.len().max(1);
        all.iter().cycle().skip(pick % len).take(count.min(all.len())).copied().collect()
    }

    async fn perform(&self, verb: Verb, ids: Vec<PlacementId>) {
        if !ids.is_empty() {
            self.home.store.perform(Action { verb, targets: Targets::ids(ids) }).await.unwrap();
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Add { mailbox, letter } => drop(self.server.add(mailbox, letter, Flags::none())),
            Step::TheyMark { mailbox, nth, bits } => {
                if let Some(uid) = self.server.nth(mailbox, nth) {
                    self.server.boxes[mailbox].mails.get_mut(&uid).unwrap().1.bits = bits;
                }
            }
            Step::TheyRemove { mailbox, nth } => {
                if let Some(uid) = self.server.nth(mailbox, nth) {
                    self.server.boxes[mailbox].mails.remove(&uid);
                }
            }
            Step::TheyMove { mailbox, nth, to } => {
                if let Some(uid) = self.server.nth(mailbox, nth) {
                    let (letter, flags) = self.server.boxes[mailbox].mails.remove(&uid).unwrap();
                    self.server.add(to, letter, flags);
                }
            }
            Step::Renumber { mailbox } => {
                let there = &mut self.server.boxes[mailbox];
                there.uidvalidity += 1;
                let mails = std::mem::take(&mut there.mails);
                there.mails = mails.into_values().zip(1000 * there.uidvalidity..).map(|(mail, uid)| (uid, mail)).collect();
                there.next = there.mails.keys().last().copied().unwrap_or(0);
            }
            Step::Sync { mailbox } => self.sync(mailbox).await,
            Step::Push { tells_uid } => self.push(tells_uid).await,
            Step::Mark { pick, add, seen, count } => {
                let flag = vec![if seen { "\\Seen" } else { "\\Flagged" }.to_owned()];
                let verb =
                    if add { Verb::Mark { add: flag, remove: Vec::new() } } else { Verb::Mark { add: Vec::new(), remove: flag } };
                self.perform(verb, self.pick(pick, count).await).await;
            }
            Step::Move { pick, to, count } => self.perform(Verb::Move { to: self.boxes[to] }, self.pick(pick, count).await).await,
            Step::Archive { pick, count } => self.perform(Verb::Archive, self.pick(pick, count).await).await,
            Step::DeleteForGood { pick } => self.perform(Verb::DeleteForGood, self.pick(pick, 1).await).await,
            Step::Undo => {
                if let Err(error) = self.home.store.undo(None).await {
                    assert_eq!(error.kind, ErrorKind::Invalid);
                }
            }
        }
    }

    async fn sync(&self, at: usize) {
        let (mailbox, there) = (self.boxes[at], self.server.boxes[at].clone());
        self.home
            .write(move |w| {
                let uidvalidity = there.uidvalidity;
                w.mailbox_selected(mailbox, uidvalidity)?;
                let held = w.uids(mailbox, 1, u32::MAX)?;
                let all: UidSet = there.mails.keys().copied().collect();
                let rows = there.mails.iter().rev().filter(|(uid, _)| !held.contains(**uid));
                w.insert_new(mailbox, uidvalidity, rows.map(|(uid, (n, flags))| letter(*uid, *n, flags)).collect())?;
                // This reading is younger than any move.
                w.now += 120;
                w.finish_orphans(mailbox)?;
                let flags: Vec<FetchedFlags> = there
                    .mails
                    .iter()
                    .map(|(uid, (_, flags))| FetchedFlags { uid: *uid, flags: flags.clone(), labels: None, modseq: None })
                    .collect();
                w.apply_flags(mailbox, uidvalidity, &flags)?;
                w.remove_uids(mailbox, uidvalidity, &held.minus(&all))
            })
            .await;
    }

    /// Pushes what can be pushed: a UID that names another message by now is left alone, as W7 has it.
    async fn push(&mut self, tells_uid: bool) {
        let account = self.account;
        for p in self.home.read(move |r| r.pending(account)).await {
            let at = self.boxes.iter().position(|b| *b == p.mailbox).unwrap();
            let Some(uid) = p.uid.filter(|_| self.server.boxes[at].uidvalidity == p.uidvalidity) else { continue };
            let Some((n, flags)) = self.server.boxes[at].mails.get(&uid).cloned() else { continue };
            assert_eq!(mail(n).headers.identity, p.identity);
            let flags = p.edit.apply(&flags);
            self.server.boxes[at].mails.insert(uid, (n, flags.clone()));
            let (id, edit, target) = (p.placement, p.edit, p.target);
            let pushed = flags.clone();
            self.home.write(move |w| w.flags_confirmed(id, &edit, &told(pushed))).await;
            if p.gone {
                self.server.boxes[at].mails.remove(&uid);
                self.home.write(move |w| w.gone_confirmed(&[id])).await;
            } else if let Some(target) = target {
                self.server.boxes[at].mails.remove(&uid);
                let to = self.boxes.iter().position(|b| *b == target).unwrap();
                let (uidvalidity, uid) = self.server.add(to, n, flags);
                let (validity, uid) = if tells_uid { (Some(uidvalidity), Some(uid)) } else { (None, None) };
                self.home.write(move |w| w.moved(id, target, validity, uid)).await;
            }
        }
    }

    async fn check(&mut self) {
        self.home.audit().await;
        // Lists are told before anything else that was gathered with them.
        let marker = Event::Told { error: Error::gone("marker") };
        self.home.store.emit(marker.clone());
        let mut changed: Vec<Event> = Vec::new();
        loop {
            let event = self.events.recv().await.unwrap();
            if event == marker {
                break;
            }
            changed.push(event);
        }
        for (view, spec, mirror) in &mut self.views {
            for event in &changed {
                let Event::ViewChanged { view: of, splices, len, .. } = event else { continue };
                if of != view {
                    continue;
                }
                for s in splices {
                    let at = s.at as usize;
                    mirror.splice(at..at + s.removed as usize, std::iter::repeat_n(None, s.inserted as usize));
                }
                assert_eq!(mirror.len(), *len as usize);
            }
            let held = self.home.store.view_ids(*view).await.unwrap();
            let fresh = self.home.store.view_open(spec.clone()).await.unwrap();
            assert_eq!(held, self.home.store.view_ids(fresh.view).await.unwrap(), "{spec:?}");
            self.home.store.view_close(fresh.view);
            assert_eq!(mirror.len(), held.len(), "{spec:?}");
            for (kept, now) in mirror.iter().zip(&held) {
                assert!(kept.is_none_or(|kept| kept == *now), "a splice of {spec:?} moved a row that it does not name");
            }
            *mirror = held.into_iter().map(Some).collect();
        }
    }

    /// Everything pushed and read again: both sides say the same.
    async fn converge(&mut self) {
        for _ in 0..4 {
            for at in 0..PATHS.len() {
                self.sync(at).await;
            }
            self.push(true).await;
        }
        for (at, path) in PATHS.into_iter().enumerate() {
            self.sync(at).await;
            let rows = self.home.list(of(self.boxes[at])).await;
            let mut here: Vec<(u32, Vec<String>)> = rows.into_iter().map(|r| (r.uid.unwrap_or(0), r.flags)).collect();
            here.sort();
            let there: Vec<(u32, Vec<String>)> =
                self.server.boxes[at].mails.iter().map(|(uid, (_, f))| (*uid, f.names())).collect();
            assert_eq!(here, there, "{path}");
        }
        let account = self.account;
        assert_eq!(self.home.read(move |r| r.pending(account)).await, Vec::new());
    }
}

/// How many histories; `GODWIT_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("GODWIT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_everything_in_step(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async move {
            let mut world = World::new().await;
            for step in steps {
                world.step(step).await;
                world.check().await;
            }
            world.converge().await;
            world.check().await;
        });
    }
}
