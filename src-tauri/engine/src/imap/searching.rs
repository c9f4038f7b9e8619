//! UID SEARCH (RFC 9051 section 6.4.4). Whatever a person typed goes as a quoted string or a literal.

use super::changing::date;
use super::command::Command;
use super::connection::{Ask, Connection};
use super::items::Search;
use super::response::Response;
use godwit_domain::sync::UidSet;
use godwit_domain::{Error, Result};
use std::time::Duration;

/// A server without an index reads every message.
const PATIENCE: Duration = Duration::from_secs(180);
const MOST_DEPTH: usize = 20;

impl Connection {
    /// The UIDs in the open mailbox that match. Some servers cap or misread searches: never conclude from an absence.
    pub async fn search(&self, query: &Search) -> Result<UidSet> {
        let mut command = Command::new("search", "UID SEARCH");
        // Some servers refuse the charset, so it is only named where it is needed.
        if !is_ascii(query) {
            command = command.text(" CHARSET UTF-8");
        }
        let command = keys(command, query, 0)?;
        let ask = Ask { patience: PATIENCE, opening: Some(self.opening()), ..Ask::new(vec![command]) };
        let answers = self.run_ask(ask).await?.all_ok()?;
        let mut found = UidSet::new();
        for delivery in answers.responses {
            if let Response::Search(uids) = delivery.response {
                found = found.union(&uids);
            }
        }
        Ok(found)
    }
}

fn keys(command: Command, query: &Search, depth: usize) -> Result<Command> {
    if depth > MOST_DEPTH {
        return Err(Error::invalid("The search is nested too deep."));
    }
    let day = |seconds: i64| date(seconds).ok_or_else(|| Error::invalid("The search has a day that no calendar has."));
    Ok(match query {
        Search::All => command.text(" ALL"),
        Search::Deleted => command.text(" DELETED"),
        Search::Unseen => command.text(" UNSEEN"),
        Search::Flagged => command.text(" FLAGGED"),
        Search::MessageId(id) => command.text(" HEADER MESSAGE-ID").string(id)?,
        Search::Text(text) => command.text(" TEXT").string(text)?,
        Search::Body(text) => command.text(" BODY").string(text)?,
        Search::From(text) => command.text(" FROM").string(text)?,
        Search::To(text) => command.text(" TO").string(text)?,
        Search::Subject(text) => command.text(" SUBJECT").string(text)?,
        Search::Header(name, value) => command.text(" HEADER").string(name)?.string(value)?,
        Search::Since(seconds) => command.text(format!(" SINCE {}", day(*seconds)?)),
        Search::Before(seconds) => command.text(format!(" BEFORE {}", day(*seconds)?)),
        // An empty set can't be written, and matches nothing.
        Search::Uids(uids) if uids.is_empty() => command.text(" NOT ALL"),
        Search::Uids(uids) => command.text(" UID").set(uids),
        Search::And(parts) if parts.is_empty() => command.text(" ALL"),
        Search::And(parts) => {
            let joined = parts.iter().try_fold(command.text(" (ALL"), |c, part| keys(c, part, depth + 1))?;
            joined.text(")")
        }
        Search::Or(a, b) => keys(keys(command.text(" OR"), a, depth + 1)?, b, depth + 1)?,
        Search::Not(a) => keys(command.text(" NOT"), a, depth + 1)?,
    })
}

fn is_ascii(query: &Search) -> bool {
    match query {
        Search::MessageId(t) | Search::Text(t) | Search::Body(t) | Search::From(t) | Search::To(t) | Search::Subject(t) => {
            t.is_ascii()
        }
        Search::Header(name, value) => name.is_ascii() && value.is_ascii(),
        Search::And(parts) => parts.iter().all(is_ascii),
        Search::Or(a, b) => is_ascii(a) && is_ascii(b),
        Search::Not(a) => is_ascii(a),
        _ => true,
    }
}
