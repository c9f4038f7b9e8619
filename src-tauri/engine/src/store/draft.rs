//! Tables draft, draft_version and draft_attachment: mail being written, with its last versions and its files.

use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::{AccountId, Draft, DraftAttachment, DraftId, Error, ErrorKind, Result};
use rusqlite::Row;

/// Versions kept of one draft.
const KEEP_VERSIONS: u32 = 20;
/// The most drafts listed, files on one, and bytes of one file.
const MOST: u32 = 1_000;
const MOST_FILES: usize = 200;
const MOST_BYTES: usize = 256 << 20;
/// How long a draft rests after a change before it goes to the server, in seconds.
const REST_SECS: i64 = 8;
/// The longest text of one draft, all of it as JSON.
const MOST_CONTENT: usize = 16 << 20;

fn from_row(r: &Row<'_>) -> rusqlite::Result<(i64, i64, i64, String)> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
}

fn gone() -> Error {
    Error::gone("This draft is not there any more.")
}

impl Reader<'_> {
    fn filled(&self, (id, account, saved_at, content): (i64, i64, i64, String)) -> Result<Draft> {
        let mut draft: Draft = serde_json::from_str(&content).map_err(|_| {
            Error::new(ErrorKind::Corrupt, "This draft can't be read.").mend("An earlier version of it may still be there.")
        })?;
        draft.id = DraftId(id);
        draft.account = AccountId(account);
        draft.saved_at = saved_at;
        draft.attachments = self.profile.all(
            "SELECT id, name, media_type, size FROM draft_attachment WHERE draft_id = ?1 ORDER BY id",
            [id],
            |r| {
                Ok(DraftAttachment {
                    id: r.get::<_, i64>(0)?.to_string(),
                    name: r.get(1)?,
                    media_type: r.get(2)?,
                    size: number(r.get(3)?),
                })
            },
        )?;
        Ok(draft)
    }

    /// One draft.
    pub fn draft(&self, id: DraftId) -> Result<Draft> {
        let row = self.profile.one("SELECT id, account_id, saved_at, content FROM draft WHERE id = ?1", [id.0], from_row)?;
        self.filled(row.ok_or_else(gone)?)
    }

    /// Drafts, last saved first.
    pub fn drafts(&self) -> Result<Vec<Draft>> {
        let rows = self.profile.all(
            "SELECT id, account_id, saved_at, content FROM draft WHERE let_go_at IS NULL ORDER BY saved_at DESC, id DESC LIMIT ?1",
            [MOST],
            from_row,
        )?;
        rows.into_iter().map(|row| self.filled(row)).collect()
    }

    /// The version of a draft, counted from 1.
    pub fn draft_version(&self, id: DraftId) -> Result<u32> {
        self.profile.one("SELECT version FROM draft WHERE id = ?1", [id.0], |r| r.get(0))?.ok_or_else(gone)
    }

    /// The bytes of an attachment.
    pub fn draft_attachment(&self, draft: DraftId, id: &str) -> Result<Vec<u8>> {
        let found = match id.parse::<i64>() {
            Ok(id) => {
                self.profile
                    .one("SELECT bytes FROM draft_attachment WHERE draft_id = ?1 AND id = ?2", (draft.0, id), |r| r.get(0))?
            }
            Err(_) => None,
        };
        found.ok_or_else(|| Error::gone("This attachment is not there any more."))
    }
}

/// A draft's subject in a sentence.
pub(super) fn spoken(subject: &str) -> String {
    let subject: String = subject.chars().filter(|c| !c.is_control()).take(80).collect();
    if subject.trim().is_empty() { "A draft".to_owned() } else { format!("The draft \u{201c}{}\u{201d}", subject.trim()) }
}

/// What stands in the content column: all but what has columns and tables of its own.
fn content(draft: &Draft) -> Result<String> {
    let bare = Draft { id: DraftId(0), saved_at: 0, attachments: Vec::new(), ..draft.clone() };
    let text = serde_json::to_string(&bare).map_err(|_| Error::bug("A draft could not be written down."))?;
    if text.len() > MOST_CONTENT {
        return Err(Error::invalid("This draft is too long.").mend("Attach the text as a file instead."));
    }
    Ok(text)
}

impl Writer<'_> {
    /// Keeps a new draft; its id and attachments are given here.
    pub fn draft_put(&mut self, draft: &Draft) -> Result<Draft> {
        let text = content(draft)?;
        let now = self.now;
        let id = self
            .profile_tx()?
            .insert("INSERT INTO draft (account_id, content, saved_at) VALUES (?1, ?2, ?3)", (draft.account.0, text, now))?;
        self.draft(DraftId(id))
    }

    /// Saves a draft over itself; the version before is kept. Attachments are not touched.
    pub fn draft_update(&mut self, draft: &Draft) -> Result<Draft> {
        let (id, now, text) = (draft.id.0, self.now, content(draft)?);
        let profile = self.profile_tx()?;
        let came = profile
            .run("UPDATE draft SET let_go_at = NULL WHERE id = ?1 AND content != ?2 AND let_go_at IS NOT NULL", (id, &text))?;
        profile.run(
            "INSERT OR IGNORE INTO draft_version (draft_id, version, saved_at, content)
             SELECT id, version, saved_at, content FROM draft WHERE id = ?1 AND content != ?2",
            (id, &text),
        )?;
        let done = profile.run(
            "UPDATE draft SET account_id = ?2, version = version + (content != ?3), content = ?3, saved_at = ?4,
               due = CASE WHEN content != ?3 THEN ?5 ELSE due END WHERE id = ?1",
            (id, draft.account.0, &text, now, now + REST_SECS),
        )?;
        if done == 0 {
            return Err(gone());
        }
        profile.run(
            "DELETE FROM draft_version WHERE draft_id = ?1 AND version <= (SELECT version FROM draft WHERE id = ?1) - ?2",
            (id, KEEP_VERSIONS),
        )?;
        if came > 0 {
            self.draft_stands_alone(&draft.subject);
        }
        self.draft(draft.id)
    }

    /// A file came to it or went: another version, though its words are the same.
    pub fn draft_touched(&mut self, id: DraftId) -> Result<()> {
        let due = self.now + REST_SECS;
        self.profile_tx()?.run("UPDATE draft SET version = version + 1, due = ?2 WHERE id = ?1", (id.0, due)).map(drop)
    }

    /// Nobody writes on it now: what was changed has rested.
    pub fn draft_rests(&mut self, id: DraftId) -> Result<()> {
        let now = self.now;
        self.profile_tx()?.run("UPDATE draft SET due = ?2 WHERE id = ?1 AND due IS NOT NULL", (id.0, now)).map(drop)
    }

    /// Throws a draft away, with its versions and files, here and wherever it was put.
    pub fn draft_discard(&mut self, id: DraftId) -> Result<()> {
        if self.profile_tx()?.run("DELETE FROM draft WHERE id = ?1", [id.0])? == 0 {
            return Err(gone());
        }
        self.draft_copies_over(id)
    }

    /// Attaches bytes under a name that is already safe.
    pub fn draft_attach(&mut self, id: DraftId, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Draft> {
        let draft = self.draft(id)?;
        let total: usize = draft.attachments.iter().map(|a| usize::try_from(a.size).unwrap_or(0)).sum();
        if draft.attachments.len() >= MOST_FILES || total.saturating_add(bytes.len()) > MOST_BYTES {
            return Err(Error::invalid("This is more than one mail can carry.").mend("Send it in parts, or share it by a link."));
        }
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.profile_tx()?.insert(
            "INSERT INTO draft_attachment (draft_id, name, media_type, size, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
            (id.0, name, media_type, size, bytes),
        )?;
        self.draft(id)
    }

    /// Takes an attachment off.
    pub fn draft_detach(&mut self, id: DraftId, attachment: &str) -> Result<Draft> {
        if let Ok(attachment) = attachment.parse::<i64>() {
            self.profile_tx()?.run("DELETE FROM draft_attachment WHERE draft_id = ?1 AND id = ?2", (id.0, attachment))?;
        }
        self.draft(id)
    }
}
