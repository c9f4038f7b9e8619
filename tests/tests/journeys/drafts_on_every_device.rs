//! A mail half written lies in Drafts on every device: once, whole, and never over what somebody else wrote.

use anyhow::{Context, Result, ensure};
use godwit_domain::api::{
    Compose, DraftDiscard, DraftRest, DraftSave, DraftSend, Drafts, OutboxCancel, OutboxRetry, RemovedMessages, SyncBodies,
};
use godwit_domain::{Address, ComposeFrom, Draft, OutboxState, PlacementId};
use godwit_tests::relay::Failure;
use godwit_torture::campaign::runtime;
use godwit_torture::fault::Layer;
use godwit_torture::lane::{Keep, Lane};
use godwit_torture::oracle::Edit;
use godwit_torture::server::{Kind, Server};
use godwit_torture::world::{Letter, digest};
use std::time::{Duration, Instant};

/// With everything, and with nothing that tells where a message went.
const SERVERS: [Kind; 2] = [Kind::Full, Kind::Plain];

/// Marit at her desk; her other devices are the oracle's.
struct Desk {
    lane: Lane,
}

impl Desk {
    async fn at(kind: Kind, keep: Keep) -> Result<Self> {
        let lane = Lane::start(Server::of(kind)?, Layer::Plain, keep).await?;
        let desk = Self { lane };
        desk.sync().await?;
        Ok(desk)
    }

    async fn sync(&self) -> Result<()> {
        Ok(self.lane.sync(SyncBodies::None).await??)
    }

    async fn begin(&self, subject: &str, text: &str) -> Result<Draft> {
        let from = ComposeFrom::Nothing { account: Some(self.lane.account) };
        let draft = self.lane.engine.ask(Compose { from }).await?;
        self.write(Draft { subject: subject.into(), ..draft }, text).await
    }

    async fn write(&self, draft: Draft, text: &str) -> Result<Draft> {
        let to = vec![Address { name: String::new(), address: "harbour@test.example".into() }];
        Ok(self.lane.engine.ask(DraftSave { draft: Draft { text: text.into(), to, ..draft } }).await?)
    }

    async fn open(&self, subject: &str) -> Result<Draft> {
        let id = self.row(subject).await?;
        Ok(self.lane.engine.ask(Compose { from: ComposeFrom::Message { id } }).await?)
    }

    async fn row(&self, subject: &str) -> Result<PlacementId> {
        self.lane.row("Drafts", subject, 0).await
    }

    /// Subjects in Drafts as the window lists them.
    async fn shown(&self) -> Result<Vec<String>> {
        let mut shown: Vec<String> = self.lane.rows("Drafts").await?.into_iter().map(|row| row.subject).collect();
        shown.sort();
        Ok(shown)
    }

    /// What lies in Drafts on the server, without what is only marked as deleted: subject and text.
    fn on_server(&mut self) -> Result<Vec<(String, String)>> {
        let letters = self.lane.oracle.letters("Drafts")?;
        let live = letters.into_iter().filter(|l| !l.flags.contains("\\Deleted"));
        let mut all: Vec<(String, String)> = live.map(|l| (l.subject.clone(), l.text())).collect();
        all.sort();
        Ok(all)
    }

    /// Another client opens the draft, writes on, and puts its version in place of ours.
    fn another_device_writes(&mut self, subject: &str, text: &str) -> Result<()> {
        let letters = self.lane.oracle.letters("Drafts")?;
        let old = letters.iter().find(|l| l.subject == subject).context("the other device sees no such draft")?;
        let theirs = Letter { raw: replaced(&old.raw, &old.text(), text), ..old.clone() };
        self.lane.oracle.put(&[theirs])?;
        let expunge = Edit { expunge: true, ..Edit::default() };
        ensure!(self.lane.oracle.edit("Drafts", &digest(&old.raw), &expunge)?, "their expunge found nothing");
        Ok(())
    }
}

fn replaced(raw: &[u8], old: &str, new: &str) -> Vec<u8> {
    String::from_utf8_lossy(raw).replace(old, new).into_bytes()
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(subject, text)| ((*subject).to_owned(), (*text).to_owned())).collect()
}

fn on_each(story: impl AsyncFn(Desk) -> Result<Desk>) -> Result<()> {
    for kind in SERVERS {
        runtime()?.block_on(async {
            let desk = Desk::at(kind, Keep::Run).await?;
            let desk = story(desk).await.with_context(|| format!("{kind:?}"))?;
            desk.lane.close().await;
            anyhow::Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn what_was_written_lies_in_drafts_once_and_each_version_takes_the_place_of_the_last() -> Result<()> {
    on_each(async |mut desk| {
        let mut draft = desk.begin("Slipway", "The winch").await?;
        let mut names = Vec::new();
        for text in ["The winch", "The winch sits", "The winch sits further back."] {
            draft = desk.write(draft, text).await?;
            desk.sync().await?;
            assert_eq!(desk.on_server()?, pairs(&[("Slipway", text)]));
            assert_eq!(desk.shown().await?, ["Slipway"]);
            let letters = desk.lane.oracle.letters("Drafts")?;
            let letter = letters.iter().find(|l| l.text() == text).context("no such letter")?;
            assert!(letter.flags.contains("\\Draft") && letter.flags.contains("\\Seen"), "{:?}", letter.flags);
            assert!(letter.field("X-Godwit-Draft").is_some_and(|mark| mark.starts_with(&format!("{}; ", draft.id))));
            names.push(letter.field("Message-ID").context("no Message-ID")?);
        }
        names.dedup();
        assert_eq!(names.len(), 1, "a draft keeps its name: {names:?}");
        let before = desk.lane.held()?;
        desk.sync().await?;
        assert_eq!(desk.lane.held()?, before, "one more pass changes nothing");
        let removed = desk.lane.engine.ask(RemovedMessages { account: desk.lane.account, limit: 10 }).await?;
        assert!(removed.messages.is_empty(), "old versions are nobody's removed mail");
        assert_eq!(desk.lane.told().await?, Vec::<String>::new());
        Ok(desk)
    })
}

#[test]
fn what_nobody_wrote_a_word_in_goes_nowhere() -> Result<()> {
    on_each(async |mut desk| {
        let from = ComposeFrom::Nothing { account: None };
        desk.lane.engine.ask(Compose { from }).await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[]));
        Ok(desk)
    })
}

#[test]
fn a_draft_and_its_copy_in_drafts_are_one() -> Result<()> {
    on_each(async |desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        let opened = desk.open("Slipway").await?;
        assert_eq!((opened.id, opened.text.as_str()), (draft.id, "The winch"));
        let newer = desk.write(draft, "The winch, later").await?;
        assert_eq!(desk.open("Slipway").await?, newer, "what is newer here is what opens");
        assert_eq!(desk.lane.engine.ask(Drafts {}).await?.len(), 1);
        Ok(desk)
    })
}

#[test]
fn a_discarded_draft_vanishes_on_the_server_too() -> Result<()> {
    on_each(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.begin("Cradle", "stays").await?;
        desk.sync().await?;
        desk.lane.engine.ask(DraftDiscard { draft: draft.id }).await?;
        assert_eq!(desk.shown().await?, ["Cradle"], "the list follows at once");
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Cradle", "stays")]));
        Ok(desk)
    })
}

#[test]
fn a_draft_that_was_sent_is_in_sent_and_no_longer_in_drafts() -> Result<()> {
    on_each(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        let item = desk.lane.engine.ask(DraftSend { draft: draft.id }).await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?.len(), 1, "while it is held it can still be taken back");
        let item = desk.lane.engine.ask(OutboxRetry { id: item.id }).await?;
        assert_eq!(item.state, OutboxState::Filed);
        assert_eq!(desk.shown().await?, Vec::<String>::new());
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[]));
        let sent = desk.lane.oracle.letters("Sent")?;
        assert_eq!(sent.iter().map(|l| (l.subject.as_str(), l.field("X-Godwit-Draft"))).collect::<Vec<_>>(), [("Slipway", None)]);
        Ok(desk)
    })
}

#[test]
fn a_draft_whose_mail_may_have_gone_out_stays_until_somebody_knows() -> Result<()> {
    on_each(async |mut desk| {
        let address = desk.lane.user.address.clone();
        desk.lane.server.submission.fail(&address, Some(Failure::LostThenCut));
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        let draft = desk.write(draft, "The winch, later").await?;
        let item = desk.lane.engine.ask(DraftSend { draft: draft.id }).await?;
        let item = desk.lane.engine.ask(OutboxRetry { id: item.id }).await?;
        assert_eq!(item.state, OutboxState::Uncertain);
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Slipway", "The winch")]));
        assert_eq!(desk.lane.engine.ask(OutboxCancel { id: item.id }).await?, Some(draft.id));
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Slipway", "The winch, later")]), "taken back it is a draft again");
        Ok(desk)
    })
}

#[test]
fn what_another_device_wrote_stays_beside_what_was_written_here_and_it_is_told() -> Result<()> {
    on_each(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        desk.another_device_writes("Slipway", "The winch, by phone")?;
        let draft = desk.write(draft, "The winch, by desk").await?;
        desk.sync().await?;
        let both = pairs(&[("Slipway", "The winch, by desk"), ("Slipway", "The winch, by phone")]);
        assert_eq!(desk.on_server()?, both);
        assert_eq!(desk.shown().await?, ["Slipway", "Slipway"]);
        let told = desk.lane.told().await?;
        assert!(told.len() == 1 && told[0].contains("another device"), "{told:?}");
        let letters = desk.lane.oracle.letters("Drafts")?;
        let names: std::collections::BTreeSet<_> = letters.iter().map(|l| l.field("Message-ID")).collect();
        assert_eq!(names.len(), 2, "two drafts have two names");
        desk.write(draft, "The winch, by desk again").await?;
        desk.sync().await?;
        let both = pairs(&[("Slipway", "The winch, by desk again"), ("Slipway", "The winch, by phone")]);
        assert_eq!(desk.on_server()?, both, "from there on each goes its own way");
        Ok(desk)
    })
}

#[test]
fn what_another_device_finished_is_no_draft_here_any_more() -> Result<()> {
    on_each(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        desk.another_device_writes("Slipway", "The winch, by phone")?;
        desk.sync().await?;
        desk.sync().await?;
        assert_eq!(desk.lane.engine.ask(Drafts {}).await?, [], "the one it was made of is let go of");
        assert_eq!(desk.open("Slipway").await?.text.trim(), "The winch, by phone");
        assert_eq!(desk.on_server()?, pairs(&[("Slipway", "The winch, by phone")]));
        assert_eq!(desk.lane.told().await?, Vec::<String>::new());
        // Whoever has it open still may write on: that is a draft of its own then.
        desk.write(draft, "The winch, by desk").await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?.len(), 2);
        assert_eq!(desk.lane.told().await?.len(), 1);
        Ok(desk)
    })
}

#[test]
fn a_draft_from_another_device_is_written_on_here_and_what_it_was_can_come_back() -> Result<()> {
    on_each(async |mut desk| {
        let mut theirs = Letter::new("Drafts", &["\\Draft"], "from the phone");
        theirs.raw = replaced(&theirs.raw, "The winch sits 40 cm further back, says J\u{f8}rgen.\r\n.", "By phone.");
        let subject = theirs.subject.clone();
        desk.lane.oracle.put(&[theirs])?;
        desk.sync().await?;
        let draft = desk.open(&subject).await?;
        assert_eq!(draft.text.trim(), "By phone.");
        assert!(draft.saved_at > 0, "closing it untouched must not throw it away");
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[(&subject, "By phone.")]), "looking changes nothing");
        assert_eq!(desk.open(&subject).await?.id, draft.id, "opened twice it is one");
        desk.write(draft, "By phone, and by desk.").await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[(&subject, "By phone, and by desk.")]));
        assert_eq!(desk.shown().await?, [subject.as_str()]);
        if desk.lane.waiting().await? == 0 {
            let removed = desk.lane.engine.ask(RemovedMessages { account: desk.lane.account, limit: 10 }).await?;
            assert_eq!(removed.messages.len(), 1, "what somebody else wrote stays restorable");
        }
        Ok(desk)
    })
}

#[test]
fn a_draft_survives_that_its_folder_is_numbered_anew_and_is_not_doubled() -> Result<()> {
    on_each(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.begin("Cradle", "stays").await?;
        desk.sync().await?;
        let mut letters = desk.lane.oracle.letters("Drafts")?;
        letters.reverse();
        desk.lane.oracle.remake("Drafts", &letters)?;
        desk.sync().await?;
        desk.write(draft, "The winch, later").await?;
        desk.sync().await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Cradle", "stays"), ("Slipway", "The winch, later")]));
        assert_eq!(desk.lane.told().await?, Vec::<String>::new());
        Ok(desk)
    })
}

#[test]
fn an_account_without_drafts_gets_the_folder_with_its_first_draft() -> Result<()> {
    on_each(async |mut desk| {
        desk.lane.oracle.drop_mailbox("Drafts")?;
        desk.sync().await?;
        desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Slipway", "The winch")]));
        Ok(desk)
    })
}

#[test]
fn a_draft_that_is_given_to_another_account_moves_there() -> Result<()> {
    on_each(async |mut desk| {
        desk.lane.add_beside().await?;
        desk.sync().await?;
        let beside = desk.lane.beside.as_ref().context("no second account")?.account;
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        desk.write(Draft { account: beside, ..draft }, "The winch").await?;
        desk.sync().await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[]));
        let there: Vec<String> = desk.lane.held()?.into_iter().map(|h| h.mailbox).collect();
        assert_eq!(there, ["beside:Drafts"]);
        Ok(desk)
    })
}

#[test]
fn the_cache_is_lost_and_the_next_version_still_takes_the_place_of_the_last() -> Result<()> {
    on_each_kept(async |mut desk| {
        let draft = desk.begin("Slipway", "The winch").await?;
        desk.sync().await?;
        desk.lane.leave().await;
        for name in ["cache.db", "cache.db-wal", "cache.db-shm"] {
            let path = desk.lane.profile().join(name);
            if path.exists() {
                std::fs::remove_file(path)?;
            }
        }
        desk.lane.return_to().await?;
        desk.write(draft, "The winch, later").await?;
        desk.sync().await?;
        desk.sync().await?;
        assert_eq!(desk.on_server()?, pairs(&[("Slipway", "The winch, later")]));
        assert_eq!(desk.shown().await?, ["Slipway"]);
        Ok(desk)
    })
}

fn on_each_kept(story: impl AsyncFn(Desk) -> Result<Desk>) -> Result<()> {
    for kind in SERVERS {
        runtime()?.block_on(async {
            let desk = Desk::at(kind, Keep::Profile).await?;
            story(desk).await.with_context(|| format!("{kind:?}"))?.lane.close().await;
            anyhow::Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn in_the_background_a_draft_goes_when_it_has_rested_or_its_composer_closes() -> Result<()> {
    runtime()?.block_on(async {
        let mut desk = Desk::at(Kind::Full, Keep::Awake).await?;
        desk.begin("Rests", "by itself").await?;
        let closed = desk.begin("Closed", "by hand").await?;
        desk.lane.engine.ask(DraftRest { draft: closed.id }).await?;
        let began = Instant::now();
        let all = pairs(&[("Closed", "by hand"), ("Rests", "by itself")]);
        while desk.on_server()? != all {
            ensure!(began.elapsed() < Duration::from_secs(90), "{:?} after a long time", desk.on_server()?);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        desk.lane.close().await;
        Ok(())
    })
}
