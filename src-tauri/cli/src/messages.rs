//! `list` and `search`: rows of messages.

use crate::args::Page;
use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::names::Names;
use crate::output::{Output, table};
use crate::shapes::{FoundRows, ListRow, rfc3339};
use godwit_domain::api::{Search, ViewClose, ViewOpen, ViewWindow};
use godwit_domain::{Filter, Result, Row, Scope, ViewId, ViewSpec};

/// What one `view_window` hands out at most.
const WINDOW: u32 = 500;

/// A mailbox, newest first.
pub async fn list(face: &mut Face, mailbox: &str, page: Page, threaded: bool, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let mailbox = names.mailbox(mailbox)?;
    if !mailbox.selectable {
        return Err(Failure::usage(format!("{} can't hold messages.", mailbox.path), "Choose a mailbox below it."));
    }
    let spec = ViewSpec { scope: Scope::Mailbox { mailbox: mailbox.id }, filter: Filter::All, threaded, search: None };
    let view = face.ask(ViewOpen { spec }).await?.view;
    let rows = window(face, view, page).await;
    face.ask(ViewClose { view }).await?;
    let rows = rows?;
    let shapes: Vec<ListRow> = rows.iter().map(|row| ListRow::new(row, &names)).collect();
    out.answer(&shapes, || in_words(&rows))
}

async fn window(face: &mut Face, view: ViewId, page: Page) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut left = page.limit;
    let mut from = page.offset;
    while left > 0 {
        let count = left.min(WINDOW);
        let some = face.ask(ViewWindow { view, from, count }).await?;
        let short = some.len() < count as usize;
        rows.extend(some);
        if short {
            break;
        }
        (from, left) = (from.saturating_add(count), left - count);
    }
    Ok(rows)
}

/// A search.
pub async fn search(face: &mut Face, query: String, limit: u32, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let found = face.ask(Search { query, limit }).await?;
    out.answer(&FoundRows::new(&found, &names), || {
        let c = &found.coverage;
        let covered = format!(
            "{} found in {} messages ({} with their text; {} of {} mailboxes are wholly here).\n",
            found.total, c.messages, c.bodies, c.mailboxes_complete, c.mailboxes_total
        );
        if found.rows.is_empty() { covered } else { in_words(&found.rows) + &covered }
    })
}

fn in_words(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let has = |flag: &str| row.flags.iter().any(|f| f.eq_ignore_ascii_case(flag));
        let mark = |on: bool, mark: char| if on { mark } else { '-' };
        let marks: String =
            [mark(row.unread(), 'u'), mark(has("\\Flagged"), '*'), mark(has("\\Answered"), 'r'), mark(row.attachments, 'a')]
                .into_iter()
                .collect();
        let from = row.from.first().map_or("", |a| if a.name.is_empty() { &a.address } else { &a.name });
        let count = if row.count > 1 { format!(" ({})", row.count) } else { String::new() };
        let date: String = rfc3339(row.date).chars().take(16).collect();
        vec![row.id.to_string(), date.replace('T', " "), marks, from.to_owned(), format!("{}{count}", row.subject)]
    };
    table(&["ID", "DATE (UTC)", "", "FROM", "SUBJECT"], &rows.iter().map(row).collect::<Vec<_>>(), 72)
}
