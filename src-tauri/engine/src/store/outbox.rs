//! Table outbox: mail on its way out, raw bytes and envelope, fixed once. The only true queue.
//! Keeps states; what follows a state is decided elsewhere.

use super::action::mark;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::flags::bit;
use godwit_domain::{
    AccountId, DraftId, Error, ErrorKind, Event, FlagEdit, Flags, OutboxId, OutboxItem, OutboxState, PlacementId, Result,
};
use rusqlite::Row;

/// What went out stays listed this long.
const KEEP_DONE_SECS: i64 = 7 * 86_400;
/// The most mails listed.
const MOST: u32 = 1_000;
/// The largest mail that is sent.
const MOST_RAW: usize = 256 << 20;

/// A mail to be put into the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The account it goes through.
    pub account: AccountId,
    /// Its first state.
    pub state: OutboxState,
    /// When it may go, seconds since 1970.
    pub due: i64,
    /// MAIL FROM.
    pub envelope_from: String,
    /// RCPT TO.
    pub recipients: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// The whole message.
    pub raw: Vec<u8>,
    /// Message-ID without angle brackets.
    pub message_id: String,
    /// The draft it came from.
    pub draft: Option<DraftId>,
    /// What it answers or hands on.
    pub answers: Option<PlacementId>,
    /// Whether `answers` is handed on.
    pub forwards: bool,
}

/// A mail in the outbox with all that sending needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    /// How the faces show it.
    pub item: OutboxItem,
    /// The mail.
    pub mail: OutboxRow,
}

const SELECT: &str =
    "SELECT id, account_id, state, due, envelope_from, recipients, subject, message_id, draft_id, answers, forwards,
  attempts, last_error, size FROM outbox";

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

/// A word that is not known could be anything: such a mail must not go out by itself.
fn state(word: &str) -> OutboxState {
    match word {
        "held" => OutboxState::Held,
        "queued" => OutboxState::Queued,
        "sending" => OutboxState::Sending,
        "sent" => OutboxState::Sent,
        "filed" => OutboxState::Filed,
        "refused" => OutboxState::Refused,
        "cancelled" => OutboxState::Cancelled,
        _ => OutboxState::Uncertain,
    }
}

fn from_row(r: &Row<'_>) -> rusqlite::Result<OutboxMail> {
    let state = state(r.get_ref(2)?.as_str()?);
    let recipients: Vec<String> = r.get_ref(5)?.as_str()?.split('\n').filter(|a| !a.is_empty()).map(str::to_owned).collect();
    let last_error = r.get::<_, Option<String>>(12)?.and_then(|text| serde_json::from_str::<Error>(&text).ok());
    let (account, due, subject): (i64, i64, String) = (r.get(1)?, r.get(3)?, r.get(6)?);
    Ok(OutboxMail {
        item: OutboxItem {
            id: OutboxId(r.get(0)?),
            account: AccountId(account),
            state,
            subject: subject.clone(),
            to: recipients.clone(),
            attempts: number(r.get(11)?),
            last_error,
            due,
        },
        mail: OutboxRow {
            account: AccountId(account),
            state,
            due,
            envelope_from: r.get(4)?,
            recipients,
            subject,
            raw: Vec::new(),
            message_id: r.get(7)?,
            draft: r.get::<_, Option<i64>>(8)?.map(DraftId),
            answers: r.get::<_, Option<i64>>(9)?.map(PlacementId),
            forwards: r.get(10)?,
        },
    })
}

impl Reader<'_> {
    /// What waits, and what went out lately, newest first.
    pub fn outbox(&self) -> Result<Vec<OutboxItem>> {
        let sql = format!(
            "{SELECT} WHERE state NOT IN ('filed', 'cancelled') OR changed_at > unixepoch() - ?1 ORDER BY id DESC LIMIT ?2"
        );
        Ok(self.profile.all(&sql, (KEEP_DONE_SECS, MOST), from_row)?.into_iter().map(|m| m.item).collect())
    }

    /// Mails that are on their way or will be: all but refused, filed and taken back ones, oldest first.
    pub fn outbox_open(&self) -> Result<Vec<OutboxItem>> {
        let sql = format!("{SELECT} WHERE state NOT IN ('refused', 'filed', 'cancelled') ORDER BY id");
        Ok(self.profile.all(&sql, [], from_row)?.into_iter().map(|m| m.item).collect())
    }

    /// One mail without its bytes.
    pub fn outbox_head(&self, id: OutboxId) -> Result<OutboxMail> {
        let mail = self.profile.one(&format!("{SELECT} WHERE id = ?1"), [id.0], from_row)?;
        mail.ok_or_else(|| Error::gone("This mail is not in the outbox any more."))
    }

    /// One mail with its raw bytes.
    pub fn outbox_item(&self, id: OutboxId) -> Result<OutboxMail> {
        let gone = || Error::gone("This mail is not in the outbox any more.");
        let mut mail = self.outbox_head(id)?;
        let packed = self
            .profile
            .one("SELECT size, zstd FROM outbox WHERE id = ?1", [id.0], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
        let (size, packed) = packed.ok_or_else(gone)?;
        let size = usize::try_from(size).unwrap_or(0).min(MOST_RAW);
        mail.mail.raw = zstd::bulk::decompress(&packed, size).map_err(|_| {
            Error::new(ErrorKind::Corrupt, "The text of this mail is damaged.").mend("Write it again; it was not sent.")
        })?;
        Ok(mail)
    }

    /// Mails that have not left yet.
    pub(super) fn unsent(&self) -> Result<u32> {
        let sql = "SELECT count(*) FROM outbox WHERE state IN ('held', 'queued', 'sending', 'uncertain', 'refused')";
        Ok(number(self.profile.one(sql, [], |r| r.get(0))?.unwrap_or(0)))
    }
}

impl Writer<'_> {
    /// Puts a mail into the outbox.
    pub fn outbox_put(&mut self, row: &OutboxRow) -> Result<OutboxId> {
        if row.raw.len() > MOST_RAW {
            return Err(Error::invalid("This mail is too large to be sent.").mend("Take attachments off."));
        }
        if row.recipients.iter().any(|a| a.chars().any(char::is_control)) {
            return Err(Error::invalid("A recipient's address has a control character.").mend("Write the address again."));
        }
        let packed = zstd::bulk::compress(&row.raw, 3).map_err(|_| Error::bug("A mail could not be packed."))?;
        let now = self.now;
        let id = self.profile_tx()?.insert(
            "INSERT INTO outbox (account_id, state, due, envelope_from, recipients, subject, message_id, draft_id, answers, forwards,
               changed_at, size, zstd)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            rusqlite::params![
                row.account.0,
                word(row.state),
                row.due,
                row.envelope_from,
                row.recipients.join("\n"),
                row.subject,
                row.message_id,
                row.draft.map(|d| d.0),
                row.answers.map(|p| p.0),
                row.forwards,
                now,
                i64::try_from(row.raw.len()).unwrap_or(i64::MAX),
                packed
            ],
        )?;
        self.tell(Event::OutboxChanged);
        Ok(OutboxId(id))
    }

    /// A mail's new state.
    pub fn outbox_set(
        &mut self,
        id: OutboxId,
        state: OutboxState,
        attempts: u32,
        last_error: Option<&Error>,
        due: i64,
    ) -> Result<()> {
        let error = match last_error {
            Some(error) => Some(serde_json::to_string(error).map_err(|_| Error::bug("An error could not be written down."))?),
            None => None,
        };
        let now = self.now;
        let done = self.profile_tx()?.run(
            "UPDATE outbox SET state = ?2, attempts = ?3, last_error = ?4, due = ?5, changed_at = ?6 WHERE id = ?1",
            (id.0, word(state), attempts, error, due, now),
        )?;
        if done == 0 {
            return Err(Error::gone("This mail is not in the outbox any more."));
        }
        self.tell(Event::OutboxChanged);
        Ok(())
    }

    /// The mail surely went out: what it answers or hands on is marked so, and the draft it was goes.
    /// No receipt: undoing something else must not take the mark off.
    pub fn outbox_went(&mut self, id: OutboxId) -> Result<()> {
        let mail = self.outbox_head(id)?.mail;
        let original = match mail.answers {
            Some(placement) => self.placement(placement.0)?.filter(|row| row.removed_at.is_none()),
            None => None,
        };
        if let Some(row) = original {
            let mut new = row.clone();
            let flag = if mail.forwards { bit::FORWARDED } else { bit::ANSWERED };
            mark(&mut new, &FlagEdit { add: Flags::of(flag), del: Flags::none() });
            self.change(&row, new)?;
        }
        match mail.draft.map(|draft| self.draft_discard(draft)) {
            Some(Err(error)) if error.kind != ErrorKind::Gone => Err(error),
            _ => Ok(()),
        }
    }
}
