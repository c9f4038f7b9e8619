//! Calls that read messages of the open mailbox. Rows go out as they come; nothing here holds a mailbox in memory.

use super::command::Command;
use super::connection::{Ask, Connection, Pending};
use super::fetch::Fetched;
use super::items::FlagsFetched;
use super::refusal;
use super::response::Response;
use godwit_domain::sync::{FetchedFlags, FetchedHeader, UidSet};
use godwit_domain::{Error, ErrorKind, Result};
use std::collections::{HashMap, VecDeque};
use tokio::sync::mpsc;

/// Sets are cut so that no server's line limit is met.
pub(super) const SET_CHARS: usize = 8000;
/// Commands that may be under way together.
const PIPELINE: usize = 10;
/// What is kept of one message's header fields.
const HEADER_BYTES: usize = 1 << 20;
/// A body comes in parts of this size, so that a click never queues behind 25 MB.
pub(super) const PART: u32 = 256 << 10;
/// Parts under way together once a message proved long.
const PARTS_AHEAD: u64 = 4;
/// A server that ignores the size of a part may send this much at once.
const WHOLE_BODY: usize = 32 << 20;
/// No message is longer.
const MOST_MESSAGE: u64 = 2 << 30;
/// What is asked of a text for its preview.
const TEXT_START: u32 = 4096;

/// The header fields that a row is made of.
pub const HEADER_FIELDS: &str = "BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER REPLY-TO TO CC BCC SUBJECT MESSAGE-ID IN-REPLY-TO \
    REFERENCES CONTENT-TYPE LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST AUTO-SUBMITTED IMPORTANCE X-PRIORITY \
    AUTHENTICATION-RESULTS DISPOSITION-NOTIFICATION-TO)]";

/// FETCH commands in turn, and their rows.
struct Fetching<'a> {
    connection: &'a Connection,
    doing: &'static str,
    sets: VecDeque<String>,
    items: String,
    budget: usize,
    opening: u64,
    current: Option<Pending>,
    vanished: UidSet,
}

impl Fetching<'_> {
    async fn next(&mut self) -> Result<Option<Fetched>> {
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
                    Response::Fetch(fetched) => return Ok(Some(*fetched)),
                    Response::Vanished { uids, .. } => self.vanished = self.vanished.union(&uids),
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

impl Connection {
    fn fetching(&self, doing: &'static str, sets: Vec<String>, items: String, budget: usize) -> Fetching<'_> {
        let (sets, opening) = (sets.into(), self.opening());
        Fetching { connection: self, doing, sets, items, budget, opening, current: None, vanished: UidSet::new() }
    }

    fn fetching_uids(&self, doing: &'static str, uids: &UidSet, items: impl Into<String>, budget: usize) -> Fetching<'_> {
        let sets = uids.chunks(SET_CHARS).iter().map(ToString::to_string).collect();
        self.fetching(doing, sets, items.into(), budget)
    }

    fn flag_items(&self) -> &'static str {
        if self.capabilities().condstore { "UID FLAGS MODSEQ" } else { "UID FLAGS" }
    }

    fn header_items(&self, with_preview: bool) -> String {
        let preview = if with_preview && self.capabilities().preview { " PREVIEW" } else { "" };
        format!("({} INTERNALDATE RFC822.SIZE{preview} {HEADER_FIELDS})", self.flag_items())
    }

    /// Header fields and facts of messages, in the server's order. A message that is gone, or that could not be read, has no row.
    pub async fn fetch_headers(&self, uids: &UidSet, with_preview: bool, each: mpsc::Sender<FetchedHeader>) -> Result<()> {
        let items = self.header_items(with_preview);
        let mut fetching = self.fetching_uids("fetch the headers", uids, items, HEADER_BYTES);
        let mut rows = Rows::default();
        while let Some(fetched) = fetching.next().await? {
            match rows.take(uids, fetched) {
                Taken::Row(row) => {
                    if each.send(row).await.is_err() {
                        return Err(Error::new(ErrorKind::Cancelled, "The headers are not needed any more."));
                    }
                }
                Taken::News(fetched) => self.shared.push_fetched(&fetched),
                Taken::Waits => {}
            }
        }
        for fetched in rows.rest() {
            match row(&fetched) {
                Some(row) => drop(each.send(row).await),
                None => self.shared.push_fetched(&fetched),
            }
        }
        Ok(())
    }

    /// The same, collected: for checks of few messages.
    pub async fn fetch_identities(&self, uids: &UidSet) -> Result<Vec<FetchedHeader>> {
        let (each, mut rows) = mpsc::channel(64);
        let collect = async {
            let mut out = Vec::new();
            while let Some(row) = rows.recv().await {
                out.push(row);
            }
            out
        };
        let (outcome, out) = tokio::join!(self.fetch_headers(uids, false, each), collect);
        outcome.map(|()| out)
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
        let items = format!("(UID FLAGS MODSEQ) (CHANGEDSINCE {modseq}{vanished})");
        self.collect_flags(self.fetching("fetch the changed flags", vec!["1:*".to_owned()], items, 0), None).await
    }

    async fn collect_flags(&self, mut fetching: Fetching<'_>, asked: Option<&UidSet>) -> Result<FlagsFetched> {
        let mut out = FlagsFetched::default();
        while let Some(fetched) = fetching.next().await? {
            match (fetched.uid, &fetched.flags) {
                (Some(uid), Some(flags)) if asked.is_none_or(|a| a.contains(uid)) => {
                    out.flags.push(FetchedFlags { uid, flags: flags.clone(), modseq: fetched.modseq });
                }
                _ => self.shared.push_fetched(&fetched),
            }
        }
        out.vanished = fetching.vanished;
        Ok(out)
    }

    /// The UIDs there are from `from` to `to`; `None`: to the last one.
    pub async fn fetch_uids(&self, from: u32, to: Option<u32>) -> Result<UidSet> {
        let set = to.map_or_else(|| format!("{from}:*"), |to| UidSet::range(from, to).to_string());
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

    /// A whole message in parts, as they come; answers its length. `Gone` where it is not there any more.
    pub async fn fetch_body(&self, uid: u32, sink: mpsc::Sender<Vec<u8>>) -> Result<u64> {
        let opening = self.opening();
        let mut total = 0u64;
        let mut ahead = 1;
        loop {
            let commands = (0..ahead).map(|n| {
                let from = total + n * u64::from(PART);
                Command::new("fetch the message", format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{PART}>)"))
            });
            let ask = Ask { budget: WHOLE_BODY, wants_fetch: true, opening: Some(opening), ..Ask::new(commands.collect()) };
            let (parts, finished) = self.body_parts(uid, total, self.ask(ask).await?).await?;
            for part in parts {
                total += part.len() as u64;
                if total > MOST_MESSAGE {
                    return Err(refusal::protocol("The message has no end."));
                }
                if !part.is_empty() && sink.send(part).await.is_err() {
                    return Err(Error::new(ErrorKind::Cancelled, "The message is not needed any more."));
                }
            }
            if finished {
                return Ok(total);
            }
            ahead = PARTS_AHEAD;
        }
    }

    /// Parts in order from `total` on, and whether the last one is among them.
    async fn body_parts(&self, uid: u32, total: u64, mut pending: Pending) -> Result<(Vec<Vec<u8>>, bool)> {
        let mut found: HashMap<u64, Vec<u8>> = HashMap::new();
        let mut whole = None;
        while let Some(delivery) = pending.next().await {
            let Response::Fetch(mut fetched) = delivery.response else { continue };
            let section = if fetched.uid == Some(uid) { fetched.section("") } else { None };
            let Some(section) = section else {
                self.shared.push_fetched(&fetched);
                continue;
            };
            if section.cut {
                return Err(refusal::protocol("The server sent more of a message than was asked for."));
            }
            match section.origin {
                Some(origin) => drop(found.insert(origin, section.bytes.unwrap_or_default())),
                None => whole = section.bytes,
            }
        }
        pending.all_ok().await?;
        if let Some(bytes) = whole {
            // It ignores parts: this is all of it, or, past the first part, nothing new.
            return Ok((if total == 0 { vec![bytes] } else { Vec::new() }, true));
        }
        let (mut parts, mut at) = (Vec::new(), total);
        while let Some(part) = found.remove(&at) {
            let short = part.len() < PART as usize;
            at += u64::from(PART);
            parts.push(part);
            if short {
                return Ok((parts, true));
            }
        }
        if parts.is_empty() {
            return Err(Error::gone("The message is not on the server any more."));
        }
        Ok((parts, false))
    }

    /// Whole messages of at most `max_each` bytes, for prefetching. Longer ones are left out.
    pub async fn fetch_bodies(&self, uids: &UidSet, max_each: u32, each: mpsc::Sender<(u32, Vec<u8>)>) -> Result<()> {
        let most = max_each.saturating_add(1);
        let items = format!("(UID BODY.PEEK[]<0.{most}>)");
        let mut fetching = self.fetching_uids("fetch the messages", uids, items, most as usize);
        while let Some(mut fetched) = fetching.next().await? {
            let asked = fetched.uid.filter(|uid| uids.contains(*uid));
            let body = fetched.section("").filter(|s| !s.cut).and_then(|s| s.bytes);
            match (asked, body) {
                (Some(uid), Some(body)) if body.len() <= max_each as usize => {
                    if each.send((uid, body)).await.is_err() {
                        return Err(Error::new(ErrorKind::Cancelled, "The messages are not needed any more."));
                    }
                }
                _ => self.shared.push_fetched(&fetched),
            }
        }
        Ok(())
    }

    /// For previews: Content-Type and Content-Transfer-Encoding, and the first 4 KiB of the text, per message.
    pub async fn fetch_text_start(&self, uids: &UidSet, each: mpsc::Sender<(u32, Vec<u8>, Vec<u8>)>) -> Result<()> {
        let items =
            format!("(UID BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE CONTENT-TRANSFER-ENCODING)] BODY.PEEK[TEXT]<0.{TEXT_START}>)");
        let mut fetching = self.fetching_uids("fetch the beginnings", uids, items, 4 * TEXT_START as usize);
        while let Some(mut fetched) = fetching.next().await? {
            let asked = fetched.uid.filter(|uid| uids.contains(*uid));
            match (asked, fetched.section("TEXT")) {
                (Some(uid), Some(text)) => {
                    let header = fetched.section("HEADER").and_then(|s| s.bytes).unwrap_or_default();
                    if each.send((uid, header, text.bytes.unwrap_or_default())).await.is_err() {
                        return Err(Error::new(ErrorKind::Cancelled, "The beginnings are not needed any more."));
                    }
                }
                _ => self.shared.push_fetched(&fetched),
            }
        }
        Ok(())
    }
}

/// Puts rows together: some servers split one message's items over several responses, and news of flags may come between.
#[derive(Default)]
struct Rows {
    open: HashMap<u32, Fetched>,
}

enum Taken {
    Row(FetchedHeader),
    News(Fetched),
    Waits,
}

impl Rows {
    fn take(&mut self, asked: &UidSet, fetched: Fetched) -> Taken {
        let Some(uid) = fetched.uid.filter(|uid| asked.contains(*uid)) else { return Taken::News(fetched) };
        let whole = match self.open.remove(&uid) {
            Some(earlier) => merged(earlier, fetched),
            // Flags alone are news of a message whose row is out already, or the first half of a row; the end decides.
            None => fetched,
        };
        match row(&whole).filter(|_| whole.flags.is_some()) {
            Some(row) => Taken::Row(row),
            None => {
                self.open.insert(uid, whole);
                Taken::Waits
            }
        }
    }

    fn rest(self) -> impl Iterator<Item = Fetched> {
        self.open.into_values()
    }
}

fn merged(earlier: Fetched, later: Fetched) -> Fetched {
    let mut sections = earlier.sections;
    sections.extend(later.sections);
    Fetched {
        sections,
        flags: later.flags.or(earlier.flags),
        modseq: later.modseq.or(earlier.modseq),
        internal_date: later.internal_date.or(earlier.internal_date),
        size: later.size.or(earlier.size),
        preview: later.preview.or(earlier.preview),
        ..Fetched { seq: later.seq, uid: later.uid, ..Fetched::default() }
    }
}

/// The row, once the header fields are there; NIL is a message without any.
fn row(fetched: &Fetched) -> Option<FetchedHeader> {
    let header = fetched.sections.iter().find(|s| s.name.starts_with("HEADER"))?;
    Some(FetchedHeader {
        uid: fetched.uid?,
        flags: fetched.flags.clone().unwrap_or_default(),
        modseq: fetched.modseq,
        internal_date: fetched.internal_date,
        size: fetched.size,
        preview: fetched.preview.clone(),
        header: header.bytes.clone().unwrap_or_default(),
    })
}
