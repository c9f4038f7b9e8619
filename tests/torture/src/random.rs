//! Histories out of a seed: a person's edits here, another device's edits there, lines that break, processes that are
//! killed or end in order. After every round server, engine and model agree, and one more pass changes nothing.

use crate::campaign::runtime;
use crate::fault::{Direction, Fault, KINDS, Kind};
use crate::kill;
use crate::lane::{Keep, Lane, Line};
use crate::oracle::Edit;
use crate::scenario::{Cast, Scenario};
use crate::server::{self, Server};
use crate::world::{Held, Letter, difference, digest, set};
use anyhow::{Context, Result, bail, ensure};
use godwit_domain::Verb;
use godwit_domain::api::SyncBodies;
use godwit_tests::sample::Dice;
use std::collections::BTreeSet;

/// Passes over a whole line after which all must agree.
const PASSES: u32 = 4;
/// Where mail is moved and copied to; Junk and Drafts have habits of their own.
const PLACES: [&str; 4] = ["INBOX", "Archive", "Projects", "Trash"];
const MARKS: [&str; 4] = ["\\Seen", "\\Flagged", "\\Answered", "Work"];

/// One history.
struct History {
    lane: Lane,
    dice: Dice,
    name: String,
    /// All letters that ever were.
    letters: Vec<Letter>,
    /// What server and engine must hold in the end.
    model: Vec<Held>,
}

/// Plays a history; `keep`: with or without work in the background; an error names the round and what went wrong. Answers how many faults struck.
pub fn play(kind: server::Kind, keep: Keep, seed: u64, rounds: u32) -> Result<u32> {
    runtime()?.block_on(async {
        let lane = Lane::start(Server::of(kind)?, crate::fault::Layer::Plain, keep).await?;
        let name = format!("{:07}-r{seed}", std::process::id());
        let mut history = History { lane, dice: Dice::new(seed), name, letters: Vec::new(), model: Vec::new() };
        let mut struck = 0;
        let letters: Vec<Letter> = (0..12).map(|n| history.letter(n)).collect();
        history.lane.fill(&letters)?;
        history.converge().await.context("before the first round")?;
        for round in 1..=rounds {
            struck += u32::from(history.round(round).await.with_context(|| format!("seed {seed}, round {round}"))?);
        }
        history.lane.close().await;
        Ok(struck)
    })
}

impl History {
    fn letter(&mut self, n: usize) -> Letter {
        let flags: Vec<&str> = MARKS.into_iter().filter(|_| self.dice.once_in(3)).collect();
        let letter = Letter::new(PLACES[self.dice.below(PLACES.len())], &flags, &format!("{}-{n}", self.name));
        self.model.push(letter.held());
        self.letters.push(letter.clone());
        letter
    }

    async fn round(&mut self, round: u32) -> Result<bool> {
        let before = self.model.clone();
        let mut touched = BTreeSet::new();
        let fault = self.fault();
        // Lines that were open before have no number.
        self.lane.heal().await?;
        self.lane.arm(Line::Mail, fault);
        for _ in 0..=self.dice.below(4) {
            self.edit_here(&mut touched).await?;
        }
        for n in 0..self.dice.below(4) {
            self.edit_there(&before, &touched, round as usize * 100 + n)?;
        }
        self.lane.told().await?;
        match fault.map(|f| f.kind) {
            Some(Kind::Freeze) => {
                kill::drive(&self.lane, Scenario::Mixed, &Cast::new("killed")).await?;
                self.lane.heal().await?;
                self.lane.return_to().await.context("the profile does not open after the kill")?;
            }
            // What the engine says of a broken line is its own affair.
            _ => drop(self.lane.sync(SyncBodies::None).await?),
        }
        let struck = self.lane.heal().await?.is_some() || fault.is_some_and(|f| f.kind == Kind::Freeze);
        if self.dice.once_in(4) {
            self.lane.leave().await;
            self.lane.return_to().await?;
        }
        self.converge().await.with_context(|| fault.map_or("no fault".to_owned(), |f| f.to_string()))?;
        let there = self.lane.held()?;
        self.lane.sync(SyncBodies::None).await?.context("one more pass fails")?;
        match difference(&there, &self.lane.held()?) {
            Some(words) => bail!("one more pass changes the server: {words}"),
            None => Ok(struck),
        }
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.dice.once_in(4) {
            return None;
        }
        let kind = if self.dice.once_in(6) { Kind::Freeze } else { *self.dice.pick(&KINDS) };
        let (direction, most) = if self.dice.once_in(2) { (Direction::Up, 1_400) } else { (Direction::Down, 6_000) };
        Some(Fault { kind, direction, connection: 1, at: self.dice.below(most) as u64 })
    }

    /// A message that stands alone: no equal copy in its mailbox, so that it is clear which one is meant.
    fn some_of(&mut self, from: &[Held], touched: &BTreeSet<String>) -> Option<Held> {
        let free: Vec<&Held> = from
            .iter()
            .filter(|h| !touched.contains(&h.digest) && from.iter().filter(|o| o.digest == h.digest).count() == 1)
            .collect();
        if free.is_empty() { None } else { Some((*self.dice.pick(&free)).clone()) }
    }

    /// A person does something here. Each message is touched once in a round; copies of copies would leave open which is which.
    async fn edit_here(&mut self, touched: &mut BTreeSet<String>) -> Result<()> {
        let model = self.model.clone();
        let Some(held) = self.some_of(&model, touched) else { return Ok(()) };
        touched.insert(held.digest.clone());
        let id = self.lane.row(&held.mailbox, &self.subject(&held.digest), 0).await?;
        let at = self.at(&held)?;
        let to = (*self.dice.pick(&PLACES)).to_owned();
        match self.dice.below(10) {
            0..=3 => {
                let (add, remove) = ((*self.dice.pick(&MARKS)).to_owned(), (*self.dice.pick(&MARKS)).to_owned());
                if add != remove {
                    self.model[at].flags.insert(add.clone());
                    self.model[at].flags.remove(&remove);
                    self.lane.perform(Verb::Mark { add: vec![add], remove: vec![remove] }, vec![id]).await?;
                }
            }
            4..=7 if to != held.mailbox => {
                self.lane.perform(Verb::Move { to: self.lane.mailbox(&to).await?.id }, vec![id]).await?;
                self.model[at].mailbox = to;
            }
            8 if to != held.mailbox && to != "Trash" => {
                self.lane.perform(Verb::Copy { to: self.lane.mailbox(&to).await?.id }, vec![id]).await?;
                self.model.push(Held { mailbox: to, ..held });
            }
            9 if held.mailbox == "Trash" => {
                self.lane.perform(Verb::DeleteForGood, vec![id]).await?;
                self.model.remove(at);
            }
            _ => {}
        }
        Ok(())
    }

    /// Another device does something to what nobody touched here in this round, or a message comes.
    fn edit_there(&mut self, before: &[Held], touched: &BTreeSet<String>, n: usize) -> Result<()> {
        if self.dice.once_in(4) {
            let letter = self.letter(n);
            return self.lane.oracle.put(&[letter]);
        }
        let untouched: Vec<Held> = before.iter().filter(|h| self.model.contains(h)).cloned().collect();
        let Some(held) =
            self.some_of(&untouched, touched).filter(|h| self.model.iter().filter(|m| m.digest == h.digest).count() == 1)
        else {
            return Ok(());
        };
        let at = self.at(&held)?;
        let to = (*self.dice.pick(&PLACES)).to_owned();
        let edit = match self.dice.below(4) {
            0 => {
                self.model.remove(at);
                Edit { expunge: true, ..Edit::default() }
            }
            1 if to != held.mailbox => {
                self.model[at].mailbox.clone_from(&to);
                Edit { to: Some(to), ..Edit::default() }
            }
            _ => {
                self.model[at].flags.extend(set(&["Phone"]));
                Edit { add: vec!["Phone".to_owned()], ..Edit::default() }
            }
        };
        ensure!(self.lane.oracle.edit(&held.mailbox, &held.digest, &edit)?, "the model thinks {held} is there");
        Ok(())
    }

    fn at(&self, held: &Held) -> Result<usize> {
        self.model.iter().position(|h| h == held).context("the model lost a message")
    }

    fn subject(&self, held: &str) -> String {
        self.letters.iter().find(|l| digest(&l.raw) == held).map(|l| l.subject.clone()).unwrap_or_default()
    }

    async fn converge(&mut self) -> Result<()> {
        let mut problem = None;
        for _ in 0..PASSES {
            problem = match self.lane.sync(SyncBodies::None).await? {
                Ok(()) => self.problem().await?,
                // A worker may not have noticed yet that its line is gone; a person would ask again.
                Err(error) => Some(format!("a sync over a whole line fails: {error}")),
            };
            if problem.is_none() {
                return Ok(());
            }
        }
        bail!("after {PASSES} passes: {}; told: {:?}", problem.unwrap_or_default(), self.lane.told().await?)
    }

    async fn problem(&mut self) -> Result<Option<String>> {
        let there = self.lane.held()?;
        if let Some(words) = difference(&self.model, &there) {
            return Ok(Some(format!("the server: {words}")));
        }
        let waiting = self.lane.waiting().await?;
        if waiting > 0 {
            return Ok(Some(format!("{waiting} changes still wait")));
        }
        let by_subject: Vec<Held> = there.iter().map(|h| Held { digest: self.subject(&h.digest), ..h.clone() }).collect();
        let shown = self.lane.shown().await?;
        Ok(difference(&by_subject, &shown).map(|words| format!("the engine shows it wrongly: {words}")))
    }
}
