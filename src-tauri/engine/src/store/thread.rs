//! Tables thread_ref, thread_merged and thread_box: which conversation a message belongs to, by Message-ID, In-Reply-To and References only.
//! Never by subject. At most `MOST` messages a conversation; merging moves the smaller side.

use super::reader::Reader;
use super::writer::Writer;
use godwit_domain::Result;
use godwit_domain::mime::Headers;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// The most messages of one conversation.
pub(super) const MOST: i64 = 10_000;
/// References looked at: the first, which names the conversation, and the newest.
const REFS: usize = 30;
/// References that one question asks for.
const ASKED: usize = 50;

/// The ids a message knows of its conversation, its own first, hashed with the account; with what its server calls it (X-GM-THRID, THREADID).
pub(super) fn refs(account: i64, headers: &Headers, thread_id: Option<u64>) -> Vec<i64> {
    let skip = headers.references.len().saturating_sub(REFS);
    let mut out: Vec<i64> = headers
        .message_id
        .iter()
        .chain(headers.references.first())
        .chain(headers.references.iter().skip(skip))
        .chain(headers.in_reply_to.iter().take(4))
        .filter(|id| !id.is_empty())
        .map(|id| hash(account, id))
        // No Message-ID begins so.
        .chain(thread_id.map(|id| hash(account, &format!("\0thrid {id}"))))
        .collect();
    let mut seen = std::collections::HashSet::new();
    out.retain(|h| seen.insert(*h));
    out
}

fn hash(account: i64, id: &str) -> i64 {
    let digest: [u8; 32] = Sha256::new().chain_update(account.to_le_bytes()).chain_update(id.as_bytes()).finalize().into();
    let mut first = [0u8; 8];
    first.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    i64::from_le_bytes(first)
}

/// What a batch of arriving messages knows of conversations: one query for all of it, then memory.
pub(super) struct Threads {
    known: HashMap<i64, i64>,
    sizes: HashMap<i64, i64>,
    /// Hashes that are to be written.
    fresh: Vec<i64>,
    /// Conversations of this batch that went into others.
    into: HashMap<i64, i64>,
}

impl Threads {
    /// Where a conversation is after all merges.
    pub(super) fn now(&self, mut thread: i64) -> i64 {
        while let Some(into) = self.into.get(&thread) {
            thread = *into;
        }
        thread
    }

    /// Every conversation that was found, each once.
    pub(super) fn all(&self) -> HashSet<i64> {
        self.known.values().copied().collect()
    }
}

impl Reader<'_> {
    pub(super) fn threads_of(&self, hashes: impl IntoIterator<Item = i64>) -> Result<Threads> {
        let mut hashes: Vec<i64> = hashes.into_iter().collect();
        // In the order of the table, so that the next one stands near the last.
        hashes.sort_unstable();
        hashes.dedup();
        let sql = format!(
            "SELECT r.hash, coalesce(m.into_id, r.thread_id) FROM (VALUES {}) v CROSS JOIN thread_ref r ON r.hash = v.column1
             LEFT JOIN thread_merged m ON m.id = r.thread_id",
            vec!["(?)"; ASKED].join(", ")
        );
        let mut known = HashMap::with_capacity(2 * hashes.len());
        for part in hashes.chunks(ASKED) {
            // The last one fills the places that are left over.
            let last = part.last().copied().unwrap_or_default();
            let asked = part.iter().copied().chain(std::iter::repeat(last)).take(ASKED);
            let found =
                self.cache.all(&sql, rusqlite::params_from_iter(asked), |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)))?;
            known.extend(found);
        }
        Ok(Threads { known, sizes: HashMap::new(), fresh: Vec::new(), into: HashMap::new() })
    }

    fn thread_size(&self, thread: i64) -> Result<i64> {
        let size =
            self.cache.one("SELECT coalesce(sum(count), 0) FROM thread_box WHERE thread_id = ?1", [thread], |r| r.get(0))?;
        Ok(size.unwrap_or(0))
    }
}

impl Writer<'_> {
    /// The conversation of a new message; `own` is the id it begins one under. Merges those it joins: what earlier messages
    /// of the batch were told may have moved since, see `Threads::now`. `keep_refs` has to follow.
    pub(super) fn join_thread(&mut self, threads: &mut Threads, refs: &[i64], own: i64) -> Result<i64> {
        let mut found: Vec<i64> = Vec::new();
        for thread in refs.iter().filter_map(|h| threads.known.get(h)) {
            if !found.contains(thread) {
                found.push(*thread);
            }
        }
        let mut sized = Vec::with_capacity(found.len());
        for thread in found {
            let size = match threads.sizes.get(&thread) {
                Some(size) => *size,
                None => self.thread_size(thread)?,
            };
            threads.sizes.insert(thread, size);
            sized.push((size, thread));
        }
        sized.sort_unstable_by_key(|(size, thread)| (std::cmp::Reverse(*size), *thread));
        let mut joined: Option<(i64, i64)> = None;
        for (size, thread) in sized {
            match joined {
                None if size < MOST => joined = Some((size, thread)),
                Some((all, into)) if all + size < MOST => {
                    self.merge_threads(thread, into)?;
                    threads.known.values_mut().filter(|t| **t == thread).for_each(|t| *t = into);
                    threads.into.insert(thread, into);
                    threads.sizes.insert(into, all + size);
                    joined = Some((all + size, into));
                }
                _ => {}
            }
        }
        let (size, thread) = joined.unwrap_or((0, own));
        threads.sizes.insert(thread, size + 1);
        for hash in refs {
            if let std::collections::hash_map::Entry::Vacant(free) = threads.known.entry(*hash) {
                free.insert(thread);
                threads.fresh.push(*hash);
            }
        }
        Ok(thread)
    }

    /// The conversation of one new message, with all that belongs to it.
    pub(super) fn thread_of_one(&mut self, refs: &[i64], own: i64) -> Result<i64> {
        let mut threads = self.threads_of(refs.iter().copied())?;
        let thread = self.join_thread(&mut threads, refs, own)?;
        self.keep_refs(&mut threads)?;
        Ok(thread)
    }

    /// Writes what the batch has learnt, in the order of the table: hashes lie anywhere, and each page is written once.
    pub(super) fn keep_refs(&mut self, threads: &mut Threads) -> Result<()> {
        let mut fresh = std::mem::take(&mut threads.fresh);
        fresh.sort_unstable();
        let rows: Vec<(i64, i64)> = fresh.into_iter().filter_map(|hash| Some((hash, *threads.known.get(&hash)?))).collect();
        self.cache.insert_many("INSERT OR REPLACE INTO thread_ref (hash, thread_id)", 2, &rows, |values, (hash, thread)| {
            values.put(*hash)?;
            values.put(*thread)
        })
    }

    fn merge_threads(&mut self, from: i64, into: i64) -> Result<()> {
        self.settle()?;
        let cache = self.cache;
        let places = "SELECT p.id FROM message m JOIN placement p ON p.message_id = m.id WHERE m.thread_id = ?1";
        let places = cache.all(places, [from], |r| r.get::<_, i64>(0))?;
        for row in self.placements(places)? {
            for shown in self.shown(&row)? {
                cache.run(
                    "UPDATE membership SET thread_id = ?4 WHERE mailbox_id = ?1 AND sort_key = ?2 AND placement_id = ?3",
                    (shown.mailbox, row.sort_key, row.id, into),
                )?;
            }
        }
        cache.run("UPDATE message SET thread_id = ?2 WHERE thread_id = ?1", (from, into))?;
        // The references stay as they are, and are led on: merges are rare, and an index for them would cost every message.
        cache.run("UPDATE thread_merged SET into_id = ?2 WHERE into_id = ?1", (from, into))?;
        cache.run("INSERT OR REPLACE INTO thread_merged (id, into_id) VALUES (?1, ?2)", (from, into))?;
        cache.run(
            "INSERT INTO thread_box (thread_id, mailbox_id, count, unread, starred)
             SELECT ?2, mailbox_id, count, unread, starred FROM thread_box WHERE thread_id = ?1
             ON CONFLICT (thread_id, mailbox_id) DO UPDATE SET
               count = count + excluded.count, unread = unread + excluded.unread, starred = starred + excluded.starred",
            (from, into),
        )?;
        cache.run("DELETE FROM thread_box WHERE thread_id = ?1", [from])?;
        for touched in self.changes.touched.values_mut().filter(|t| t.place.thread == from) {
            touched.place.thread = into;
        }
        self.changes.merged.push((from, into));
        Ok(())
    }
}
