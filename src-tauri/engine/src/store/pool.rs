//! The readers: four threads, each with its own connections; one is kept for what a person waits for.
//! A read is one snapshot and ends its transaction at once, so that the log can be checkpointed.

use super::error::{Db, File};
use super::key::ProfileKey;
use super::migrate::rollback;
use super::reader::Reader;
use godwit_domain::{Error, ErrorKind, Result};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

pub(super) type Job = Box<dyn FnOnce(&ReadDesk) + Send>;

const READERS: usize = 4;

#[derive(Default)]
struct Queue {
    person: VecDeque<Job>,
    other: VecDeque<Job>,
    /// The reader kept for a person has nothing to do.
    kept_waits: bool,
    closing: bool,
}

/// The way to the readers. A read wakes one of them, not all.
#[derive(Default)]
pub(super) struct Pool {
    queue: Mutex<Queue>,
    wake: Condvar,
    wake_kept: Condvar,
}

/// Who waits for a read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// A person, in front of a list.
    Person,
    /// Anything else.
    Other,
}

impl Pool {
    /// Opens the connections and starts the threads; whoever closes the store waits for them.
    pub(super) fn start(self: &Arc<Self>, dir: &Path, key: &ProfileKey) -> Result<Vec<JoinHandle<()>>> {
        let mut threads = Vec::with_capacity(READERS);
        for n in 0..READERS {
            let (profile, cache) = super::open::open_reader(dir, key)?;
            let desk = ReadDesk { dir: dir.to_owned(), profile, cache };
            let pool = Arc::clone(self);
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{n}"))
                .spawn(move || {
                    while let Some(job) = pool.next(n == 0) {
                        job(&desk);
                    }
                })
                .map_err(|e| super::error::from_io("starting a reader", &e))?;
            threads.push(thread);
        }
        Ok(threads)
    }

    /// Queues a read; `false`: the store is closed.
    pub(super) fn push(&self, who: For, job: Job) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closing {
            return false;
        }
        match who {
            For::Person => queue.person.push_back(job),
            For::Other => queue.other.push_back(job),
        }
        // Where nobody waits, whoever is done first finds it.
        let for_kept = who == For::Person && std::mem::take(&mut queue.kept_waits);
        drop(queue);
        if for_kept {
            self.wake_kept.notify_one()
        } else {
            self.wake.notify_one()
        }
        true
    }

    /// Takes no more; what waits is still read.
    pub(super) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).closing = true;
        self.wake.notify_all();
        self.wake_kept.notify_all();
    }

    fn next(&self, kept: bool) -> Option<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let job = queue.person.pop_front().or_else(|| if kept { None } else { queue.other.pop_front() });
            if job.is_some() {
                return job;
            }
            if queue.closing {
                return None;
            }
            queue.kept_waits |= kept;
            let wake = if kept { &self.wake_kept } else { &self.wake };
            queue = wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What a reader thread holds.
pub(super) struct ReadDesk {
    dir: PathBuf,
    profile: Connection,
    cache: Connection,
}

impl ReadDesk {
    /// Runs `f` in one snapshot of each file.
    pub(super) fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
        let (profile, cache) = (Db::new(&self.profile, File::Profile), Db::new(&self.cache, File::Cache));
        profile.batch("BEGIN")?;
        let begun = cache.batch("BEGIN");
        let run = begun.and_then(|()| {
            let reader = Reader::new(profile, cache);
            catch_unwind(AssertUnwindSafe(|| f(&reader))).map_err(|_| Error::bug("A read of the store broke off."))?
        });
        rollback(cache);
        rollback(profile);
        run.inspect_err(|error| {
            if error.kind == ErrorKind::Corrupt {
                super::open::suspect(&self.dir);
            }
        })
    }
}
