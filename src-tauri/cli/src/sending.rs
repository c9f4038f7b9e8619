//! `send` and `outbox`. `send` answers 0 only once the submission server has taken the mail.

use crate::args::OutboxCommand;
use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::names;
use crate::output::{Output, table};
use crate::reading;
use crate::shapes::OutboxRow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use godwit_domain::api::{Outbox, OutboxCancel, OutboxRetry, SendRaw};
use godwit_domain::{Error, ErrorKind, OutboxId, OutboxItem, OutboxState};
use serde_json::json;
use std::path::Path;

/// Sends a ready message.
pub async fn send(face: &mut Face, file: &Path, account: &str, out: Output) -> Outcome {
    let message = STANDARD.encode(reading::read(file)?);
    let account = names::account(face, account).await?.id;
    let item = face.ask(SendRaw { account, message }).await?;
    out.answer(&OutboxRow::from(&item), || in_words(&item))?;
    taken(&item)
}

/// Whether the server took it; otherwise why not.
fn taken(item: &OutboxItem) -> Outcome {
    let reason = |kind, words: &str, mend: &str| item.last_error.clone().unwrap_or_else(|| Error::new(kind, words).mend(mend));
    let error = match item.state {
        OutboxState::Filed => return Ok(()),
        OutboxState::Sent => {
            eprintln!("godwitctl: It was sent, but its copy is not in Sent yet. The next sync files it.");
            return Ok(());
        }
        OutboxState::Uncertain => {
            Error::new(ErrorKind::Uncertain, "The mail may have gone out: the line broke after its last byte.")
                .mend("Look into Sent, or ask the recipient, before you send it again.")
        }
        OutboxState::Refused => reason(ErrorKind::Refused, "The server refused the mail.", "See godwitctl outbox."),
        OutboxState::Cancelled => Error::new(ErrorKind::Cancelled, "The mail was taken back before it left."),
        OutboxState::Held | OutboxState::Queued | OutboxState::Sending => {
            reason(ErrorKind::Offline, "The mail has not left yet.", "It waits in the outbox; run godwitctl outbox retry.")
        }
    };
    Err(Failure::Failed(error))
}

/// The outbox.
pub async fn outbox(face: &mut Face, command: Option<OutboxCommand>, out: Output) -> Outcome {
    match command.unwrap_or(OutboxCommand::List) {
        OutboxCommand::List => {
            let items = face.ask(Outbox {}).await?;
            let rows: Vec<OutboxRow> = items.iter().map(OutboxRow::from).collect();
            out.answer(&rows, || {
                let row = |item: &OutboxItem| {
                    let error = item.last_error.as_ref().map(crate::failure::line).unwrap_or_default();
                    vec![item.id.to_string(), word(item.state).to_owned(), item.to.join(", "), item.subject.clone(), error]
                };
                table(&["ID", "STATE", "TO", "SUBJECT", "LAST ERROR"], &items.iter().map(row).collect::<Vec<_>>(), 60)
            })
        }
        OutboxCommand::Retry { id } => {
            let item = face.ask(OutboxRetry { id: OutboxId(id) }).await?;
            out.answer(&OutboxRow::from(&item), || in_words(&item))
        }
        OutboxCommand::Cancel { id } => {
            let draft = face.ask(OutboxCancel { id: OutboxId(id) }).await?;
            out.answer(&json!({ "id": id, "draft": draft }), || match draft {
                Some(_) => "Taken back; it is a draft again.".to_owned(),
                None => "Taken back.".to_owned(),
            })
        }
    }
}

fn in_words(item: &OutboxItem) -> String {
    format!("{}: {}", item.id, word(item.state))
}

const fn word(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Held => "held",
        OutboxState::Queued => "queued",
        OutboxState::Sending => "sending",
        OutboxState::Sent => "sent",
        OutboxState::Filed => "filed",
        OutboxState::Uncertain => "uncertain",
        OutboxState::Refused => "refused",
        OutboxState::Cancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::AccountId;

    #[test]
    fn only_a_mail_that_the_server_took_counts_as_sent() {
        let check = |state: OutboxState, ok: bool| {
            let item = OutboxItem {
                id: OutboxId(1),
                account: AccountId(1),
                state,
                subject: String::new(),
                to: vec![],
                attempts: 1,
                last_error: None,
                due: 0,
            };
            assert_eq!(taken(&item).is_ok(), ok, "{state:?}");
        };
        check(OutboxState::Filed, true);
        check(OutboxState::Sent, true);
        for state in
            [OutboxState::Uncertain, OutboxState::Refused, OutboxState::Queued, OutboxState::Held, OutboxState::Cancelled]
        {
            check(state, false);
        }
    }
}
