//! One case from beginning to verdict: fill, act, break, heal, converge, and compare server, engine and model.

use crate::fault::{Fault, Kind, Struck, Traffic};
use crate::kill;
use crate::lane::Lane;
use crate::scenario::{Cast, Handed, Scenario};
use crate::world::{Held, Letter, difference, digest};
use anyhow::{Context, Result, bail};
use godwit_domain::OutboxState;
use godwit_domain::api::SyncBodies;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Passes over a whole line after which all must stand as wanted.
const PASSES: u32 = 3;

/// How a case ended that lost nothing.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The fault, where it struck.
    pub struck: Option<Struck>,
    /// What went over the line that was to break.
    pub traffic: Vec<Traffic>,
    /// What a person was told.
    pub told: Vec<String>,
    /// Whether something was given up and told, or a person was asked.
    pub asked: bool,
}

/// Plays one case. An error is a verdict: what was lost, doubled, dropped or shown wrongly.
pub async fn play(lane: &mut Lane, scenario: Scenario, fault: Option<Fault>) -> Result<Ended> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let cast = Cast::new(&format!("{:07}-{:06}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    prepare(lane, scenario, &cast).await.context("before the fault")?;
    scenario.act(lane, &cast).await.context("before the fault")?;
    lane.told().await?;
    lane.arm(scenario.line(), fault);
    match fault.filter(|f| f.kind == Kind::Freeze) {
        Some(_) => kill::drive(lane, scenario, &cast).await?,
        None => scenario.drive(lane, &cast).await?,
    }
    let traffic = lane.line(scenario.line()).traffic();
    let struck = lane.heal().await?;
    if fault.is_some_and(|f| f.kind == Kind::Freeze) {
        lane.return_to().await.context("the profile does not open after the kill")?;
    }
    let ended = Ended { struck: struck.clone(), traffic, ..Ended::default() };
    let judged = match scenario.holds_at_any_moment(lane, &cast) {
        Ok(()) => judge(lane, scenario, &cast, ended).await,
        Err(lost) => Err(lost),
    };
    judged.with_context(|| match struck {
        Some(struck) => format!("{} struck {}", struck.fault, struck.note),
        None => "no fault struck".to_owned(),
    })
}

async fn prepare(lane: &mut Lane, scenario: Scenario, cast: &Cast) -> Result<()> {
    lane.heal().await?;
    lane.arm(scenario.line(), None);
    if scenario.is_across() && lane.beside.is_none() {
        lane.add_beside().await?;
    }
    lane.fill(&cast.letters)?;
    if scenario == Scenario::Renumbered {
        // Numbers from 1, as after the act, so that each old number is another message's then.
        lane.oracle.remake("Projects", &cast.in_projects())?;
    }
    if scenario.is_first() {
        return lane.begin_anew().await;
    }
    let mut seen = String::new();
    for _ in 0..PASSES {
        lane.sync(SyncBodies::None).await??;
        match differs(lane, cast, &cast.held(), &[]).await? {
            None => return lane.heal().await.map(drop),
            Some(words) => seen = words,
        }
    }
    bail!("the engine does not see what is there: {seen}")
}

async fn judge(lane: &mut Lane, scenario: Scenario, cast: &Cast, mut ended: Ended) -> Result<Ended> {
    let mut problem = None;
    for _ in 0..PASSES {
        scenario.go_on(lane).await?;
        problem = standing(lane, scenario, cast, &mut ended).await?;
        if problem.is_none() {
            break;
        }
    }
    if let Some(problem) = problem {
        bail!("after {PASSES} passes: {problem}");
    }
    let before = lane.held()?;
    scenario.go_on(lane).await?;
    match difference(&before, &lane.held()?) {
        Some(words) => bail!("one more pass changes the server: {words}"),
        None => Ok(ended),
    }
}

/// What is not as it should be, or `None`.
async fn standing(lane: &mut Lane, scenario: Scenario, cast: &Cast, ended: &mut Ended) -> Result<Option<String>> {
    let handed = scenario.handed(lane, cast).await?;
    let there = lane.held()?;
    let drafts = if scenario.drafts() { lane.oracle.letters("Drafts")? } else { Vec::new() };
    ended.told.extend(lane.told().await?);
    if let Some(words) = sent_badly(scenario, &handed, ended)? {
        return Ok(Some(words));
    }
    if let Some(words) = scenario.drafts_differ(cast, &handed, &drafts) {
        return Ok(Some(words));
    }
    let mut there_but_sent = there.clone();
    there_but_sent.retain(|h| !scenario.drafts() || h.mailbox != "Drafts");
    if handed.item.as_ref().is_some_and(|i| i.state == OutboxState::Uncertain) {
        // Nobody knows whether it went out: a copy may lie in Sent or not, but never two.
        let copies = there_but_sent.iter().filter(|h| h.mailbox == "Sent").count();
        if copies > 1 {
            bail!("a mail that may have gone out lies in Sent {copies} times");
        }
        there_but_sent.retain(|h| h.mailbox != "Sent");
    }
    let wanted = scenario.wanted(cast, &handed);
    if let Some(words) = lost_or_doubled(&wanted, &there_but_sent) {
        return Ok(Some(words));
    }
    if let Some(words) = difference(&wanted, &there_but_sent) {
        if ended.told.is_empty() {
            return Ok(Some(format!("an intent was dropped and nobody was told. {words}")));
        }
        // A line that breaks is no refusal: what was wanted has to come true.
        if !scenario.may_refuse() {
            return Ok(Some(format!("an intent was dropped, and told: {:?}. {words}", ended.told)));
        }
        ended.asked = true;
    }
    if scenario == Scenario::Refused && ended.told.is_empty() {
        return Ok(Some("the server refused a move and nobody was told".to_owned()));
    }
    // That a folder is numbered anew case after case is told, and is so.
    if !scenario.may_refuse() && !scenario.hands_in() && scenario != Scenario::Renumbered && !ended.told.is_empty() {
        return Ok(Some(format!("a person was told of trouble that there was not: {:?}", ended.told)));
    }
    let waiting = lane.waiting().await?;
    if waiting > 0 {
        return Ok(Some(format!("{waiting} changes still wait")));
    }
    differs(lane, cast, &there, &drafts).await
}

/// A mail is taken once and filed once; or it may have been taken once, and a person is asked.
fn sent_badly(scenario: Scenario, handed: &Handed, ended: &mut Ended) -> Result<Option<String>> {
    if !scenario.hands_in() {
        return Ok(None);
    }
    let taken = handed.taken.len();
    if taken > 1 {
        bail!("the mail went out {taken} times");
    }
    let Some(item) = &handed.item else { bail!("the mail is not in the outbox") };
    match item.state {
        OutboxState::Filed if taken == 1 => Ok(None),
        OutboxState::Filed => bail!("the mail is filed and never went out"),
        OutboxState::Uncertain => {
            ended.asked = true;
            Ok(None)
        }
        state => Ok(Some(format!("the mail is {state:?} and went out {taken} times"))),
    }
}

fn lost_or_doubled(wanted: &[Held], there: &[Held]) -> Option<String> {
    let count = |held: &[Held]| {
        let mut counts = BTreeMap::<String, usize>::new();
        held.iter().for_each(|h| *counts.entry(h.digest.clone()).or_default() += 1);
        counts
    };
    let (want, have) = (count(wanted), count(there));
    let mut words = Vec::new();
    for digest in want.keys().chain(have.keys().filter(|d| !want.contains_key(*d))) {
        let (want, have) = (want.get(digest).copied().unwrap_or(0), have.get(digest).copied().unwrap_or(0));
        let places: Vec<String> = there.iter().filter(|h| h.digest == *digest).map(ToString::to_string).collect();
        if have < want {
            words.push(format!("LOST: {} of {want} copies of {} are left: [{}]", have, &digest[..8], places.join(", ")));
        } else if have > want {
            words.push(format!("DOUBLED: {have} copies of {} where {want} are wanted: [{}]", &digest[..8], places.join(", ")));
        }
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// How what the engine shows differs from what the server holds.
async fn differs(lane: &Lane, cast: &Cast, there: &[Held], drafts: &[Letter]) -> Result<Option<String>> {
    let draft = |held: &str| drafts.iter().find(|l| digest(&l.raw) == held).map(|l| l.subject.clone());
    let subject = |h: &Held| draft(&h.digest).unwrap_or_else(|| cast.subject_of(&h.digest));
    let by_subject: Vec<Held> = there.iter().map(|h| Held { digest: subject(h), ..h.clone() }).collect();
    let shown = lane.shown().await?;
    Ok(difference(&by_subject, &shown).map(|words| format!("the engine shows it wrongly: {words}")))
}
