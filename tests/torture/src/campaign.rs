//! Many cases: which offsets of a scenario are tried, several lanes side by side, and what came out.

use crate::fault::{Direction, Fault, KINDS, Kind, Layer, Traffic, commands};
use crate::judge::{Ended, play};
use crate::lane::{Keep, Lane};
use crate::scenario::Scenario;
use crate::server::{self, Server};
use anyhow::{Context, Result};
use godwit_tests::sample::Dice;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tokio::runtime::Runtime;

/// One case of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// What a person does.
    pub scenario: Scenario,
    /// Where bytes are counted.
    pub layer: Layer,
    /// What breaks; `None`: nothing.
    pub fault: Option<Fault>,
}

impl Case {
    /// The words that repeat it.
    pub fn words(&self) -> String {
        let fault = self.fault.map(|f| format!(" --fault {f}")).unwrap_or_default();
        let layer = if self.layer == Layer::Records { " --records" } else { "" };
        format!("cargo xtask torture --only {}{fault}{layer}", self.scenario.name())
    }
}

/// What a campaign found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Cases that were played.
    pub played: usize,
    /// Those of them whose fault struck.
    pub struck: usize,
    /// Faults that struck when the server had been given the whole command.
    pub executed: usize,
    /// Cases in which something was given up and told, or a person was asked.
    pub asked: usize,
    /// Cases that lost, doubled, dropped or showed something wrongly: how to repeat each, and what it was.
    pub failed: Vec<String>,
}

/// Failures after which a campaign stops: more of them say nothing new.
const MOST_FAILED: usize = 25;

/// What goes over a scenario's line when nothing breaks, connection by connection.
pub fn learn(scenario: Scenario, layer: Layer) -> Result<Vec<Traffic>> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut lane = Lane::start(Server::of(scenario.server())?, layer, Keep::Run).await?;
        // The first case meets an empty profile; those that follow are alike.
        play(&mut lane, scenario, None).await.with_context(|| format!("{}, uninjured", scenario.name()))?;
        let ended = play(&mut lane, scenario, None).await.with_context(|| format!("{}, uninjured again", scenario.name()))?;
        lane.close().await;
        anyhow::ensure!(!ended.traffic.is_empty(), "nothing went over the line");
        Ok(ended.traffic)
    })
}

/// Commands that change something.
fn changes(verb: &str) -> bool {
    ["STORE", "COPY", "MOVE", "EXPUNGE", "APPEND", "DATA", "BDAT", "the closing dot"].iter().any(|v| verb.ends_with(v))
}

/// A few offsets that say most: at the end of each changing command, within it, and the rest stepped through.
pub fn stepped(scenario: Scenario, traffic: &[Traffic], step: u64) -> Vec<Case> {
    numbered(traffic).flat_map(|(connection, traffic)| stepped_through(scenario, connection, traffic, step)).collect()
}

fn numbered(traffic: &[Traffic]) -> impl Iterator<Item = (u32, &Traffic)> {
    (1..).zip(traffic)
}

fn stepped_through(scenario: Scenario, connection: u32, traffic: &Traffic, step: u64) -> Vec<Case> {
    let fault = |kind, direction, at| Fault { kind, direction, connection, at };
    let mut faults = Vec::new();
    for (end, verb) in commands(&traffic.up) {
        if changes(&verb) {
            faults.extend([fault(Kind::Cut, Direction::Up, end), fault(Kind::Cut, Direction::Up, end - 2)]);
        }
    }
    for (direction, bytes) in [(Direction::Up, traffic.up_bytes), (Direction::Down, traffic.down_bytes)] {
        // Each kind starts at an offset of its own, so that together they cover more.
        for (index, kind) in (0u64..).zip(KINDS) {
            let from = 1 + bytes / step * index / KINDS.len() as u64;
            let every = (bytes / step).max(1) * if matches!(kind, Kind::Cut) { 1 } else { 3 };
            faults.extend((from..=bytes).step_by(usize::try_from(every).unwrap_or(1)).map(|at| fault(kind, direction, at)));
        }
    }
    faults.into_iter().map(|f| Case { scenario, layer: Layer::Plain, fault: Some(f) }).collect()
}

/// Every kind at every offset of both directions, and a little beyond.
pub fn every(scenario: Scenario, traffic: &[Traffic]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (connection, traffic) in numbered(traffic) {
        for (direction, bytes) in [(Direction::Up, traffic.up_bytes), (Direction::Down, traffic.down_bytes)] {
            for kind in KINDS {
                let faults = (0..=bytes + 8).map(|at| Fault { kind, direction, connection, at });
                cases.extend(faults.map(|f| Case { scenario, layer: Layer::Plain, fault: Some(f) }));
            }
        }
    }
    cases
}

/// Cuts inside the TLS records; no close_notify is ever sent there.
pub fn inside_records(scenario: Scenario, traffic: &[Traffic], steps: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (connection, traffic) in numbered(traffic) {
        for (direction, bytes) in [(Direction::Up, traffic.up_bytes), (Direction::Down, traffic.down_bytes)] {
            let every = usize::try_from(bytes / steps).unwrap_or(1).max(1);
            let faults = (3..=bytes).step_by(every).map(|at| Fault { kind: Kind::Cut, direction, connection, at });
            cases.extend(faults.map(|f| Case { scenario, layer: Layer::Records, fault: Some(f) }));
        }
    }
    cases
}

/// The process is killed at offsets that a seed chooses, and wherever a changing command has just left.
pub fn kills(scenario: Scenario, traffic: &[Traffic], seed: u64, count: usize) -> Vec<Case> {
    let mut dice = Dice::new(seed);
    let mut faults = Vec::new();
    for (connection, traffic) in numbered(traffic) {
        let fault = |direction, at| Fault { kind: Kind::Freeze, direction, connection, at };
        let ends = commands(&traffic.up).into_iter().filter(|(_, verb)| changes(verb));
        faults.extend(ends.map(|(end, _)| fault(Direction::Up, end)));
        for _ in 0..count {
            let (direction, bytes) = match dice.once_in(2) {
                true => (Direction::Up, traffic.up_bytes),
                false => (Direction::Down, traffic.down_bytes),
            };
            faults.push(fault(direction, dice.below(usize::try_from(bytes).unwrap_or(1)) as u64));
        }
    }
    faults.into_iter().map(|f| Case { scenario, layer: Layer::Plain, fault: Some(f) }).collect()
}

/// Puts cases into an order that a seed decides.
pub fn shuffle(cases: &mut [Case], seed: u64) {
    let mut dice = Dice::new(seed);
    for at in (1..cases.len()).rev() {
        cases.swap(at, dice.below(at + 1));
    }
}

/// Plays these, `lanes` at a time, until all are done, time is up, or too many have failed.
pub fn run(cases: &[Case], lanes: usize, until: Option<Instant>, say: &(dyn Fn(&str) + Sync)) -> Result<Summary> {
    let (next, stop, summary) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Summary::default()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..lanes.max(1))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut table = Table::new()?;
                    while !stop.load(Ordering::Relaxed) && until.is_none_or(|until| Instant::now() < until) {
                        let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        let outcome = table.play(*case);
                        let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                        summary.note(*case, outcome?, say);
                        if summary.failed.len() >= MOST_FAILED {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                    table.close();
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| w.join().map_err(|_| anyhow::anyhow!("a lane panicked"))?)
    })?;
    Ok(summary.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Summary {
    fn note(&mut self, case: Case, outcome: std::result::Result<Ended, String>, say: &(dyn Fn(&str) + Sync)) {
        self.played += 1;
        match outcome {
            Ok(ended) => {
                self.struck += usize::from(ended.struck.is_some());
                self.executed += usize::from(ended.struck.is_some_and(|s| s.note.executed));
                self.asked += usize::from(ended.asked);
            }
            Err(why) => {
                let story = format!("{}\n    {why}", case.words());
                say(&story);
                self.failed.push(story);
            }
        }
        if self.played.is_multiple_of(200) {
            say(&format!("{} cases, {} failed", self.played, self.failed.len()));
        }
    }
}

/// The lanes of one thread, one a server and layer, kept from case to case.
struct Table {
    runtime: Runtime,
    lanes: HashMap<(server::Kind, bool, Keep, bool), Lane>,
}

impl Table {
    fn new() -> Result<Self> {
        Ok(Self { runtime: runtime()?, lanes: HashMap::new() })
    }

    /// The inner error is a verdict, the outer one a harness that does not work.
    fn play(&mut self, case: Case) -> Result<std::result::Result<Ended, String>> {
        let kills = case.fault.is_some_and(|f| f.kind == Kind::Freeze);
        let keep = if kills { Keep::Profile } else { Keep::Run };
        let key = (case.scenario.server(), case.layer == Layer::Records, keep, case.scenario.is_across());
        let mut lane = match self.lanes.remove(&key) {
            Some(lane) => lane,
            None => self.runtime.block_on(Lane::start(Server::of(key.0)?, case.layer, keep))?,
        };
        let outcome = self.runtime.block_on(play(&mut lane, case.scenario, case.fault));
        match outcome {
            Ok(ended) => {
                self.lanes.insert(key, lane);
                Ok(Ok(ended))
            }
            Err(why) => {
                // What is left of a failed case must not touch the next one.
                self.runtime.block_on(lane.close());
                Ok(Err(format!("{why:#}")))
            }
        }
    }

    fn close(mut self) {
        for (_, lane) in self.lanes.drain() {
            self.runtime.block_on(lane.close());
        }
    }
}

/// A runtime for one lane.
pub fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
