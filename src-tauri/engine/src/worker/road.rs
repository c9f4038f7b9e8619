//! The outbox's way to the servers: submission over a connection of its own, Sent over the account's user line.

use super::{UserLine, Workers};
use crate::context::Context;
use crate::imap::{Connection, encode_name};
use crate::outbox::{self, Filing, Going, Road};
use crate::planted::Planted;
use crate::smtp::{self, SubmitOutcome};
use crate::store::{Attempt, AttemptKind, Lane, MailboxState};
use godwit_domain::sending::{Files, Look};
use godwit_domain::{Account, AccountId, Error, OutboxId, Result, Role};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What carries mail out.
#[derive(Clone)]
pub struct MailRoad {
    context: Context,
    line: UserLine,
    workers: Workers,
    /// Who files copies, by account; learnt at each submission.
    files: Arc<Mutex<HashMap<AccountId, Files>>>,
}

impl MailRoad {
    /// Opens nothing yet.
    pub fn new(context: Context, line: UserLine, workers: Workers) -> Self {
        Self { context, line, workers, files: Arc::default() }
    }

    /// The account's Sent on the server, made where there is none.
    async fn sent(&self, account: AccountId) -> Result<MailboxState> {
        if let Some(state) = self.known_sent(account).await? {
            return Ok(state);
        }
        self.relist(account, false).await?;
        if let Some(state) = self.known_sent(account).await? {
            return Ok(state);
        }
        self.relist(account, true).await?;
        self.known_sent(account).await?.ok_or_else(|| {
            Error::gone("This account has no folder for sent mail, and none could be made.").mend("Make a folder named Sent.")
        })
    }

    async fn known_sent(&self, account: AccountId) -> Result<Option<MailboxState>> {
        self.context
            .store
            .read(move |r| {
                let Some(id) = r.mailbox_by_role(account, Role::Sent)? else { return Ok(None) };
                Ok(Some(r.mailbox_state(id)?).filter(|s| s.on_server))
            })
            .await
    }

    async fn relist(&self, account: AccountId, make: bool) -> Result<()> {
        if make {
            self.line.once(account, |conn| async move { make_sent(&conn).await }).await?;
        }
        self.line
            .with(account, |conn| {
                let store = self.context.store.clone();
                async move {
                    let listed = conn.list().await?;
                    store.write(Lane::Sync, move |w| w.mailboxes_listed(account, &listed)).await.map(drop)
                }
            })
            .await
    }

    async fn look_in_sent(&self, going: &Going) -> Result<Look> {
        let state = self.sent(going.account).await?;
        let account = going.account;
        let attempts = self.context.store.read(move |r| r.attempts(account)).await?;
        let of_this = attempts
            .into_iter()
            .filter(|(_, a)| a.kind == AttemptKind::Append && a.message_id.as_deref() == Some(going.message_id.as_str()));
        let of_this: Vec<_> = of_this.collect();
        let since = of_this.iter().filter_map(|(_, a)| Some((a.uidvalidity?, a.uidnext?))).next();
        let look = self
            .line
            .with(account, |conn| {
                let (name, id) = (state.wire_name.clone(), going.message_id.clone());
                async move { Ok(outbox::look(&conn, &name, &id, since).await) }
            })
            .await?;
        if !matches!(look, Look::Failed(_)) {
            // Whichever it is, it is known now: the trace has done its work.
            let ids: Vec<_> = of_this.into_iter().map(|(id, _)| id).collect();
            self.context.store.write(Lane::User, move |w| ids.iter().try_for_each(|id| w.attempt_end(*id))).await?;
        }
        Ok(look)
    }

    async fn file_in_sent(&self, id: OutboxId, going: &Going) -> Result<Filing> {
        let state = self.sent(going.account).await?;
        let account = going.account;
        let name = state.wire_name.clone();
        let status = self
            .line
            .with(account, |conn| {
                let name = name.clone();
                async move { conn.status(&name).await }
            })
            .await?;
        let attempt = Attempt {
            account,
            kind: AttemptKind::Append,
            target: state.id,
            wire_name: state.wire_name.clone(),
            uidvalidity: status.uidvalidity,
            uidnext: status.uidnext,
            identity: None,
            message_id: Some(going.message_id.clone()),
            size: u32::try_from(going.outgoing.raw.len()).unwrap_or(u32::MAX),
            placement: None,
            copy: None,
            outbox: Some(id),
            draft: None,
        };
        let attempt = self.context.store.write(Lane::User, move |w| w.attempt_begin(&attempt)).await?;
        let filing = self
            .line
            .once(account, |conn| {
                let (name, raw) = (name.clone(), going.outgoing.raw.clone());
                async move { Ok(outbox::file(&conn, &name, raw).await) }
            })
            .await;
        let filing = filing.unwrap_or_else(Filing::NotFiled);
        if !matches!(filing, Filing::Unclear(_)) {
            self.context.store.write(Lane::User, move |w| w.attempt_end(attempt)).await?;
            self.workers.changed(account, state.id);
        }
        Ok(filing)
    }

    /// Gmail files what it was handed itself, and is known by its host or by folders that are labels.
    pub(super) async fn who_files(&self, account: &Account) -> Files {
        let id = account.id;
        let by_label = self.context.store.read(move |r| r.home(id)).await.is_ok_and(|home| home.is_some());
        outbox::files(&account.smtp, by_label || account.imap.host.eq_ignore_ascii_case("imap.gmail.com"))
    }

    fn learn(&self, account: AccountId, files: Files) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(account, files);
    }
}

impl Road for MailRoad {
    async fn submit(&self, going: &Going) -> SubmitOutcome {
        let (account, target) = match self.context.target(going.account).await {
            Ok(found) => found,
            Err(error) => return SubmitOutcome::NotSent(error),
        };
        self.learn(going.account, self.who_files(&account).await);
        smtp::submit(&account.smtp, &account.user, &target.password, &self.context.tls, &going.outgoing, &|_, _| {}).await
    }

    async fn look(&self, going: &Going) -> Look {
        if Planted::AppendRetriedBlindly.is_on() {
            return Look::Absent;
        }
        self.look_in_sent(going).await.unwrap_or_else(Look::Failed)
    }

    async fn file(&self, id: OutboxId, going: &Going) -> Filing {
        // An error before the APPEND left means that it surely did not arrive.
        self.file_in_sent(id, going).await.unwrap_or_else(Filing::NotFiled)
    }

    fn files(&self, account: AccountId) -> Files {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(&account).copied().unwrap_or(Files::Us)
    }
}

async fn make_sent(conn: &Connection) -> Result<()> {
    let path = conn.capabilities().in_namespace("Sent");
    conn.create(&path).await?;
    conn.subscribe_if_it_will(&encode_name(&path), true).await
}
