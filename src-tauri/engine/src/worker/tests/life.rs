//! A whole life of an account with a server, as a test may disturb it: a first sync, news, and a person's wishes; and what
//! has to be so whatever the server said meanwhile.

use super::desk::{Desk, held, subjects};
use super::lies::Says;
use crate::pretend::Pretend;
use crate::store::Lane;
use godwit_domain::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const FOLDERS: [&str; 2] = ["INBOX", "Archive"];
/// Letters in the INBOX at the beginning; their UIDs are their numbers.
const LETTERS: u32 = 7;
/// Starred, archived, deleted for good, copied; by the person.
const STARRED: u32 = 2;
const ARCHIVED: u32 = 3;
const DELETED: u32 = 4;
const COPIED: u32 = 5;
/// Removed by another client, and asked back by the person.
const GONE: u32 = 6;
/// Who loses a wish hears of it; nothing else happens to the others.
const UNTOUCHED: [u32; 5] = [1, 7, 8, STARRED, COPIED];

/// The longest silence is a minute, the longest talk ten; the rest is this machine's.
const LONGEST: Duration = Duration::from_secs(12 * 60);
/// What a pass and its server may take together, while seven letters are synced.
const MEMORY: usize = 24 << 20;

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Greeting,
    SignIn,
    Capability,
    Id,
    Namespace,
    Enable,
    List,
    Status,
    Select,
    Resync,
    Rows,
    Flags,
    Changes,
    Uids,
    FirstWords,
    Body,
    Search,
    Store,
    Copy,
    Move,
    UidExpunge,
    Expunge,
    Literal,
    Append,
    Create,
    Subscribe,
    Idle,
    Done,
    Logout,
}

impl Kind {
    pub fn of(command: &str) -> Self {
        use Kind::*;
        let has = |text: &str| command.contains(text);
        match command.split(' ').next().unwrap_or_default() {
            "GREETING" => Greeting,
            "AUTHENTICATE" | "LOGIN" => SignIn,
            "CAPABILITY" => Capability,
            "ID" => Id,
            "NAMESPACE" => Namespace,
            "CREATE" => Create,
            "SUBSCRIBE" => Subscribe,
            "ENABLE" => Enable,
            "LIST" | "LSUB" => List,
            "STATUS" => Status,
            "SELECT" if has("QRESYNC") => Resync,
            "SELECT" => Select,
            "EXPUNGE" => Expunge,
            "LITERAL" => Literal,
            "APPEND" => Append,
            "IDLE" => Idle,
            "DONE" => Done,
            "LOGOUT" => Logout,
            _ if has("UID SEARCH") => Search,
            _ if has("UID STORE") => Store,
            _ if has("UID COPY") => Copy,
            _ if has("UID MOVE") => Move,
            _ if has("UID EXPUNGE") => UidExpunge,
            _ if has("INTERNALDATE") => Rows,
            _ if has("CHANGEDSINCE") => Changes,
            _ if has("FLAGS") => Flags,
            _ if has("BODY.PEEK[TEXT]") => FirstWords,
            _ if has("BODY.PEEK[]") => Body,
            _ if has("(UID)") => Uids,
            _ => panic!("what is {command} for?"),
        }
    }

    /// Its answer has counts, UIDVALIDITY and the like.
    pub fn counts(self) -> bool {
        matches!(self, Self::List | Self::Status | Self::Select | Self::Resync)
    }

    /// Its answer tells the new places of messages.
    pub fn places(self) -> bool {
        matches!(self, Self::Copy | Self::Move | Self::Append)
    }
}

/// How often in a row each lie is told.
pub(super) fn in_a_row() -> u32 {
    std::env::var("GODWIT_LIES_IN_A_ROW").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

pub(super) struct Life {
    pub desk: Desk,
    pub case: String,
    /// Letters that were shown at some time.
    known: BTreeSet<String>,
    told: Vec<Error>,
    /// Whether the message that another client removed was asked back.
    asked_back: bool,
    /// In which of the three parts the disk is full, and after how many transactions of it; false once it was.
    full: Option<(u32, u32, bool)>,
}

impl Life {
    pub async fn begin(offers: &str, case: String) -> Self {
        let server = Pretend::offering(offers);
        server.change(|w| w.letters("INBOX", LETTERS));
        if offers.contains("X-NO-ARCHIVE") {
            server.change(|w| drop(w.mailboxes.remove("Archive")));
        }
        Self { desk: Desk::at(&server).await, case, known: BTreeSet::new(), told: Vec::new(), asked_back: false, full: None }
    }

    /// The disk has no room for one transaction of this part of life. Answers whether that was met, once it is lived.
    pub async fn live_where_the_disk_fills(&mut self, part: u32, room: u32) -> bool {
        self.full = Some((part, room, false));
        self.live().await;
        self.full.is_some_and(|(.., met)| met)
    }

    /// All of it. Where a lie was told the passes after it have to mend it, before life goes on.
    pub async fn live(&mut self) {
        let server = self.desk.home.server.clone();
        let lies = server.lies_left().max(1);
        for part in 0..3 {
            match part {
                0 => {}
                1 => self.news(),
                _ => self.wishes().await,
            }
            let before = server.lies_left();
            let room = self.full.filter(|full| full.0 == part).map(|full| (full.1, true));
            self.desk.home.store.set_room(room).await;
            let passed = self.bounded_pass(part == 2).await;
            let met = self.desk.home.store.set_room(None).await && room.is_some();
            if met {
                self.full = self.full.map(|(part, room, _)| (part, room, true));
                assert!(passed.as_ref().err().is_none_or(|e| e.kind == ErrorKind::StorageFull), "{}: {passed:?}", self.case);
                self.settle().await;
            } else if before == server.lies_left() {
                let report = passed.unwrap_or_else(|error| panic!("{}: {error}, and nobody lied", self.case));
                assert!(report.iter().all(|m| m.error.is_none()), "{}: {report:?}", self.case);
            } else {
                self.settle().await;
            }
            self.keeps_what_is_there().await;
        }
        assert!(server.lies_left() < lies, "{}: the lie was never told", self.case);
        server.repent();
    }

    /// Another client does something.
    fn news(&self) {
        self.desk.home.server.change(|w| {
            w.mark("INBOX", 1, "\\Seen", true);
            w.expunge("INBOX", |m| m.uid == GONE);
            w.deliver("INBOX", "Letter 8");
        });
    }

    /// The person does something.
    async fn wishes(&mut self) {
        let row = async |n: u32| [self.desk.home.row("INBOX", &format!("Letter {n}")).await];
        self.desk.home.perform(Verb::Mark { add: vec!["\\Flagged".into()], remove: Vec::new() }, &row(STARRED).await).await;
        self.desk.home.perform(Verb::Archive, &row(ARCHIVED).await).await;
        let archive = self.desk.home.mailbox("Archive").await;
        self.desk.home.perform(Verb::DeleteForGood, &row(DELETED).await).await;
        self.desk.home.perform(Verb::Copy { to: archive }, &row(COPIED).await).await;
        let account = self.desk.home.account;
        let removed = self.desk.home.store.read(move |r| r.removed(account, 10)).await.unwrap();
        let gone: Vec<PlacementId> = removed.messages.iter().map(|m| m.id).collect();
        // What a server did not give while it had it can't come back: then the person is told so at once.
        self.asked_back = removed.messages.first().is_some_and(|m| m.comes_back == Return::Possible);
        let asked = self.desk.home.store.write(Lane::User, move |w| w.restore(&gone)).await;
        assert_eq!(asked.is_ok(), self.asked_back, "{}: {asked:?}", self.case);
        assert!(self.asked_back || in_a_row() > 1, "{}: {:?}", self.case, removed.messages);
    }

    /// A pass that ends in time and takes no more memory than it may, whatever it ends with.
    async fn bounded_pass(&self, listens: bool) -> Result<Vec<api::MailboxSynced>> {
        let began = tokio::time::Instant::now();
        let held = crate::memory::begin();
        let passing = self.desk.pass(listens);
        let passed = tokio::time::timeout(2 * LONGEST, passing).await;
        let (took, peak) = (began.elapsed(), held.peak());
        assert!(took < LONGEST, "{}: a call took {took:?}", self.case);
        assert!(peak < MEMORY, "{}: a pass took {peak} bytes", self.case);
        passed.unwrap_or_else(|_| panic!("{}: a call never ended", self.case))
    }

    /// Passes until one has no trouble; the lie is behind us.
    pub async fn settle(&mut self) {
        for _ in 0..6 {
            if self.desk.pass(false).await.is_ok_and(|report| report.iter().all(|m| m.error.is_none())) {
                return;
            }
            self.keeps_what_is_there().await;
        }
        panic!("{}: no pass comes to its end", self.case);
    }

    /// Every letter that was shown once stays shown while the server has it, wherever it is.
    async fn keeps_what_is_there(&mut self) {
        let there: BTreeSet<String> = {
            let world = self.desk.home.server.world();
            ["INBOX", "Archive"].iter().flat_map(|path| world.subjects(path)).collect()
        };
        let shown: BTreeSet<String> =
            self.desk.shown(&FOLDERS).await.into_values().flatten().map(|(subject, _)| subject).collect();
        // What was removed and comes back is there before it was read again.
        let come_or_go = [format!("Letter {DELETED}"), format!("Letter {GONE}")];
        for letter in self.known.intersection(&there).filter(|l| !come_or_go.contains(l)) {
            assert!(shown.contains(letter), "{}: {letter} is there and not shown: {shown:?}", self.case);
        }
        self.known.extend(shown);
        self.told.extend(self.desk.home.told().await);
    }

    /// Only what the person meant was ever touched, whatever else was said.
    fn commands_meant_what_was_meant(&self) {
        let world = self.desk.home.server.world();
        let mut opened: BTreeMap<usize, &str> = BTreeMap::new();
        for (line, command) in &world.heard {
            let words: Vec<&str> = command.split(' ').collect();
            let allowed: &[u32] = match words.as_slice() {
                ["SELECT", path, ..] => {
                    opened.insert(*line, path);
                    continue;
                }
                ["UID", "STORE", _, _, flags, ..] if flags.contains("Deleted") => &[DELETED, ARCHIVED],
                ["UID", "STORE", ..] => &[STARRED],
                ["UID", "MOVE", ..] => &[ARCHIVED],
                ["UID", "COPY", ..] => &[COPIED, ARCHIVED],
                ["UID", "EXPUNGE", ..] => &[DELETED, ARCHIVED],
                ["CREATE", path] if *path == "\"Archive\"" && world.offers("X-NO-ARCHIVE") => continue,
                ["CREATE" | "DELETE" | "RENAME", ..] => &[],
                _ => continue,
            };
            let set = words.get(2).and_then(|set| sync::UidSet::parse(set)).unwrap_or_default();
            let meant = !allowed.is_empty() && set.iter().all(|uid| allowed.contains(&uid));
            assert!(meant && opened.get(line) == Some(&"\"INBOX\""), "{}: {command} was not meant", self.case);
        }
    }

    /// At the end here and there agree; what was wanted is so, or was refused and told; and nothing is left to be done.
    pub async fn ends_well(&mut self, says: Says) {
        self.told.extend(self.desk.home.told().await);
        self.commands_meant_what_was_meant();
        let (case, told) = (&self.case, &self.told);
        let there = self.desk.there(&FOLDERS);
        let count = |path: &str, n: u32| there[path].iter().filter(|(s, _)| *s == format!("Letter {n}")).count();
        assert!(UNTOUCHED.iter().all(|n| count("INBOX", *n) == 1), "{case}: {there:?}");
        let may_fail = (says == Says::No && !told.is_empty()) || says == Says::FalseOk;
        // Copied, and then refused to be taken away: in two places is told, in none would be lost.
        let places = count("INBOX", ARCHIVED) + count("Archive", ARCHIVED);
        assert!(places == 1 || (places == 2 && may_fail), "{case}: {there:?}; told: {told:?}");
        assert!(count("Archive", COPIED) <= 1 && there["Archive"].len() <= 2 && count("INBOX", GONE) <= 1, "{case}: {there:?}");
        let starred = |subject: &str| there["INBOX"].iter().any(|(s, f)| s == subject && f.iter().any(|f| f == "\\Flagged"));
        let wishes = [
            ("the star", starred(&format!("Letter {STARRED}"))),
            ("the move", count("Archive", ARCHIVED) == 1),
            ("the removal", count("INBOX", DELETED) == 0),
            ("the copy", count("Archive", COPIED) == 1),
            ("the return", count("INBOX", GONE) == 1 || !self.asked_back),
        ];
        for (wish, so) in wishes {
            assert!(so || may_fail, "{case}: {wish} did not come true; told: {told:?}");
        }
        let marked =
            |n: u32| there["INBOX"].iter().any(|(s, f)| *s == format!("Letter {n}") && f.iter().any(|f| f == "\\Deleted"));
        assert!(![1, 7, 8, 9, STARRED, COPIED, GONE].into_iter().any(marked), "{case}: {there:?}");
        assert_eq!(self.desk.home.waiting().await, 0, "{case}: something waits; told: {told:?}");
        assert_eq!(subjects(held(self.desk.shown(&FOLDERS).await)), subjects(held(there.clone())), "{case}; told: {told:?}");
        // Flags that no counter tells of are found by the comparing in idle time.
        self.desk.compare(&FOLDERS, case).await;
        let mut shown = self.desk.shown(&FOLDERS).await;
        if says == Says::FalseOk && told.iter().any(|e| e.kind == ErrorKind::Unsupported) {
            // "Kept on this machine only."
            shown.values_mut().flatten().filter(|(s, _)| *s == format!("Letter {STARRED}")).for_each(|(_, flags)| flags.clear());
        }
        assert_eq!(held(shown), held(there), "{case}; told: {told:?}");
        self.desk.home.audit().await;
        self.desk.is_quiet(case).await;
    }
}
