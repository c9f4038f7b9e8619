//! Calls that read messages of the open mailbox. Rows go out as they come; nothing here holds a mailbox in memory.

use super::command::Command;
use super::connection::{Ask, Connection, MOST_COLLECTED_BYTES, Pending};
use super::fetch::Fetched;
use super::items::FlagsFetched;
use super::piles::Pile;
use super::refusal;
use super::response::Response;
use super::rows::{Rows, Taken, is_row, row};
use godwit_domain::sync::{FetchedFlags, FetchedHeader, Sent, UidSet, sent};
use godwit_domain::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// Sets are cut so that no server's line limit is met.
pub(super) const SET_CHARS: usize = 8000;
/// Commands that may be under way together.
const PIPELINE: usize = 10;
/// More rows than any mailbox has.
const MOST_ROWS: usize = 5_000_000;
/// What is kept of one message's header fields.
const HEADER_BYTES: usize = 1 << 20;

/// The header fields that a row is made of.
pub const HEADER_FIELDS: &str = "BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER REPLY-TO TO CC BCC SUBJECT MESSAGE-ID IN-REPLY-TO \
    REFERENCES CONTENT-TYPE LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST AUTO-SUBMITTED IMPORTANCE X-PRIORITY \
    AUTHENTICATION-RESULTS DISPOSITION-NOTIFICATION-TO)]";

/// FETCH commands in turn, and their rows.
pub(super) struct Fetching<'a> {
    connection: &'a Connection,
    doing: &'static str,
    sets: VecDeque<String>,
    items: String,
    budget: usize,
    opening: u64,
    current: Option<Pending>,
    vanished: Pile,
    rows: usize,
}

impl Fetching<'_> {
    pub(super) async fn next(&mut self) -> Result<Option<Fetched>> {
        loop {
            let Some(pending) = &mut self.current else {
                if self.sets.is_empty() {
                    return Ok(None);
                }
                self.current = Some(self.ask().await?);
                continue;
            };
            match pending.next().await {
                Some(delivery) => match delivery.response {
                    Response::Fetch(fetched) => {
                        self.rows += 1;
                        if self.rows > MOST_ROWS {
                            return Err(refusal::protocol("The server's answer has no end."));
                        }
                        return Ok(Some(*fetched));
                    }
                    Response::Vanished { uids, .. } => self.vanished.add(&uids),
                    _ => {}
                },
                None => {
                    if let Some(pending) = self.current.take() {
                        pending.all_ok().await?;
                    }
                }
            }
        }
    }

    async fn ask(&mut self) -> Result<Pending> {
        let count = self.sets.len().min(PIPELINE);
        let commands =
            self.sets.drain(..count).map(|set| Command::new(self.doing, format!("UID FETCH {set} {}", self.items))).collect();
        let ask = Ask { budget: self.budget, wants_fetch: true, opening: Some(self.opening), ..Ask::new(commands) };
        self.connection.ask(ask).await
    }
}

/// A set that is asked for, and its halves where the server answers NO: one message that it can't read must not keep the
/// others from coming, nor stop a mailbox for ever.
pub(super) struct Given {
    /// The last is next.
    parts: Vec<UidSet>,
    answered: usize,
    refused: usize,
    withheld: Option<Error>,
}

/// So many refusals without an answer between them mean the server, not a message.
const MOST_REFUSED: usize = 24;
/// More single messages than this are not looked for in one go.
const MOST_WITHHELD: usize = 200;

impl Given {
    pub fn new(uids: &UidSet) -> Self {
        Self { parts: vec![uids.clone()], answered: 0, refused: 0, withheld: None }
    }

    pub fn next(&mut self) -> Option<UidSet> {
        self.parts.pop()
    }

    pub fn answered(&mut self) {
        self.answered += 1;
    }

    /// A part was refused: its halves are next, and a single message is left out. An error where it is not about messages.
    pub fn refused(&mut self, connection: &Connection, part: &UidSet, error: Error) -> Result<()> {
        self.refused += 1;
        let too_many = self.refused > MOST_WITHHELD || self.refused > MOST_REFUSED * (1 + self.answered);
        // What we found wrong ourselves has no words of the server.
        let said = error.kind != ErrorKind::Protocol || error.server_words.is_some();
        if sent(&error) == Sent::Open || error.kind == ErrorKind::Invalid || !said || !connection.is_alive() || too_many {
            return Err(error);
        }
        let (lower, upper) = part.halves();
        if lower.is_empty() {
            tracing::warn!(kind = ?error.kind, "the server does not give a message");
            self.withheld = Some(error);
        } else {
            self.parts.extend([lower, upper]);
        }
        Ok(())
    }

    /// No success without any OK.
    pub fn end(self) -> Result<()> {
        self.withheld.filter(|_| self.answered == 0).map_or(Ok(()), Err)
    }
}

impl Connection {
    fn fetching(&self, doing: &'static str, sets: Vec<String>, items: String, budget: usize) -> Fetching<'_> {
        let (sets, opening) = (sets.into(), self.opening());
        Fetching { connection: self, doing, sets, items, budget, opening, current: None, vanished: Pile::default(), rows: 0 }
    }

    pub(super) fn fetching_uids(
        &self,
        doing: &'static str,
        uids: &UidSet,
        items: impl Into<String>,
        budget: usize,
    ) -> Fetching<'_> {
        let sets = uids.chunks(SET_CHARS).iter().map(ToString::to_string).collect();
        self.fetching(doing, sets, items.into(), budget)
    }

    fn flag_items(&self) -> &'static str {
        let can = self.capabilities();
        match (can.condstore, can.gmail) {
            (true, true) => "UID FLAGS MODSEQ X-GM-LABELS",
            (true, false) => "UID FLAGS MODSEQ",
            (false, true) => "UID FLAGS X-GM-LABELS",
            (false, false) => "UID FLAGS",
        }
    }

    fn header_items(&self, with_preview: bool) -> String {
        let preview = if with_preview && self.capabilities().preview { " PREVIEW" } else { "" };
        let can = self.capabilities();
        let ids = match (can.gmail, can.object_id) {
            (true, _) => " X-GM-MSGID X-GM-THRID",
            (false, true) => " EMAILID THREADID",
            (false, false) => "",
        };
        format!("({}{ids} INTERNALDATE RFC822.SIZE{preview} {HEADER_FIELDS})", self.flag_items())
    }

    /// Header fields and facts of messages, in the server's order; answers how many. A message that is gone, that could not be
    /// read, or that the server does not give has no row.
    pub async fn fetch_headers(&self, uids: &UidSet, with_preview: bool, each: mpsc::Sender<FetchedHeader>) -> Result<u32> {
        let (mut given, mut count) = (Given::new(uids), 0);
        while let Some(part) = given.next() {
            match self.headers_of(&part, with_preview, &each).await {
                Ok(some) => {
                    given.answered();
                    count += some;
                }
                Err(error) => given.refused(self, &part, error)?,
            }
        }
        given.end().map(|()| count)
    }

    async fn headers_of(&self, uids: &UidSet, with_preview: bool, each: &mpsc::Sender<FetchedHeader>) -> Result<u32> {
        let items = self.header_items(with_preview);
        let mut fetching = self.fetching_uids("fetch the headers", uids, items, HEADER_BYTES);
        let (mut rows, mut count) = (Rows::new(self.capabilities().gmail), 0);
        while let Some(fetched) = fetching.next().await? {
            match rows.take(uids, fetched) {
                Taken::Row(row) => {
                    count += 1;
                    if each.send(row).await.is_err() {
                        return Err(Error::new(ErrorKind::Cancelled, "The headers are not needed any more."));
                    }
                }
                Taken::News(fetched) => self.shared.push_fetched(&fetched),
                Taken::Waits => {}
                Taken::TooMany => return Err(refusal::protocol("The server's answer has no end.")),
            }
        }
        for fetched in rows.rest() {
            if !is_row(&fetched) {
                self.shared.push_fetched(&fetched);
            } else if let Some(row) = row(fetched) {
                count += 1;
                drop(each.send(row).await);
            }
        }
        Ok(count)
    }

    /// The same, collected: for checks of few messages.
    pub async fn fetch_identities(&self, uids: &UidSet) -> Result<Vec<FetchedHeader>> {
        let (each, mut rows) = mpsc::channel::<FetchedHeader>(64);
        let collect = async {
            let (mut out, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.recv().await {
                bytes += row.header.len() + size_of::<FetchedHeader>();
                if bytes > MOST_COLLECTED_BYTES {
                    return Err(refusal::protocol("The server's answer has no end."));
                }
                out.push(row);
            }
            Ok(out)
        };
        let (outcome, out) = tokio::join!(self.fetch_headers(uids, false, each), collect);
        // Where too much came, the other half only says that nobody listens any more.
        let out = out?;
        outcome.map(|_| out)
    }

    /// Flags of messages; with `changed_since` only of those that changed after it (needs CONDSTORE).
    pub async fn fetch_flags(&self, uids: &UidSet, changed_since: Option<u64>) -> Result<FlagsFetched> {
        let since = match changed_since {
            Some(modseq) if self.capabilities().condstore => format!(" (CHANGEDSINCE {modseq})"),
            _ => String::new(),
        };
        let items = format!("({}){since}", self.flag_items());
        self.collect_flags(self.fetching_uids("fetch the flags", uids, items, 0), Some(uids)).await
    }

    /// Flags of all that changed after `modseq`, and what went where QRESYNC is on. Needs CONDSTORE.
    pub async fn fetch_flags_since(&self, modseq: u64) -> Result<FlagsFetched> {
        let can = self.capabilities();
        if !can.condstore {
            return Err(Error::new(ErrorKind::Unsupported, "The server can't tell what changed."));
        }
        let vanished = if can.qresync { " VANISHED" } else { "" };
        let items = format!("({}) (CHANGEDSINCE {modseq}{vanished})", self.flag_items());
        self.collect_flags(self.fetching("fetch the changed flags", vec!["1:*".to_owned()], items, 0), None).await
    }

    async fn collect_flags(&self, mut fetching: Fetching<'_>, asked: Option<&UidSet>) -> Result<FlagsFetched> {
        let (mut out, mut bytes) = (FlagsFetched::default(), 0);
        while let Some(fetched) = fetching.next().await? {
            bytes += fetched.held();
            if bytes > MOST_COLLECTED_BYTES {
                return Err(refusal::protocol("The server's answer has no end."));
            }
            match (fetched.uid, &fetched.flags) {
                (Some(uid), Some(flags)) if asked.is_none_or(|a| a.contains(uid)) => {
                    let (flags, labels) = (flags.clone(), fetched.gm_labels.clone());
                    out.flags.push(FetchedFlags { uid, flags, labels, modseq: fetched.modseq });
                }
                _ => self.shared.push_fetched(&fetched),
            }
        }
        out.vanished = fetching.vanished.into_set();
        Ok(out)
    }

    /// RFC822.SIZE of messages, by UID.
    pub async fn fetch_sizes(&self, asked: &UidSet) -> Result<Vec<(u32, u32)>> {
        let mut fetching = self.fetching_uids("compare messages", asked, "(UID RFC822.SIZE)", 0);
        let mut sizes = Vec::new();
        while let Some(fetched) = fetching.next().await? {
            match (fetched.uid, fetched.size) {
                (Some(uid), Some(size)) if asked.contains(uid) => sizes.push((uid, size)),
                _ => self.shared.push_fetched(&fetched),
            }
        }
        Ok(sizes)
    }

    /// Which of these UIDs are there.
    pub async fn fetch_present(&self, asked: &UidSet) -> Result<UidSet> {
        let mut fetching = self.fetching_uids("look for messages", asked, "(UID)", 0);
        let mut uids = Vec::new();
        while let Some(fetched) = fetching.next().await? {
            uids.extend(fetched.uid.filter(|uid| asked.contains(*uid)));
            self.shared.push_fetched(&fetched);
        }
        Ok(uids.into_iter().collect())
    }

    /// The UIDs there are from `from` to `to`; `None`: to the last one, written as a number where the server takes no other.
    pub async fn fetch_uids(&self, from: u32, to: Option<u32>) -> Result<UidSet> {
        let end = to.or(self.capabilities().quirks.closed_sets.then_some(u32::MAX));
        let set = end.map_or_else(|| format!("{from}:*"), |to| UidSet::range(from, to).to_string());
        let mut fetching = self.fetching("list the messages", vec![set], "(UID)".to_owned(), 0);
        let mut uids = Vec::new();
        while let Some(fetched) = fetching.next().await? {
            // `n:*` brings the last message even where it is below n (RFC 9051 section 9, seq-range).
            if let Some(uid) = fetched.uid.filter(|uid| *uid >= from && to.is_none_or(|to| *uid <= to)) {
                uids.push(uid);
            }
            self.shared.push_fetched(&fetched);
        }
        Ok(uids.into_iter().collect())
    }
}
