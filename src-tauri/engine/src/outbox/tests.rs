//! The runner against a store in memory and a road that is told what to answer.

use super::*;
use godwit_domain::sending;
use std::collections::HashMap;

#[derive(Default)]
struct State {
    mails: HashMap<OutboxId, Sending>,
    answers: VecDeque<SubmitOutcome>,
    looks: VecDeque<Look>,
    filings: VecDeque<Filing>,
    log: Vec<String>,
    clock: i64,
}

#[derive(Clone, Default)]
struct World(Arc<Mutex<State>>);

impl World {
    fn with(state: OutboxState) -> Self {
        let world = Self::default();
        world.0.lock().unwrap().mails.insert(ID, Sending { state, attempts: 0, due: 0, error: None });
        world
    }

    fn log(&self, line: impl Into<String>) {
        self.0.lock().unwrap().log.push(line.into());
    }

    fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().log)
    }

    fn answer(&self, outcome: SubmitOutcome) {
        self.0.lock().unwrap().answers.push_back(outcome);
    }

    fn look_shows(&self, look: Look) {
        self.0.lock().unwrap().looks.push_back(look);
    }

    fn outbox(&self) -> Arc<Outbox<World, World>> {
        Arc::new(Outbox::new(self.clone(), self.clone()))
    }
}

const ID: OutboxId = OutboxId(1);

fn broken(kind: ErrorKind) -> Error {
    Error::new(kind, "x")
}

fn taken() -> SubmitOutcome {
    SubmitOutcome::Accepted { reply: "250 ok".into() }
}

impl Rows for World {
    async fn step(&self, id: OutboxId, happened: Happened) -> Result<(Sending, Vec<Effect>)> {
        let mut state = self.0.lock().unwrap();
        let now = state.mails.get(&id).cloned().ok_or_else(|| Error::gone("no mail"))?;
        let (then, effects) = sending::next(now, happened, state.clock);
        state.mails.insert(id, then.clone());
        Ok((then, effects))
    }

    async fn going(&self, id: OutboxId) -> Result<Going> {
        let outgoing = Outgoing { envelope_from: "a@b".into(), recipients: vec!["c@d".into()], raw: b"x".to_vec() };
        Ok(Going { account: AccountId(id.0), outgoing, message_id: "m@b".into() })
    }

    async fn due(&self) -> Result<Vec<(AccountId, OutboxId)>> {
        let state = self.0.lock().unwrap();
        let waits = |s: &Sending| matches!(s.state, OutboxState::Held | OutboxState::Queued | OutboxState::Sent);
        Ok(state.mails.iter().filter(|(_, s)| waits(s) && s.due <= state.clock).map(|(id, _)| (AccountId(id.0), *id)).collect())
    }

    async fn next_due_secs(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn unsettled(&self) -> Result<Vec<(AccountId, OutboxId)>> {
        let state = self.0.lock().unwrap();
        let open = |s: &Sending| matches!(s.state, OutboxState::Sending | OutboxState::Uncertain | OutboxState::Sent);
        Ok(state.mails.iter().filter(|(_, s)| open(s)).map(|(id, _)| (AccountId(id.0), *id)).collect())
    }

    async fn waiting(&self, account: Option<AccountId>) -> Result<Vec<(AccountId, OutboxId)>> {
        let state = self.0.lock().unwrap();
        let waits = |s: &Sending| matches!(s.state, OutboxState::Queued | OutboxState::Sent);
        let all = state.mails.iter().filter(|(_, s)| waits(s)).map(|(id, _)| (AccountId(id.0), *id));
        Ok(all.filter(|(of, _)| account.is_none_or(|account| account == *of)).collect())
    }

    async fn went(&self, _: OutboxId) -> Result<()> {
        self.log("mark");
        Ok(())
    }

    async fn return_draft(&self, _: OutboxId) -> Result<()> {
        self.log("draft");
        Ok(())
    }

    async fn tell(&self, _: OutboxId, error: Error) {
        self.log(format!("tell {:?}", error.kind));
    }
}

impl Road for World {
    async fn submit(&self, going: &Going) -> SubmitOutcome {
        if going.account != AccountId(1) {
            return std::future::pending().await;
        }
        // The commit comes first: whoever is killed here finds it sending.
        let state = self.0.lock().unwrap().mails[&ID].state;
        self.log(format!("submit while {state:?}"));
        let answer = self.0.lock().unwrap().answers.pop_front();
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn look(&self, _: &Going) -> Look {
        self.log("look");
        self.0.lock().unwrap().looks.pop_front().unwrap_or(Look::Absent)
    }

    async fn file(&self, _: OutboxId, _: &Going) -> Filing {
        self.log("file");
        self.0.lock().unwrap().filings.pop_front().unwrap_or(Filing::Filed)
    }

    fn files(&self, _: AccountId) -> Files {
        Files::Us
    }
}

#[tokio::test]
async fn a_mail_goes_from_held_to_filed_in_one_run() {
    let world = World::with(OutboxState::Held);
    world.answer(taken());
    let after = world.outbox().happen(ID, Happened::Due).await.unwrap();
    assert_eq!((after.state, after.attempts), (OutboxState::Filed, 1));
    assert_eq!(world.take_log(), ["submit while Sending", "mark", "file"]);
}

#[tokio::test]
async fn a_lost_reply_is_never_sent_again_by_itself() {
    let world = World::with(OutboxState::Queued);
    world.answer(SubmitOutcome::Uncertain(broken(ErrorKind::Uncertain)));
    let outbox = world.outbox();
    assert_eq!(outbox.happen(ID, Happened::Due).await.unwrap().state, OutboxState::Uncertain);
    assert_eq!(world.take_log(), ["submit while Sending", "look", "tell Uncertain"]);
    for happened in [Happened::Started, Happened::Due, Happened::Mended] {
        assert_eq!(outbox.happen(ID, happened).await.unwrap().state, OutboxState::Uncertain);
    }
    assert!(!world.take_log().iter().any(|l| l.starts_with("submit")));
    world.answer(taken());
    assert_eq!(outbox.happen(ID, Happened::Retry).await.unwrap().state, OutboxState::Filed);
    assert_eq!(world.take_log(), ["look", "submit while Sending", "mark", "file"]);
}

#[tokio::test]
async fn a_lost_reply_whose_mail_stands_in_sent_is_filed() {
    let world = World::with(OutboxState::Queued);
    world.answer(SubmitOutcome::Uncertain(broken(ErrorKind::Uncertain)));
    world.look_shows(Look::Found);
    assert_eq!(world.outbox().happen(ID, Happened::Due).await.unwrap().state, OutboxState::Filed);
    assert_eq!(world.take_log(), ["submit while Sending", "look", "tell Uncertain", "mark"]);
}

#[tokio::test]
async fn a_kill_amid_a_submission_is_doubt_at_the_next_start() {
    let world = World::with(OutboxState::Queued);
    let outbox = world.outbox();
    let on_its_way = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.happen(ID, Happened::Due).await }
    });
    while world.take_log().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(outbox.happen(ID, Happened::Retry).await.unwrap_err().kind, ErrorKind::Busy);
    on_its_way.abort();
    assert!(on_its_way.await.is_err());
    let next_run = tokio::spawn(world.outbox().run());
    while world.0.lock().unwrap().log.len() < 2 {
        tokio::task::yield_now().await;
    }
    next_run.abort();
    assert_eq!(world.take_log(), ["look", "tell Uncertain"]);
    assert_eq!(world.0.lock().unwrap().mails[&ID].state, OutboxState::Uncertain);
}

#[tokio::test]
async fn a_copy_of_doubt_is_looked_for_and_filed_once() {
    let world = World::with(OutboxState::Queued);
    world.answer(taken());
    world.0.lock().unwrap().filings.push_back(Filing::Unclear(broken(ErrorKind::Offline)));
    let outbox = world.outbox();
    assert_eq!(outbox.happen(ID, Happened::Due).await.unwrap().state, OutboxState::Sent);
    world.0.lock().unwrap().clock = 300;
    world.look_shows(Look::Found);
    assert_eq!(outbox.happen(ID, Happened::Due).await.unwrap().state, OutboxState::Filed);
    assert_eq!(world.take_log(), ["submit while Sending", "mark", "file", "look"]);
}

#[tokio::test]
async fn the_run_takes_what_comes_while_another_accounts_server_is_silent() {
    let world = World::with(OutboxState::Queued);
    let stuck = world.0.lock().unwrap().mails.remove(&ID).unwrap();
    world.0.lock().unwrap().mails.insert(OutboxId(2), stuck);
    let outbox = world.outbox();
    let run = tokio::spawn(outbox.clone().run());
    tokio::task::yield_now().await;
    world.answer(taken());
    let held = Sending { state: OutboxState::Held, attempts: 0, due: 0, error: None };
    world.0.lock().unwrap().mails.insert(ID, held);
    outbox.wake();
    let filed = async {
        while world.0.lock().unwrap().mails[&ID].state != OutboxState::Filed {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), filed).await.unwrap();
    run.abort();
}

#[tokio::test]
async fn a_mail_taken_back_becomes_its_draft() {
    let world = World::with(OutboxState::Held);
    assert_eq!(world.outbox().happen(ID, Happened::Cancel).await.unwrap().state, OutboxState::Cancelled);
    assert_eq!(world.take_log(), ["draft"]);
}
