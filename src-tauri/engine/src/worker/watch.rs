//! A second connection that only listens. Where the server has NOTIFY it hears of every mailbox, else IDLE tells of the
//! inbox alone. It syncs nothing: it wakes the worker.

use super::Pace;
use super::account::AFTER_DROP;
use super::bell::Bell;
use crate::context::Context;
use crate::imap::{Connection, MailboxEvent};
use crate::lines::Standing;
use crate::store::{Lane, MailboxState};
use godwit_domain::sync::{FetchedFlags, IDLE_AT_LEAST, Retry, StatusItems, idle_for, retry_after};
use godwit_domain::{AccountId, Error, ErrorKind, Event, MailboxId, Result, Role};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// News of more mailboxes at once than this, and a look at all of them is cheaper.
const MOST_WAKES: usize = 16;

/// Ends the watch when dropped.
pub(super) struct Watch {
    task: JoinHandle<()>,
    hears_all: Arc<AtomicBool>,
    /// Goes with this, not with the task: whoever takes its place finds it free at once.
    _room: Standing,
}

impl Watch {
    /// Whether every mailbox is heard of just now, so that nobody else has to listen.
    pub(super) fn hears_all(&self) -> bool {
        self.hears_all.load(Ordering::Acquire)
    }
}

#[cfg(test)]
impl Watch {
    /// Until it has ended by itself.
    pub async fn over(&mut self) {
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that refuses the watch its connection so often in a row has no room for it.
const MOST_REFUSED: u32 = 3;

/// Starts listening, as long as there is `room`. A server that refuses a second connection is asked again some times; the poll
/// covers the time between. Then the worker's own connection listens, for a day.
pub(super) fn start(context: Context, account: AccountId, bell: Bell, pace: &Pace, room: Standing) -> Watch {
    let hears_all = Arc::new(AtomicBool::new(false));
    let again = pace.watch_again;
    let ears = Ears { context, account, bell, idle: pace.idle, hears_all: hears_all.clone(), found_dead: AtomicU32::new(0) };
    let task = tokio::spawn(async move {
        let mut refused = 0;
        loop {
            let heard = ears.listen(&mut refused).await;
            ears.hears_all.store(false, Ordering::Release);
            match heard {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(kind = ?error.kind, "the watch ended");
                    // A refused password is not tried again by itself: that is what locks accounts. The poll covers the rest.
                    if retry_after(&error, 1) == Retry::Stop {
                        return;
                    }
                    if refused >= MOST_REFUSED {
                        tracing::info!("the server has no room for another connection");
                        ears.context.set_crowded(account);
                        ears.bell.ring(|r| r.look = true);
                        return;
                    }
                }
            }
            let drops = ears.context.quirks(account).await.is_ok_and(|q| q.drops_idle);
            tokio::time::sleep(if drops { AFTER_DROP.min(again) } else { again }).await;
        }
    });
    Watch { task, hears_all, _room: room }
}

struct Ears {
    context: Context,
    account: AccountId,
    bell: Bell,
    idle: Duration,
    hears_all: Arc<AtomicBool>,
    /// How often a line did not outlive its quiet.
    found_dead: AtomicU32,
}

impl Ears {
    /// `Ok` only where there is nothing to listen to.
    async fn listen(&self, refused: &mut u32) -> Result<()> {
        let states = self.states().await?;
        let Some(inbox) = states.iter().find(|s| s.role == Some(Role::Inbox)) else { return Ok(()) };
        // Where the inbox is a label, what is synced is listened to: nothing falls between the hearing and the reading.
        let inbox = states.iter().find(|s| Some(s.id) == inbox.home).unwrap_or(inbox);
        let connection = match self.context.connect_in_room(self.account).await {
            Err(error) if error.kind == ErrorKind::Busy => {
                *refused += 1;
                return Err(error);
            }
            connection => connection?,
        };
        *refused = 0;
        if !connection.capabilities().idle {
            return Ok(());
        }
        let uidvalidity = connection.select(&inbox.wire_name, None).await?.uidvalidity;
        let mut news = News::default();
        // Whatever came between the last sync and this SELECT was told to nobody.
        news.mailboxes.insert(inbox.id);
        if let Some(standing) = ask_for_all(&connection).await? {
            self.hears_all.store(true, Ordering::Release);
            let states = self.states().await?;
            standing.iter().for_each(|(name, items)| news.take(named(&states, name), |state| !is_known(state, items)));
        }
        loop {
            self.wake(inbox.id, uidvalidity, std::mem::take(&mut news));
            let events = self.idle(&connection).await?;
            news = self.understand(inbox.id, events).await?;
            if news.lost {
                // The server has stopped telling; a new connection asks it anew.
                self.wake(inbox.id, uidvalidity, news);
                return Err(Error::new(ErrorKind::Busy, "The server had too much to tell."));
            }
        }
    }

    async fn idle(&self, connection: &Connection) -> Result<Vec<MailboxEvent>> {
        let can = connection.capabilities();
        let forgets = can.gmail || can.quirks.drops_idle;
        let span = Duration::from_secs(idle_for(self.idle.as_secs(), forgets, self.found_dead.load(Ordering::Relaxed)));
        let began = Instant::now();
        let heard = connection.idle(span, std::future::pending()).await;
        // Forgotten without a word, or closed for being quiet too long.
        let quiet = began.elapsed() >= Duration::from_secs(IDLE_AT_LEAST);
        if heard.is_err() && !connection.is_alive() && quiet {
            self.found_dead.fetch_add(1, Ordering::Relaxed);
        }
        heard
    }

    async fn states(&self) -> Result<Vec<MailboxState>> {
        let account = self.account;
        self.context.store.read(move |r| r.mailbox_states(account)).await
    }

    async fn understand(&self, inbox: MailboxId, events: Vec<MailboxEvent>) -> Result<News> {
        let mut news = News::default();
        let mut states = None;
        for event in events {
            match event {
                MailboxEvent::Counts(name, items) => {
                    if states.is_none() {
                        states = Some(self.states().await?);
                    }
                    // Something happened there. Only a MODSEQ proves that the store has it already, as it has what we did
                    // ourselves: the counts are the same after a flag has changed.
                    let known = |state: &MailboxState| items.highestmodseq.is_some() && is_known(state, &items);
                    news.take(named(states.as_deref().unwrap_or_default(), &name), |state| !known(state));
                }
                MailboxEvent::Listed => news.all = true,
                MailboxEvent::Overflow => (news.all, news.lost) = (true, true),
                MailboxEvent::Alert(words) => self.pass_on(words).await?,
                // Words for people, which the error that follows has too.
                MailboxEvent::Bye(_) => {}
                MailboxEvent::Flags(line) => {
                    news.mailboxes.insert(inbox);
                    news.told.push(line);
                }
                _ => {
                    news.mailboxes.insert(inbox);
                }
            }
        }
        Ok(news)
    }

    /// ALERT has to reach the person (RFC 9051 section 7.1), once.
    async fn pass_on(&self, words: String) -> Result<()> {
        let (store, account) = (&self.context.store, self.account);
        if !store.is_new_alert(account, &words) {
            return Ok(());
        }
        store
            .write(Lane::Sync, move |w| {
                let email = w.account(account)?.email;
                let error = Error::new(ErrorKind::Refused, format!("The server of {email} wants you to know something."));
                w.tell(Event::Told { error: error.server_words(&words) });
                Ok(())
            })
            .await
    }

    fn wake(&self, inbox: MailboxId, uidvalidity: Option<u32>, news: News) {
        if news.mailboxes.is_empty() && !news.all {
            return;
        }
        self.bell.ring(|r| {
            if !news.told.is_empty() {
                r.news(inbox, uidvalidity, news.told);
            }
            if news.all || news.mailboxes.len() > MOST_WAKES {
                r.look = true;
            } else {
                r.changed.extend(news.mailboxes);
            }
        });
    }
}

/// `None`: the server does not tell of all mailboxes, and was not made to.
async fn ask_for_all(connection: &Connection) -> Result<Option<Vec<(String, StatusItems)>>> {
    if !connection.capabilities().has("NOTIFY") {
        return Ok(None);
    }
    match connection.notify().await {
        Ok(standing) => Ok(Some(standing)),
        // It offered more than it can: Dovecot without a list index says NO.
        Err(error) if connection.is_alive() => {
            tracing::debug!(kind = ?error.kind, "NOTIFY was refused");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[derive(Default)]
struct News {
    mailboxes: BTreeSet<MailboxId>,
    /// Flags of single messages of the inbox.
    told: Vec<FetchedFlags>,
    all: bool,
    /// The server tells no more.
    lost: bool,
}

impl News {
    /// A mailbox that nobody knows yet came with its first mail: the list of mailboxes is to be read.
    fn take(&mut self, mailbox: Option<&MailboxState>, is_news: impl FnOnce(&MailboxState) -> bool) {
        match mailbox {
            None => self.all = true,
            Some(state) if state.selectable && is_news(state) => {
                self.mailboxes.insert(state.id);
            }
            Some(_) => {}
        }
    }
}

fn named<'a>(states: &'a [MailboxState], name: &str) -> Option<&'a MailboxState> {
    let same = |s: &&MailboxState| {
        s.wire_name == name || (name.eq_ignore_ascii_case("INBOX") && s.wire_name.eq_ignore_ascii_case("INBOX"))
    };
    states.iter().filter(|s| s.on_server).find(same)
}

/// Whether everything that was said is as the store has it.
fn is_known(state: &MailboxState, items: &StatusItems) -> bool {
    let same = |said: Option<u32>, held: Option<u32>| said.is_none() || said == held;
    same(items.uidvalidity, state.uidvalidity)
        && same(items.uidnext, state.uidnext)
        && same(items.messages, Some(state.base_messages))
        && (items.highestmodseq.is_none() || items.highestmodseq == state.highestmodseq)
}
