//! Calls that fetch bodies: one in parts, many whole, or their beginnings.

use super::command::Command;
use super::connection::{Ask, Connection, Pending};
use super::fetching::Given;
use super::refusal;
use super::response::Response;
use godwit_domain::sync::UidSet;
use godwit_domain::{Error, ErrorKind, Result};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// A body comes in parts of this size, so that a click never queues behind 25 MB.
const PART: u32 = 256 << 10;
/// Parts under way together once a message proved long.
const PARTS_AHEAD: u64 = 4;
/// A server that ignores the size of a part may send this much at once.
const WHOLE_BODY: usize = 32 << 20;
/// No message is longer.
const MOST_MESSAGE: u64 = 2 << 30;
/// What is asked of a text for its preview.
const TEXT_START: u32 = 4096;

impl Connection {
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
            // Only the first answer may be the whole message.
            let budget = if ahead == 1 { WHOLE_BODY } else { PART as usize };
            let ask = Ask { budget, wants_fetch: true, opening: Some(opening), ..Ask::new(commands.collect()) };
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
            // More is asked for once this was taken: whoever wanted only the beginning has hung up by then.
            if sink.reserve_many(sink.max_capacity()).await.is_err() {
                return Err(Error::new(ErrorKind::Cancelled, "The message is not needed any more."));
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
                Some(origin) if origin >= total && origin < total + PARTS_AHEAD * u64::from(PART) => {
                    found.insert(origin, section.bytes.unwrap_or_default());
                }
                Some(_) => {}
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

    /// Whole messages of at most `max_each` bytes, for prefetching. Longer ones are left out, and what the server does not give.
    pub async fn fetch_bodies(&self, uids: &UidSet, max_each: u32, each: mpsc::Sender<(u32, Vec<u8>)>) -> Result<()> {
        let mut given = Given::new(uids);
        while let Some(part) = given.next() {
            match self.bodies_of(&part, max_each, &each).await {
                Ok(()) => given.answered(),
                Err(error) => given.refused(self, &part, error)?,
            }
        }
        given.end()
    }

    async fn bodies_of(&self, uids: &UidSet, max_each: u32, each: &mpsc::Sender<(u32, Vec<u8>)>) -> Result<()> {
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

    /// The beginnings of messages, at most `bytes` of each, for reading without a network.
    pub async fn fetch_beginnings(&self, uids: &UidSet, bytes: u32, each: mpsc::Sender<(u32, Vec<u8>)>) -> Result<()> {
        let mut given = Given::new(uids);
        while let Some(part) = given.next() {
            match self.beginnings_of(&part, bytes, &each).await {
                Ok(()) => given.answered(),
                Err(error) => given.refused(self, &part, error)?,
            }
        }
        given.end()
    }

    async fn beginnings_of(&self, uids: &UidSet, bytes: u32, each: &mpsc::Sender<(u32, Vec<u8>)>) -> Result<()> {
        let items = format!("(UID BODY.PEEK[]<0.{bytes}>)");
        let mut fetching = self.fetching_uids("fetch the beginnings", uids, items, bytes as usize);
        while let Some(mut fetched) = fetching.next().await? {
            let asked = fetched.uid.filter(|uid| uids.contains(*uid));
            match (asked, fetched.section("").and_then(|s| s.bytes)) {
                (Some(uid), Some(mut beginning)) => {
                    // A server that ignores the length sends all of it, cut at our bound.
                    beginning.truncate(bytes as usize);
                    if each.send((uid, beginning)).await.is_err() {
                        return Err(Error::new(ErrorKind::Cancelled, "The beginnings are not needed any more."));
                    }
                }
                _ => self.shared.push_fetched(&fetched),
            }
        }
        Ok(())
    }

    /// For previews: Content-Type and Content-Transfer-Encoding, and the first 4 KiB of the text, per message.
    pub async fn fetch_text_start(&self, uids: &UidSet, each: mpsc::Sender<(u32, Vec<u8>, Vec<u8>)>) -> Result<()> {
        let mut given = Given::new(uids);
        while let Some(part) = given.next() {
            match self.text_starts_of(&part, &each).await {
                Ok(()) => given.answered(),
                Err(error) => given.refused(self, &part, error)?,
            }
        }
        given.end()
    }

    async fn text_starts_of(&self, uids: &UidSet, each: &mpsc::Sender<(u32, Vec<u8>, Vec<u8>)>) -> Result<()> {
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
