//! `sync`: asks for it, shows how far it is, and says per mailbox what changed. `--watch` stays and tells of every change.

use crate::face::Face;
use crate::failure::{Outcome, line};
use crate::names::{self, Names};
use crate::output::Output;
use godwit_domain::api::{MailboxSynced, Status, Sync, SyncBodies};
use godwit_domain::{Activity, Error, ErrorKind, Event, Mailbox, MailboxId, Result};
use godwit_engine::Engine;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(150);
/// How often a watch looks for what changed.
const WATCH: Duration = Duration::from_millis(1000);

/// Brings everything, or one account, up to date.
pub async fn run(face: &mut Face, account: Option<&str>, bodies: SyncBodies, watch: bool, out: Output) -> Outcome {
    let account = match account {
        Some(name) => Some(names::account(face, name).await?.id),
        None => None,
    };
    let synced = with_progress(face, Sync { account, bodies }).await?;
    let told = if watch { out.next(&synced, || in_words(&synced)) } else { out.answer(&synced, || in_words(&synced)) };
    told?;
    if watch {
        return stay(face, out).await;
    }
    match synced.into_iter().find_map(|mailbox| mailbox.error) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

async fn with_progress(face: &mut Face, sync: Sync) -> Result<Vec<MailboxSynced>> {
    let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.enable_steady_tick(LOOK);
    bar.set_message("Getting mail");
    let synced = match face {
        Face::Owner(_) => face.ask(sync).await,
        Face::Own(engine) => {
            let mut events = engine.events();
            let asked = engine.ask(sync);
            tokio::pin!(asked);
            let synced = loop {
                tokio::select! {
                    synced = &mut asked => break synced,
                    () = tokio::time::sleep(LOOK), if !bar.is_hidden() => show_progress(engine, &bar).await,
                }
            };
            bar.suspend(|| tell(&mut events));
            synced
        }
    };
    bar.finish_and_clear();
    synced
}

/// What the server refused and was taken back here is for the person to hear, though the sync itself went well.
fn tell(events: &mut Receiver<Event>) {
    loop {
        match events.try_recv() {
            Ok(Event::Told { error }) => eprintln!("godwitctl: {}", line(&error)),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(_) => return,
        }
    }
}

async fn show_progress(engine: &Engine, bar: &ProgressBar) {
    // A progress that can't be read is no reason to stop a sync.
    let Ok(states) = engine.ask(Status {}).await else { return };
    let (done, total) = states.iter().fold((0, 0), |(done, total), state| match state.activity {
        Activity::Getting { done: d, total: t } => (done + u64::from(d), total + u64::from(t)),
        _ => (done, total),
    });
    if total > 0 {
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_length(total);
        bar.set_position(done);
    }
}

fn in_words(synced: &[MailboxSynced]) -> String {
    let mut out = String::new();
    for mailbox in synced {
        let parts: Vec<String> =
            [(mailbox.added, "new"), (mailbox.changed, "changed"), (mailbox.removed, "removed"), (mailbox.pushed, "pushed")]
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .chain(mailbox.error.as_ref().map(line))
                .collect();
        if !parts.is_empty() {
            let name = godwit_domain::plain_words(&format!("{}/{}", mailbox.account, mailbox.mailbox));
            out.push_str(&format!("{name}: {}\n", parts.join(", ")));
        }
    }
    if out.is_empty() { "Everything is up to date.".to_owned() } else { out }
}

/// What a watch compares.
type Counts = BTreeMap<MailboxId, (u32, u32)>;

/// Tells of changed counts until the process is asked to end.
async fn stay(face: &mut Face, out: Output) -> Outcome {
    if let Face::Own(engine) = face {
        tokio::spawn(answer_others(engine.clone()));
    }
    let mut end = std::pin::pin!(asked_to_end());
    let mut counts = count(&Names::read(face).await?.mailboxes);
    loop {
        tokio::select! {
            ended = &mut end => return ended,
            () = tokio::time::sleep(WATCH) => {}
        }
        let names = Names::read(face).await?;
        for mailbox in &names.mailboxes {
            let now = (mailbox.messages, mailbox.unread);
            if counts.get(&mailbox.id) == Some(&now) {
                continue;
            }
            let account = names.address(mailbox.account);
            let shape = json!({ "account": account, "mailbox": mailbox.path, "messages": now.0, "unread": now.1 });
            out.next(&shape, || {
                let name = godwit_domain::plain_words(&format!("{account}/{}", mailbox.path));
                format!("{name}: {} messages, {} unread", now.0, now.1)
            })?;
        }
        counts = count(&names.mailboxes);
    }
}

fn count(mailboxes: &[Mailbox]) -> Counts {
    mailboxes.iter().map(|m| (m.id, (m.messages, m.unread))).collect()
}

/// While we own the profile, others ask us. We have no window to raise, and say so.
async fn answer_others(engine: Engine) {
    let raise = |_open: Vec<String>| {
        Err(Error::new(ErrorKind::ProfileInUse, "A godwitctl sync --watch has this profile open, and it has no window.")
            .mend("End it, then start Godwit again."))
    };
    if let Err(error) = engine.serve_owner(raise).await {
        eprintln!("godwitctl: {}", line(&error));
    }
}

#[cfg(unix)]
async fn asked_to_end() -> Outcome {
    use tokio::signal::unix::{SignalKind, signal};
    let deaf = |_| Error::bug("Signals can't be heard.");
    let mut term = signal(SignalKind::terminate()).map_err(deaf)?;
    let mut int = signal(SignalKind::interrupt()).map_err(deaf)?;
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    Ok(())
}

#[cfg(not(unix))]
async fn asked_to_end() -> Outcome {
    tokio::signal::ctrl_c().await.map_err(|_| Error::bug("Signals can't be heard.").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synced(added: u32, error: Option<Error>) -> MailboxSynced {
        MailboxSynced { account: "a@b.example".into(), mailbox: "INBOX".into(), added, changed: 0, removed: 0, pushed: 2, error }
    }

    #[test]
    fn a_sync_says_what_changed_where() {
        assert_eq!(in_words(&[]), "Everything is up to date.");
        assert_eq!(in_words(&[synced(3, None)]), "a@b.example/INBOX: 3 new, 2 pushed\n");
        let error = Error::new(ErrorKind::Refused, "The server refused it.");
        assert_eq!(in_words(&[synced(0, Some(error))]), "a@b.example/INBOX: 2 pushed, The server refused it.\n");
    }
}
