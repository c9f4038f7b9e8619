//! Calls that change messages of the open mailbox, and APPEND. An error of COPY, MOVE or APPEND that is not a refusal leaves
//! open whether it happened: whoever calls looks first and repeats only on a proven absence (rule W1 of docs/model.md).

use super::code::Code;
use super::command::{Command, Poured};
use super::connection::{Answers, Ask, Connection};
use super::fetching::SET_CHARS;
use super::items::{CopyUid, StoreChange};
use super::response::{Response, Status};
use godwit_domain::sync::{FetchedFlags, UidSet};
use godwit_domain::{Error, ErrorKind, Flags, Result};
use time::OffsetDateTime;
use tokio::sync::mpsc;

impl Connection {
    /// Sets or clears flags, or labels where there are only such; answers the flags that the server has now, where it tells them
    /// (rule W3). Of labels it tells nothing.
    pub async fn store_flags(&self, uids: &UidSet, change: StoreChange, flags: &Flags) -> Result<Vec<FetchedFlags>> {
        let opening = self.opening();
        let sign = match change {
            StoreChange::Add => "+",
            StoreChange::Remove => "-",
        };
        let labels_only = flags.without_labels().is_empty() && !flags.is_empty();
        let mut out = Vec::new();
        for part in uids.chunks(SET_CHARS) {
            let command = Command::new("change flags", "UID STORE").set(&part).text(" ").text(sign);
            let command = match labels_only {
                true => command.text("X-GM-LABELS.SILENT").labels(&flags.labels)?,
                false => command.text("FLAGS").flags(flags)?,
            };
            let ask = Ask { wants_fetch: true, opening: Some(opening), ..Ask::new(vec![command]) };
            let mut pending = self.ask(ask).await?;
            while let Some(delivery) = pending.next().await {
                let Response::Fetch(fetched) = delivery.response else { continue };
                match (fetched.uid, &fetched.flags) {
                    (Some(uid), Some(flags)) if part.contains(uid) => {
                        let (flags, labels) = (flags.clone(), fetched.gm_labels.clone());
                        out.push(FetchedFlags { uid, flags, labels, modseq: fetched.modseq });
                    }
                    _ => self.shared.push_fetched(&fetched),
                }
            }
            pending.all_ok().await?;
        }
        Ok(out)
    }

    /// Copies messages. `None`: the server does not tell the new UIDs.
    pub async fn copy(&self, uids: &UidSet, to: &str) -> Result<Option<CopyUid>> {
        self.copy_by("copy messages", "UID COPY", uids, to).await
    }

    /// Moves messages (RFC 6851). `None`: the server does not tell the new UIDs.
    pub async fn move_messages(&self, uids: &UidSet, to: &str) -> Result<Option<CopyUid>> {
        if !self.capabilities().move_ {
            return Err(Error::new(ErrorKind::Unsupported, "The server has no MOVE."));
        }
        self.copy_by("move messages", "UID MOVE", uids, to).await
    }

    async fn copy_by(&self, doing: &'static str, verb: &str, uids: &UidSet, to: &str) -> Result<Option<CopyUid>> {
        let opening = self.opening();
        let mut all: Option<CopyUid> = None;
        for (n, part) in uids.chunks(SET_CHARS).iter().enumerate() {
            let command = Command::new(doing, verb).set(part).mailbox(to)?;
            let outcome = self.run_in(opening, vec![command]).await.and_then(Answers::all_ok);
            match outcome {
                Ok(answers) => join_copies(&mut all, copied(&answers), n == 0),
                Err(e) if n == 0 => return Err(e),
                Err(e) => {
                    let error =
                        Error::new(ErrorKind::Uncertain, format!("Only some messages were done: {}", e.what)).mend(e.mend);
                    return Err(Error { server_words: e.server_words, ..error });
                }
            }
        }
        Ok(all)
    }

    /// Removes exactly these messages for good. Needs UIDPLUS; without it nothing is removed.
    pub async fn uid_expunge(&self, uids: &UidSet) -> Result<()> {
        if !self.capabilities().uidplus {
            return Err(Error::new(ErrorKind::Unsupported, "The server can't remove single messages."));
        }
        let opening = self.opening();
        for part in uids.chunks(SET_CHARS) {
            self.run_in(opening, vec![Command::new("remove messages", "UID EXPUNGE").set(&part)]).await?.all_ok()?;
        }
        Ok(())
    }

    /// Removes everything that is marked `\Deleted`, whoever marked it.
    pub async fn expunge(&self) -> Result<()> {
        self.run_in(self.opening(), vec![Command::new("remove messages", "EXPUNGE")]).await?.all_ok().map(drop)
    }

    /// Puts a message into a mailbox; `internal_date` in seconds since 1970 UTC. Answers UIDVALIDITY and UID where the server tells.
    pub async fn append(
        &self,
        wire_name: &str,
        flags: &Flags,
        internal_date: Option<i64>,
        message: Vec<u8>,
    ) -> Result<Option<(u32, u32)>> {
        let command = append_command(wire_name, flags, internal_date)?.literal(message);
        self.append_by(command).await
    }

    /// The same for a message of `size` bytes that comes in parts. Parts that end early cost the connection.
    pub async fn append_parts(
        &self,
        wire_name: &str,
        flags: &Flags,
        internal_date: Option<i64>,
        size: u64,
        parts: mpsc::Receiver<Vec<u8>>,
    ) -> Result<Option<(u32, u32)>> {
        let command = append_command(wire_name, flags, internal_date)?.poured(Poured { size, parts });
        self.append_by(command).await
    }

    async fn append_by(&self, command: Command) -> Result<Option<(u32, u32)>> {
        let answers = self.run(vec![command]).await?.all_ok()?;
        Ok(answers.statuses.iter().find_map(|status| match status.code {
            Some(Code::AppendUid(uidvalidity, uid)) => Some((uidvalidity, uid)),
            _ => None,
        }))
    }
}

fn append_command(wire_name: &str, flags: &Flags, internal_date: Option<i64>) -> Result<Command> {
    let mut command = Command::new("store the message", "APPEND").mailbox(wire_name)?;
    if !flags.is_empty() {
        command = command.flags(flags)?;
    }
    if let Some(date) = internal_date.and_then(date_time) {
        command = command.text(format!(" \"{date}\""));
    }
    Ok(command)
}

/// COPYUID stands in the tagged OK of COPY and in an untagged OK of MOVE (RFC 6851 section 4.3).
fn copied(answers: &Answers) -> Option<CopyUid> {
    let in_status = |status: &Status| match &status.code {
        Some(Code::CopyUid(copied)) => Some(copied.clone()),
        _ => None,
    };
    let untagged = answers.responses.iter().find_map(|d| match &d.response {
        Response::Status(status) => in_status(status),
        _ => None,
    });
    untagged.or_else(|| answers.statuses.iter().find_map(in_status))
}

/// One part without COPYUID, or another UIDVALIDITY, and the whole tells nothing.
fn join_copies(all: &mut Option<CopyUid>, part: Option<CopyUid>, first: bool) {
    *all = match (all.take(), part) {
        (None, part) if first => part,
        (Some(mut all), Some(part)) if all.uidvalidity == part.uidvalidity => {
            all.source.extend(part.source);
            all.target.extend(part.target);
            Some(all)
        }
        _ => None,
    };
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `17-Jul-1996` (RFC 9051 `date`). `None` beyond the years that IMAP can write.
pub(super) fn date(seconds: i64) -> Option<String> {
    let t = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|t| (1..=9999).contains(&t.year()))?;
    let month = MONTHS.get(usize::from(u8::from(t.month())).checked_sub(1)?)?;
    Some(format!("{:02}-{month}-{:04}", t.day(), t.year()))
}

fn date_time(seconds: i64) -> Option<String> {
    let t = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    Some(format!("{} {:02}:{:02}:{:02} +0000", date(seconds)?, t.hour(), t.minute(), t.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_imap_has_them() {
        assert_eq!(date_time(837_596_665).as_deref(), Some("17-Jul-1996 09:44:25 +0000"));
        assert_eq!(date(0).as_deref(), Some("01-Jan-1970"));
        assert_eq!(date(i64::MAX), None);
    }

    #[test]
    fn copies_in_parts_are_one_only_if_all_are_told() {
        let part = |uidvalidity, from, to| Some(CopyUid { uidvalidity, source: vec![from], target: vec![to] });
        let mut all = None;
        join_copies(&mut all, part(9, 1, 5), true);
        join_copies(&mut all, part(9, 2, 6), false);
        assert_eq!(all, Some(CopyUid { uidvalidity: 9, source: vec![1, 2], target: vec![5, 6] }));
        join_copies(&mut all, None, false);
        join_copies(&mut all, part(9, 3, 7), false);
        assert_eq!(all, None);
    }
}
