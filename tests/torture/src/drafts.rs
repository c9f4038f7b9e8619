//! Drafts in a case: written, replaced, thrown away and sent while the line breaks; and what of them must be on the server.
//! Their bytes are the engine's to make, so they are told apart by subject and text.

use crate::lane::Lane;
use crate::scenario::{Cast, Handed, Scenario};
use crate::world::{Letter, set};
use anyhow::{Result, bail};
use godwit_domain::api::{Compose, DraftDiscard, DraftSave, DraftSend, GetSettings, SetSettings, SyncBodies};
use godwit_domain::{Address, ComposeFrom, Draft, OutboxState, Settings};
use std::collections::BTreeMap;

/// What stands in a draft at first, and after it was changed.
const FIRST: &str = "The winch sits here.";
const SECOND: &str = "The winch sits 40 cm further back.";

/// Subject and text.
type Words = (String, String);

impl Scenario {
    /// Whether drafts are written in it.
    pub fn drafts(self) -> bool {
        matches!(self, Self::Draft | Self::DraftBlind | Self::DraftSent)
    }

    /// What a person writes before the line breaks: one draft is on the server and changed, one is there and thrown away,
    /// one is new; or one is there, changed, and on its way out.
    pub(crate) async fn write(self, lane: &Lane, cast: &Cast) -> Result<()> {
        if self == Self::DraftSent {
            let settings = lane.engine.ask(GetSettings {}).await?;
            lane.engine.ask(SetSettings { settings: Settings { undo_send_secs: 0, ..settings } }).await?;
            let going = begin(lane, cast.subject("sent")).await?;
            there(lane).await?;
            let going = lane.engine.ask(DraftSave { draft: Draft { text: SECOND.into(), ..going } }).await?;
            lane.engine.ask(DraftSend { draft: going.id }).await?;
            return Ok(());
        }
        let kept = begin(lane, cast.subject("kept")).await?;
        let doomed = begin(lane, cast.subject("doomed")).await?;
        there(lane).await?;
        lane.engine.ask(DraftSave { draft: Draft { text: SECOND.into(), ..kept } }).await?;
        lane.engine.ask(DraftDiscard { draft: doomed.id }).await?;
        begin(lane, cast.subject("new")).await?;
        Ok(())
    }

    /// What must lie in Drafts in the end.
    fn drafts_wanted(self, cast: &Cast, handed: &Handed) -> Vec<Words> {
        let words = |name: &str, text: &str| (cast.subject(name), text.to_owned());
        match self {
            Self::Draft | Self::DraftBlind => vec![words("kept", SECOND), words("new", FIRST)],
            // Nobody knows whether it went out: what was there stays.
            Self::DraftSent if handed.item.as_ref().is_some_and(|i| i.state == OutboxState::Uncertain) => {
                vec![words("sent", FIRST)]
            }
            _ => Vec::new(),
        }
    }

    /// Drafts that are not as they should be, in words.
    pub(crate) fn drafts_differ(self, cast: &Cast, handed: &Handed, there: &[Letter]) -> Option<String> {
        let mut counts = BTreeMap::<Words, i32>::new();
        self.drafts_wanted(cast, handed).into_iter().for_each(|words| *counts.entry(words).or_default() -= 1);
        there.iter().for_each(|l| *counts.entry((l.subject.clone(), l.text())).or_default() += 1);
        let wrong: Vec<String> = counts
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|((subject, text), count)| {
                let what = if count < 0 { "LOST" } else { "DOUBLED" };
                format!("{what}: the draft {subject} \u{201c}{text}\u{201d} by {}", count.abs())
            })
            .collect();
        if !wrong.is_empty() {
            return Some(wrong.join("; "));
        }
        let odd = there.iter().find(|l| l.flags != set(&["\\Draft", "\\Seen"]));
        odd.map(|l| format!("the draft {} has the flags {:?}", l.subject, l.flags))
    }

    /// At any moment, whatever broke: of a draft that had been on the server a whole version is there.
    pub(crate) fn holds_at_any_moment(self, lane: &mut Lane, cast: &Cast) -> Result<()> {
        if !matches!(self, Self::Draft | Self::DraftBlind) {
            return Ok(());
        }
        let there = lane.oracle.letters("Drafts")?;
        let subject = cast.subject("kept");
        if there.iter().any(|l| l.subject == subject && [FIRST, SECOND].contains(&l.text().as_str())) {
            return Ok(());
        }
        bail!("LOST: no whole version of the draft {subject} is on the server");
    }
}

async fn begin(lane: &Lane, subject: String) -> Result<Draft> {
    let draft = lane.engine.ask(Compose { from: ComposeFrom::Nothing { account: Some(lane.account) } }).await?;
    let to = vec![Address { name: String::new(), address: "harbour@test.example".into() }];
    Ok(lane.engine.ask(DraftSave { draft: Draft { subject, to, text: FIRST.into(), ..draft } }).await?)
}

/// What was written so far is on the server, and the lines are new again.
async fn there(lane: &Lane) -> Result<()> {
    lane.sync(SyncBodies::None).await??;
    lane.heal().await.map(drop)
}
