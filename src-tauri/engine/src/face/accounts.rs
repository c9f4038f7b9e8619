//! Accounts: proposals, tests, saving, status, sync; and the settings.

use crate::engine::Engine;
use crate::imap::{self, ImapTarget};
use crate::smtp;
use crate::store::Lane;
use crate::sync::{AccountSync, Pulse};
use crate::worker::run_pass;
use godwit_domain::api::*;
use godwit_domain::sending::Happened;
use godwit_domain::*;
use std::collections::BTreeSet;

pub(super) async fn list(engine: &Engine, _: Accounts) -> Result<Vec<Account>> {
    engine.inner.context.store.read(|r| r.accounts()).await
}

pub(super) async fn discover(_: &Engine, asked: AccountDiscover) -> Result<Vec<Candidate>> {
    godwit_domain::discover::discover(&asked.email)
}

pub(super) async fn check(engine: &Engine, asked: AccountTry) -> Result<AccountCheck> {
    asked.account.check()?;
    Ok(check_both(engine, &asked.account.imap, &asked.account.smtp, &asked.account.user, &asked.password).await)
}

/// One sign-in at each server, side by side.
async fn check_both(engine: &Engine, imap: &Server, smtp: &Server, user: &str, password: &Password) -> AccountCheck {
    let tls = &engine.inner.context.tls;
    let target = ImapTarget {
        server: imap.clone(),
        user: user.to_owned(),
        password: password.clone(),
        log: engine.inner.context.log.clone(),
    };
    let (imap, smtp) = tokio::join!(imap::probe(&target, tls), smtp::probe(smtp, user, password, tls));
    AccountCheck { imap, smtp }
}

pub(super) async fn add(engine: &Engine, asked: AccountAdd) -> Result<Account> {
    asked.account.check()?;
    let email = asked.account.email.to_lowercase();
    let store = &engine.inner.context.store;
    if store.read(|r| r.accounts()).await?.iter().any(|a| a.email.to_lowercase() == email) {
        return Err(Error::invalid(format!("{} is already here.", asked.account.email)).mend("Remove it first to add it anew."));
    }
    let draft = asked.account;
    let tested = check_both(engine, &draft.imap, &draft.smtp, &draft.user, &asked.password).await;
    if let Some(error) = tested.first_error() {
        return Err(error.clone());
    }
    let account = store.write(Lane::User, move |w| w.account_add(&draft, &asked.password)).await?;
    if engine.inner.run_workers {
        engine.inner.workers.start(account.id);
    }
    store.emit(Event::AccountsChanged);
    Ok(account)
}

pub(super) async fn test(engine: &Engine, asked: AccountTest) -> Result<AccountCheck> {
    let (account, target) = engine.inner.context.target(asked.account).await?;
    Ok(check_both(engine, &account.imap, &account.smtp, &account.user, &target.password).await)
}

pub(super) async fn network_back(engine: &Engine, _: NetworkBack) -> Result<()> {
    engine.inner.doubts().doubt().await;
    Ok(())
}

/// Asked of the server each time: nobody else keeps it up to date.
pub(super) async fn quota(engine: &Engine, asked: AccountQuota) -> Result<Quota> {
    engine.inner.line.with(asked.account, |conn| async move { conn.quota().await }).await
}

pub(super) async fn password(engine: &Engine, asked: AccountPassword) -> Result<AccountCheck> {
    let (account, _) = engine.inner.context.target(asked.account).await?;
    let tested = check_both(engine, &account.imap, &account.smtp, &account.user, &asked.password).await;
    if tested.first_error().is_none() {
        engine.inner.context.store.write(Lane::User, move |w| w.account_set_password(asked.account, &asked.password)).await?;
        engine.inner.line.close(asked.account).await;
        engine.inner.workers.reconnect(asked.account);
        engine.inner.tell_waiting(asked.account, Happened::Mended).await;
    }
    Ok(tested)
}

pub(super) async fn edit(engine: &Engine, asked: AccountEdit) -> Result<Account> {
    if asked.name.chars().any(char::is_control) {
        return Err(Error::invalid("The name has a line break or another control character.").mend("Write it on one line."));
    }
    let store = &engine.inner.context.store;
    let account = store.write(Lane::User, move |w| w.account_edit(asked.account, &asked.name, &asked.signature)).await?;
    store.emit(Event::AccountsChanged);
    Ok(account)
}

pub(super) async fn remove(engine: &Engine, asked: AccountRemove) -> Result<()> {
    engine.inner.workers.stop(asked.account).await;
    engine.inner.line.close(asked.account).await;
    let store = &engine.inner.context.store;
    store.write(Lane::User, move |w| w.account_remove(asked.account)).await?;
    store.emit(Event::AccountsChanged);
    store.emit(Event::MailboxesChanged);
    Ok(())
}

pub(super) async fn status(engine: &Engine, _: Status) -> Result<Vec<AccountStatus>> {
    engine.inner.context.status().await
}

/// All accounts side by side; the first error is told once every other account is done.
pub(super) async fn sync(engine: &Engine, asked: Sync) -> Result<Vec<MailboxSynced>> {
    let accounts = match asked.account {
        Some(account) => vec![account],
        None => list(engine, Accounts {}).await?.into_iter().map(|a| a.id).collect(),
    };
    let mut nudges = engine.inner.context.nudges();
    let mut running = tokio::task::JoinSet::new();
    for account in accounts {
        let engine = engine.clone();
        running.spawn(async move { sync_one(&engine, account, asked.bodies).await });
    }
    let (mut report, mut failed) = (Vec::new(), None);
    while let Some(done) = running.join_next().await {
        match done.map_err(|_| Error::bug("A sync stopped short.")).and_then(|r| r) {
            Ok(synced) => report.extend(synced),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    super::sending::send_due(engine).await?;
    let mut left = BTreeSet::new();
    while let Ok(account) = nudges.try_recv() {
        left.insert(account);
    }
    for account in left {
        if !engine.inner.workers.runs(account)
            && let Err(error) = push_again(engine, account).await
        {
            failed = failed.or(Some(error));
        }
    }
    // Who asked may listen no longer than for the answer, and what was refused is part of it.
    engine.inner.context.store.tell_now().await?;
    match failed {
        Some(error) => Err(error),
        None => Ok(report),
    }
}

async fn sync_one(engine: &Engine, account: AccountId, bodies: SyncBodies) -> Result<Vec<MailboxSynced>> {
    let context = &engine.inner.context;
    if engine.inner.workers.runs(account) {
        return engine.inner.workers.sync(account, bodies).await;
    }
    let run = async {
        context.set_activity(account, Activity::SigningIn);
        let connection = context.connect(account).await?;
        let pulse = Pulse::default();
        let sync = AccountSync::new(context.store.clone(), connection, account, pulse.clone(), context.dial(account));
        run_pass(context, &sync, &pulse, bodies).await
    };
    match run.await {
        Ok(report) => {
            context.set_activity(account, Activity::UpToDate { at: crate::clock::now() });
            Ok(report)
        }
        Err(error) => {
            context.set_failed(account, error.clone());
            Err(error)
        }
    }
}

/// What landed elsewhere in this round left its source here to be expunged.
async fn push_again(engine: &Engine, account: AccountId) -> Result<()> {
    let context = &engine.inner.context;
    let connection = context.connect(account).await?;
    AccountSync::new(context.store.clone(), connection, account, Pulse::default(), context.dial(account)).push().await.map(drop)
}

pub(super) async fn settings(engine: &Engine, _: GetSettings) -> Result<Settings> {
    engine.inner.context.store.read(|r| r.settings()).await
}

pub(super) async fn set_settings(engine: &Engine, asked: SetSettings) -> Result<Settings> {
    let settings = asked.settings.clamped();
    let kept = settings.clone();
    engine.inner.context.store.write(Lane::User, move |w| w.settings_set(&kept)).await?;
    engine.inner.settings.notify_one();
    Ok(settings)
}

pub(super) async fn fetching(engine: &Engine, _: GetFetching) -> Result<Fetching> {
    Ok(engine.inner.workers.fetching())
}
