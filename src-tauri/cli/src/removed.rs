//! `removed`, `restore` and `mailbox empty`: what is gone from the server and still here for a week.

use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::names::{Names, account};
use crate::output::{Output, table};
use crate::shapes::{RemovedRow, rfc3339};
use godwit_domain::api::{MailboxEmpty, RemovedMessages, Restore};
use godwit_domain::{PlacementId, Removed, Return};
use std::io::{BufRead, IsTerminal, Write};

/// What was removed, last removed first.
pub async fn list(face: &mut Face, name: &str, limit: u32, out: Output) -> Outcome {
    let account = account(face, name).await?;
    let removed = face.ask(RemovedMessages { account: account.id, limit }).await?;
    let shapes: Vec<RemovedRow> = removed.messages.iter().map(|one| RemovedRow::new(one, &account.email)).collect();
    out.answer(&shapes, || in_words(&removed.messages))
}

fn in_words(messages: &[Removed]) -> String {
    let row = |one: &Removed| {
        let state = match one.comes_back {
            Return::Possible => "",
            Return::Waiting => "comes back",
            Return::HeaderOnly => "header only",
        };
        let from = one.from.first().map_or("", |a| if a.name.is_empty() { &a.address } else { &a.name });
        let day = |at: i64| rfc3339(at).chars().take(10).collect::<String>();
        let (id, from, subject) = (one.id.to_string(), from.to_owned(), one.subject.clone());
        vec![id, day(one.removed_at), day(one.kept_until), state.to_owned(), one.mailbox.clone(), from, subject]
    };
    let rows: Vec<Vec<String>> = messages.iter().map(row).collect();
    table(&["ID", "REMOVED", "KEPT UNTIL", "", "FOLDER", "FROM", "SUBJECT"], &rows, 60)
}

/// Asks them back.
pub async fn restore(face: &mut Face, ids: Vec<PlacementId>, out: Output) -> Outcome {
    let performed = face.ask(Restore { ids }).await?;
    out.answer(&performed, || performed.said.clone())
}

/// Empties trash or junk, once the person has said so.
pub async fn empty(face: &mut Face, name: &str, yes: bool, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let mailbox = names.mailbox(name)?;
    if !yes && !said_yes(&mailbox.path, mailbox.messages)? {
        return Err(Failure::usage("Nothing was deleted.".to_owned(), "Say --yes to empty the mailbox without a question."));
    }
    let performed = face.ask(MailboxEmpty { mailbox: mailbox.id }).await?;
    out.answer(&performed, || performed.said.clone())
}

/// Asks at a terminal; elsewhere nobody can answer.
fn said_yes(path: &str, messages: u32) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let broken = |_| Failure::bug("The terminal could not be read.");
    let mut err = std::io::stderr();
    write!(err, "Delete all {messages} messages of {path} for good? [y/N] ").and_then(|()| err.flush()).map_err(broken)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(broken)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
