//! The one writer: a thread that owns a connection to each file and runs one transaction at a time, intents before sync.
//! profile.db commits before cache.db: what a person wants is never lost to what only shows it.

use super::error::{Db, File};
use super::hub::Hub;
use super::migrate::rollback;
use super::reader::Reader;
use super::unbound::Unbound;
use super::writer::Writer;
use godwit_domain::{Error, ErrorKind, Event, Result};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Which write goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What a person does.
    User,
    /// What a server says.
    Sync,
}

/// How long changes are gathered before they are told.
const GATHER: Duration = Duration::from_millis(5);

pub(super) type Job = Box<dyn FnOnce(&mut Desk) + Send>;

#[derive(Default)]
struct Queue {
    user: VecDeque<Job>,
    sync: VecDeque<Job>,
    tell_at: Option<Instant>,
    closing: bool,
}

/// The way to the writer.
#[derive(Default)]
pub(super) struct Lanes {
    queue: Mutex<Queue>,
    wake: Condvar,
}

enum Next {
    Run(Job),
    Tell,
    End,
}

impl Lanes {
    /// Puts a job into its lane; `false`: the store is closed.
    pub(super) fn push(&self, lane: Lane, job: Job) -> bool {
        let mut queue = self.lock();
        if queue.closing {
            return false;
        }
        match lane {
            Lane::User => queue.user.push_back(job),
            Lane::Sync => queue.sync.push_back(job),
        }
        self.wake.notify_one();
        true
    }

    /// Whether a person's write waits.
    pub(super) fn someone_waits(&self) -> bool {
        !self.lock().user.is_empty()
    }

    /// Something is to be told soon.
    pub(super) fn tell_soon(&self) {
        let mut queue = self.lock();
        if queue.tell_at.is_none() {
            queue.tell_at = Some(Instant::now() + GATHER);
            self.wake.notify_one();
        }
    }

    /// Takes no more; what waits is still run.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_all();
    }

    fn next(&self) -> Next {
        let mut queue = self.lock();
        loop {
            let now = Instant::now();
            if queue.tell_at.is_some_and(|at| at <= now) {
                queue.tell_at = None;
                return Next::Tell;
            }
            let job = queue.user.pop_front().or_else(|| queue.sync.pop_front());
            if let Some(job) = job {
                return Next::Run(job);
            }
            if queue.closing {
                return Next::End;
            }
            queue = match queue.tell_at {
                Some(at) => self.wake.wait_timeout(queue, at - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the writer thread holds.
pub(super) struct Desk {
    pub(super) dir: PathBuf,
    pub(super) profile: Connection,
    pub(super) cache: Connection,
    pub(super) unbound: Unbound,
    pub(super) hub: Arc<Hub>,
    /// The cache did not follow the profile: its projection is made anew before the next write.
    pub(super) unhealed: bool,
    #[cfg(test)]
    pub(super) stop_between: bool,
    /// The cache finds no room.
    #[cfg(test)]
    pub(super) fail_cache: bool,
    /// For how many more transactions there is room, and whether one then goes wrong or all; `None`: for all.
    #[cfg(test)]
    pub(super) room: Option<(u32, bool)>,
}

impl Desk {
    pub(super) fn new(dir: &Path, profile: Connection, cache: Connection, hub: Arc<Hub>) -> Result<Self> {
        let mut desk = Self {
            dir: dir.to_owned(),
            profile,
            cache,
            unbound: Unbound::default(),
            hub,
            unhealed: false,
            #[cfg(test)]
            stop_between: false,
            #[cfg(test)]
            fail_cache: false,
            #[cfg(test)]
            room: None,
        };
        desk.unbound = desk.read(|r| Unbound::load(*r))?;
        Ok(desk)
    }

    /// Reads outside a transaction, between two writes.
    pub(super) fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
        f(&Reader::new(self.profile_db(), self.cache_db()))
    }

    /// Runs jobs until the store closes, then moves the logs into the files.
    pub(super) fn run(mut self, lanes: &Lanes) {
        loop {
            match lanes.next() {
                Next::Run(job) => job(&mut self),
                Next::Tell => self.hub.tell(),
                Next::End => break,
            }
        }
        self.hub.tell();
        for db in [self.profile_db(), self.cache_db()] {
            let moved = db.one("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            if let Err(error) = moved {
                tracing::warn!(file = db.file.name(), kind = ?error.kind, "the log stays beside the file");
            }
        }
    }

    pub(super) fn profile_db(&self) -> Db<'_> {
        Db::new(&self.profile, File::Profile)
    }

    pub(super) fn cache_db(&self) -> Db<'_> {
        Db::new(&self.cache, File::Cache)
    }

    /// One transaction over both files; nothing stays of it when `f` fails. Where only the cache could not follow, what a
    /// person wished stands in the profile: that is no failure, and is shown once the cache can be written again.
    pub(super) fn transact<T>(&mut self, lane: Lane, f: impl FnOnce(&mut Writer<'_>) -> Result<T>) -> Result<T> {
        if self.unhealed {
            self.unbound = Unbound::load(Reader::new(self.profile_db(), self.cache_db()))?;
            let healed = self.attempt(|w| w.heal());
            self.take_back(healed)?;
            self.unhealed = false;
        }
        let (value, error) = match self.attempt(f) {
            Ok((value, Some(error))) => (value, error),
            done => return self.take_back(done),
        };
        let error = match self.take_back(Err::<((), Option<Error>), Error>(error)) {
            Err(error) if lane == Lane::User => error,
            Err(error) => return Err(error),
            Ok(()) => return Ok(value),
        };
        let told = Error::new(error.kind, "What you did is kept, but can't be shown yet: the disk could not take it.");
        self.hub.emit(Event::Told { error: told.mend(error.mend) });
        self.hub.emit(Event::StatusChanged);
        Ok(value)
    }

    /// Takes back what an error left begun.
    fn take_back<T>(&mut self, done: Result<(T, Option<Error>)>) -> Result<T> {
        let error = match done {
            Ok((value, None)) => return Ok(value),
            Ok((_, Some(error))) | Err(error) => error,
        };
        rollback(self.cache_db());
        rollback(self.profile_db());
        if error.kind == ErrorKind::Corrupt {
            super::open::suspect(&self.dir);
        }
        if self.unbound.dirty {
            self.unbound = Unbound::load(Reader::new(self.profile_db(), self.cache_db()))?;
        }
        Err(error)
    }

    /// The error beside a value is the cache's, after the profile had been written.
    fn attempt<T>(&mut self, f: impl FnOnce(&mut Writer<'_>) -> Result<T>) -> Result<(T, Option<Error>)> {
        #[cfg(test)]
        if let Some((left, once)) = self.room {
            self.room = if left == 0 && once { None } else { Some((left.saturating_sub(1), once)) };
            if left == 0 {
                return Err(super::error::full());
            }
        }
        let profile = Db::new(&self.profile, File::Profile);
        let cache = Db::new(&self.cache, File::Cache);
        cache.batch("BEGIN IMMEDIATE")?;
        let mut writer = Writer::new(Reader::new(profile, cache), &mut self.unbound, self.hub.lanes());
        let run = catch_unwind(AssertUnwindSafe(|| {
            let value = f(&mut writer)?;
            writer.settle()?;
            Ok::<_, Error>(value)
        }));
        let value = run.map_err(|_| Error::bug("A write to the store broke off."))??;
        let (changes, wrote_profile) = writer.into_changes();
        if wrote_profile {
            profile.batch("COMMIT")?;
        }
        #[cfg(test)]
        if self.stop_between && wrote_profile {
            return Err(Error::bug("Stopped between the two files."));
        }
        #[cfg(test)]
        let committed = if self.fail_cache { Err(super::error::full()) } else { cache.batch("COMMIT") };
        #[cfg(not(test))]
        let committed = cache.batch("COMMIT");
        if let Err(error) = committed {
            if !wrote_profile {
                return Err(error);
            }
            self.unhealed = true;
            // What stands in the profile is so, and who has to hear of it hears of it.
            changes.events.into_iter().for_each(|event| self.hub.emit(event));
            return Ok((value, Some(error)));
        }
        self.unbound.dirty = false;
        self.hub.committed(changes, Reader::new(profile, cache));
        Ok((value, None))
    }
}
