//! Hands the engine's events on to the window, keeps the unread count in its title, and tells of new mail.
//! It carries ids only; what a notification shows is read from the store.

use crate::os::notify::{self, Note};
use crate::window::{MAIN, raise};
use godwit_domain::api::{GetSettings, Mailboxes, Rows};
use godwit_domain::{Event, PlacementId, Result, Role, Row};
use godwit_engine::Engine;
use std::time::Duration;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

/// The name under which the window listens.
const ENGINE: &str = "engine";
/// Counts that change in quick succession make one title.
const TITLE_AFTER: Duration = Duration::from_millis(400);

/// Runs until the engine closes.
pub async fn forward(app: AppHandle, engine: Engine) {
    let mut events = engine.events();
    let mut title_due = Some(Instant::now());
    loop {
        let due = title_due;
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    if matches!(event, Event::MailboxesChanged | Event::AccountsChanged) && title_due.is_none() {
                        title_due = Some(Instant::now() + TITLE_AFTER);
                    }
                    if let Event::MailArrived { placements, .. } = &event {
                        tauri::async_runtime::spawn(tell(app.clone(), engine.clone(), placements.clone()));
                    }
                    emit(&app, &event);
                }
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the window fell behind; it reads everything again");
                    for event in [Event::AccountsChanged, Event::MailboxesChanged, Event::StatusChanged, Event::OutboxChanged] {
                        emit(&app, &event);
                    }
                }
                Err(RecvError::Closed) => return,
            },
            () = async { match due { Some(at) => tokio::time::sleep_until(at).await, None => std::future::pending().await } } => {
                title_due = None;
                if let Err(error) = show_unread(&app, &engine).await {
                    tracing::warn!(kind = ?error.kind, "the unread count can't be read");
                }
            }
        }
    }
}

fn emit(app: &AppHandle, event: &Event) {
    if let Err(error) = app.emit(ENGINE, event) {
        tracing::warn!(%error, "an event did not reach the window");
    }
}

async fn show_unread(app: &AppHandle, engine: &Engine) -> Result<()> {
    let mailboxes = engine.ask(Mailboxes {}).await?;
    let unread = mailboxes.iter().filter(|m| m.role == Some(Role::Inbox)).fold(0u32, |sum, m| sum.saturating_add(m.unread));
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.set_title(&title(unread))
    {
        tracing::warn!(%error, "the title can't be set");
    }
    Ok(())
}

fn title(unread: u32) -> String {
    if unread == 0 { "Godwit".to_owned() } else { format!("Godwit ({unread})") }
}

/// Notifies of new mail, unless the person looks at the window or wants no notifications.
async fn tell(app: AppHandle, engine: Engine, placements: Vec<PlacementId>) {
    let looking = app.get_webview_window(MAIN).is_some_and(|w| w.is_focused().unwrap_or(false));
    if looking || placements.is_empty() {
        return;
    }
    let count = placements.len();
    let read = async {
        if !engine.ask(GetSettings {}).await?.notify {
            return Ok(None);
        }
        Ok(note(count, &engine.ask(Rows { ids: placements }).await?))
    };
    let outcome: Result<Option<Note>> = read.await;
    match outcome {
        Ok(Some(note)) => notify::show(note, move || raise(&app)),
        Ok(None) => {}
        Err(error) => tracing::warn!(kind = ?error.kind, "new mail can't be told of"),
    }
}

/// What a notification says: sender and subject of one mail, or how many came and from whom.
fn note(count: usize, rows: &[Row]) -> Option<Note> {
    let sender = |row: &Row| {
        let from = row.from.first();
        let shown = from.map(|a| if a.name.is_empty() { a.address.clone() } else { a.name.clone() });
        shown.filter(|s| !s.is_empty()).unwrap_or_else(|| "Unknown sender".to_owned())
    };
    let first = rows.first()?;
    if count == 1 {
        let subject = if first.subject.is_empty() { "(no subject)" } else { &first.subject };
        return Some(Note::new(&sender(first), subject));
    }
    let mut senders: Vec<String> = Vec::new();
    for row in rows {
        let name = sender(row);
        if !senders.contains(&name) && senders.len() < 3 {
            senders.push(name);
        }
    }
    Some(Note::new(&format!("{count} new messages"), &senders.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::{AccountId, Address, MailboxId, MessageId, ThreadId};

    fn row(name: &str, subject: &str) -> Row {
        Row {
            id: PlacementId(1),
            message: MessageId(1),
            thread: ThreadId(1),
            account: AccountId(1),
            mailbox: MailboxId(1),
            uid: None,
            subject: subject.into(),
            from: vec![Address { name: name.into(), address: "a@b.example".into() }],
            to: vec![],
            date: 0,
            flags: vec![],
            labels: vec![],
            size: 0,
            attachments: false,
            preview: String::new(),
            count: 1,
            waiting: false,
        }
    }

    #[test]
    fn one_mail_is_told_by_sender_and_subject_and_several_by_their_senders() {
        assert_eq!(note(1, &[row("Marit", "Tide")]).unwrap(), Note::new("Marit", "Tide"));
        assert_eq!(note(1, &[row("", "")]).unwrap(), Note::new("a@b.example", "(no subject)"));
        let many = [row("Marit", "a"), row("Jonas", "b"), row("Marit", "c")];
        assert_eq!(note(3, &many).unwrap(), Note::new("3 new messages", "Marit, Jonas"));
        assert_eq!(note(2, &[]), None, "what is gone again is not told");
    }

    #[test]
    fn the_title_counts_what_is_unread() {
        assert_eq!((title(0).as_str(), title(12).as_str()), ("Godwit", "Godwit (12)"));
    }
}
