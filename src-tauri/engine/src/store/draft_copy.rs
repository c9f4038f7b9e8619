//! Table draft_copy: which messages in Drafts mailboxes are copies of drafts that are here, by names that outlive the cache.
//! Nothing is removed from a server but a copy that was put there or taken up, and only once it is over.

use super::attempt::AttemptId;
use super::draft;
use super::placement::Placement;
use super::reader::{Reader, number};
use super::writer::Writer;
use godwit_domain::sync::NewPlacement;
use godwit_domain::{AccountId, DraftId, Error, ErrorKind, MailboxId, PlacementId, Result, Role};

/// A draft whose last version is not on its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftToFile {
    /// Which.
    pub draft: DraftId,
    /// Its version.
    pub version: u32,
    /// The Message-ID it has in Drafts; `None`: it was never there.
    pub message_id: Option<String>,
}

/// A copy in a Drafts mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftCopy {
    id: i64,
    /// Of which draft; it may be gone.
    pub draft: DraftId,
    /// In whose mailbox.
    pub account: AccountId,
    /// Which mailbox.
    pub path: String,
    /// UIDVALIDITY of `uid`.
    pub uidvalidity: u32,
    /// Its UID.
    pub uid: u32,
    /// What its header is (rule W7).
    pub identity: [u8; 16],
    /// Put there from here; else it came from elsewhere and was taken up.
    own: bool,
    /// A later version is there, or the draft is no more.
    over: bool,
}

/// A version that was read where it landed.
#[derive(Clone, Debug)]
pub struct DraftFiled {
    /// The draft.
    pub draft: DraftId,
    /// Which version of it.
    pub version: u32,
    /// The attempt that this ends.
    pub attempt: AttemptId,
    /// Where.
    pub mailbox: MailboxId,
    /// UIDVALIDITY there.
    pub uidvalidity: u32,
    /// The message there.
    pub row: NewPlacement,
}

/// What the cache knows of a copy.
enum Known {
    Here(Box<Placement>),
    /// It was there, and is not any more.
    Gone,
    /// The mailbox has to be read first.
    Unread,
}

const SELECT: &str = "SELECT id, draft_id, account_id, mailbox_path, uidvalidity, uid, identity, own, over FROM draft_copy";

fn from_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<DraftCopy> {
    Ok(DraftCopy {
        id: r.get(0)?,
        draft: DraftId(r.get(1)?),
        account: AccountId(r.get(2)?),
        path: r.get(3)?,
        uidvalidity: number(r.get(4)?),
        uid: number(r.get(5)?),
        identity: r.get(6)?,
        own: r.get(7)?,
        over: r.get(8)?,
    })
}

/// What is on its way out is not put into Drafts again.
const LEAVING: &str = "SELECT 1 FROM outbox WHERE draft_id = draft.id AND state NOT IN ('refused', 'filed', 'cancelled')";

impl Reader<'_> {
    /// Drafts of an account with changes that its server does not have; with `rested` those that have rested until then.
    pub fn drafts_to_file(&self, account: AccountId, rested: Option<i64>) -> Result<Vec<DraftToFile>> {
        let sql = format!(
            "SELECT id, version, message_id FROM draft WHERE account_id = ?1 AND due <= ?2 AND let_go_at IS NULL
               AND NOT EXISTS ({LEAVING}) ORDER BY id"
        );
        self.profile.all(&sql, (account.0, rested.unwrap_or(i64::MAX)), |r| {
            Ok(DraftToFile { draft: DraftId(r.get(0)?), version: number(r.get(1)?), message_id: r.get(2)? })
        })
    }

    /// Until when each changed draft rests, and whose it is.
    pub fn drafts_due(&self) -> Result<Vec<(AccountId, i64)>> {
        let sql =
            format!("SELECT account_id, due FROM draft WHERE due IS NOT NULL AND let_go_at IS NULL AND NOT EXISTS ({LEAVING})");
        self.profile.all(&sql, [], |r| Ok((AccountId(r.get(0)?), r.get(1)?)))
    }

    /// Copies of a draft that are not over.
    pub fn draft_copies(&self, draft: DraftId) -> Result<Vec<DraftCopy>> {
        self.profile.all(&format!("{SELECT} WHERE draft_id = ?1 AND over = 0 ORDER BY id"), [draft.0], from_row)
    }

    /// The draft that a message is a copy of.
    pub fn draft_kept_at(&self, placement: PlacementId) -> Result<Option<DraftId>> {
        let Some(row) = self.placement(placement.0)? else { return Ok(None) };
        let state = self.mailbox_state(MailboxId(row.mailbox))?;
        let sql = format!("{SELECT} WHERE account_id = ?1 AND mailbox_path = ?2 AND uidvalidity = ?3 AND uid = ?4 AND over = 0");
        let copy = self.profile.one(&sql, (row.account, state.path, row.uidvalidity, row.uid), from_row)?;
        let live = "SELECT 1 FROM draft WHERE id = ?1 AND let_go_at IS NULL";
        match copy.filter(|copy| copy.identity == row.identity) {
            Some(copy) if self.profile.one(live, [copy.draft.0], |_| Ok(()))?.is_some() => Ok(Some(copy.draft)),
            _ => Ok(None),
        }
    }

    /// Whether any copy of an account needs to be looked after: it went, was numbered anew, or is over and its row is here.
    pub fn drafts_have_news(&self, account: AccountId) -> Result<bool> {
        for copy in self.copies_in(account)? {
            match self.known(&copy)? {
                Known::Here(row) if !copy.over && row.uid == Some(copy.uid) && row.uidvalidity == copy.uidvalidity => {}
                Known::Unread => {}
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    fn copies_in(&self, account: AccountId) -> Result<Vec<DraftCopy>> {
        self.profile.all(&format!("{SELECT} WHERE account_id = ?1 ORDER BY id"), [account.0], from_row)
    }

    fn known(&self, copy: &DraftCopy) -> Result<Known> {
        let Some(mailbox) = self.mailbox_by_path(copy.account, &copy.path)? else { return Ok(Known::Unread) };
        let state = self.mailbox_state(mailbox)?;
        if state.uidvalidity == Some(copy.uidvalidity) {
            return Ok(match self.placement_at(mailbox.0, copy.uidvalidity, copy.uid)? {
                Some(row) if row.identity == copy.identity => Known::Here(Box::new(row)),
                // The number is another message's: whatever became of ours, nothing is done to that one.
                Some(_) => Known::Gone,
                None if state.synced_down_to.is_some_and(|down| down <= copy.uid)
                    && state.uidnext.is_some_and(|next| copy.uid < next) =>
                {
                    Known::Gone
                }
                None => Known::Unread,
            });
        }
        let alike = self.cache.all(
            "SELECT p.id FROM placement p JOIN message m ON m.id = p.message_id
             WHERE p.mailbox_id = ?1 AND p.uid IS NOT NULL AND p.removed_at IS NULL AND m.identity = ?2 LIMIT 2",
            (mailbox.0, copy.identity),
            |r| r.get::<_, i64>(0),
        )?;
        match alike.as_slice() {
            [one] => Ok(self.placement(*one)?.map_or(Known::Unread, |row| Known::Here(Box::new(row)))),
            [] if state.uidvalidity.is_none() || state.synced_down_to != Some(1) => Ok(Known::Unread),
            // Of two that are alike nobody can say which is ours: neither is touched (rule W6).
            _ => Ok(Known::Gone),
        }
    }
}

impl Writer<'_> {
    /// The account's Drafts, to be made on the server where it has none.
    pub fn drafts_mailbox(&mut self, account: AccountId) -> Result<MailboxId> {
        self.mailbox_for(account, Role::Drafts).map(MailboxId)
    }

    /// The Message-ID that a draft has in Drafts from now on.
    pub fn draft_named(&mut self, draft: DraftId, message_id: &str) -> Result<()> {
        self.profile_tx()?.run("UPDATE draft SET message_id = ?2 WHERE id = ?1", (draft.0, message_id)).map(drop)
    }

    /// A version was read where it landed: it is the copy from now on, and those before it are wanted gone.
    pub fn draft_filed(&mut self, filed: &DraftFiled) -> Result<()> {
        self.attempt_end(filed.attempt)?;
        let state = self.mailbox_state(filed.mailbox)?;
        let before = self.draft_copies(filed.draft)?;
        let (draft, identity) = (filed.draft.0, filed.row.headers.identity);
        let profile = self.profile_tx()?;
        profile.insert(
            "INSERT INTO draft_copy (draft_id, account_id, mailbox_path, uidvalidity, uid, identity, own)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
            (draft, state.account.0, &state.path, filed.uidvalidity, filed.row.uid, identity),
        )?;
        profile.run("UPDATE draft SET due = NULL WHERE id = ?1 AND version = ?2", (draft, filed.version))?;
        let lives = profile.run("UPDATE draft SET refused = 0 WHERE id = ?1", [draft])? > 0;
        // In one step with the row before going: a list never shows both, and never none.
        if state.uidvalidity == Some(filed.uidvalidity) {
            self.insert_new(filed.mailbox, filed.uidvalidity, vec![filed.row.clone()])?;
        }
        for copy in before {
            self.retire(&copy)?;
        }
        // Sent or thrown away while it was under way.
        if lives { self.settle() } else { self.draft_copies_over(filed.draft) }
    }

    /// The server will not have it: it is kept here, said once, and tried again when it has changed.
    pub fn draft_refused(&mut self, draft: DraftId, error: &Error) -> Result<()> {
        let first = "UPDATE draft SET due = NULL, refused = refused + 1 WHERE id = ?1 RETURNING refused";
        if self.profile_tx()?.one(first, [draft.0], |r| r.get::<_, i64>(0))? == Some(1) {
            let what = format!("A draft could not be put into Drafts on the server: {}", error.what);
            self.tell_error(Error { what, ..error.clone() }.mend("It is kept on this machine."));
        }
        Ok(())
    }

    /// A message of a Drafts mailbox was taken up as this draft: the first version that is put there takes its place.
    pub fn draft_taken_up(&mut self, draft: DraftId, placement: PlacementId, saved_at: i64) -> Result<()> {
        let Some(row) = self.placement(placement.0)? else { return Ok(()) };
        let state = self.mailbox_state(MailboxId(row.mailbox))?;
        // What is only on its way there, or lies elsewhere, stays as it is beside what is written now.
        let Some(uid) = row.uid.filter(|_| state.role == Some(Role::Drafts) && row.want_mailbox.is_none()) else { return Ok(()) };
        let profile = self.profile_tx()?;
        profile.insert(
            "INSERT INTO draft_copy (draft_id, account_id, mailbox_path, uidvalidity, uid, identity, own)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
            (draft.0, row.account, state.path, row.uidvalidity, uid, row.identity),
        )?;
        profile.run("UPDATE draft SET saved_at = ?2 WHERE id = ?1", (draft.0, saved_at)).map(drop)
    }

    /// The draft is no more: its copies are wanted gone, those that the cache does not know as soon as it does.
    pub(super) fn draft_copies_over(&mut self, draft: DraftId) -> Result<()> {
        for copy in self.draft_copies(draft)? {
            self.retire(&copy)?;
        }
        self.settle()
    }

    /// Compares what is known of an account's copies with what became of them.
    pub fn drafts_looked_after(&mut self, account: AccountId) -> Result<()> {
        for copy in self.copies_in(account)? {
            match self.known(&copy)? {
                _ if copy.over => self.retire(&copy)?,
                Known::Here(row) => {
                    let sql =
                        "UPDATE draft_copy SET uidvalidity = ?2, uid = ?3 WHERE id = ?1 AND (uidvalidity != ?2 OR uid != ?3)";
                    self.profile_tx()?.run(sql, (copy.id, row.uidvalidity, row.uid))?;
                }
                Known::Gone => self.draft_copy_gone(&copy)?,
                Known::Unread => {}
            }
        }
        self.settle()
    }

    /// A copy that was not over is not there any more: another device sent it, threw it away or put another in its place.
    pub fn draft_copy_gone(&mut self, copy: &DraftCopy) -> Result<()> {
        self.profile_tx()?.run("DELETE FROM draft_copy WHERE id = ?1", [copy.id])?;
        if !self.draft_copies(copy.draft)?.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT due IS NOT NULL, EXISTS ({LEAVING}) FROM draft WHERE id = ?1 AND let_go_at IS NULL");
        let found = self.profile.one(&sql, [copy.draft.0], |r| Ok((r.get::<_, bool>(0)?, r.get::<_, bool>(1)?)))?;
        let (now, id) = (self.now, copy.draft.0);
        match found {
            None => Ok(()),
            Some((false, false)) => self.profile_tx()?.run("UPDATE draft SET let_go_at = ?2 WHERE id = ?1", (id, now)).map(drop),
            // Whoever looks for the old name must not find this one.
            Some((changed, _)) => {
                self.profile_tx()?.run("UPDATE draft SET message_id = NULL, due = coalesce(due, ?2) WHERE id = ?1", (id, now))?;
                if changed {
                    let subject = self.draft(copy.draft)?.subject;
                    self.draft_stands_alone(&subject);
                }
                Ok(())
            }
        }
    }

    /// Said where what is written here and what another device did can't both be the same draft.
    pub(super) fn draft_stands_alone(&mut self, subject: &str) {
        let name = draft::spoken(subject);
        let what = format!(
            "{name} was changed or removed on another device. What you write here is kept beside it, as a draft of its own."
        );
        self.tell_error(Error::new(ErrorKind::Gone, what).mend("Look into Drafts, and discard the one you don't need."));
    }

    /// Wants a copy gone, where its row is known; the want is in the intent from then on. What a person moved elsewhere
    /// stays there.
    fn retire(&mut self, copy: &DraftCopy) -> Result<()> {
        match self.known(copy)? {
            Known::Unread => {
                return self.profile_tx()?.run("UPDATE draft_copy SET over = 1 WHERE id = ?1", [copy.id]).map(drop);
            }
            Known::Here(row) if row.want_mailbox.is_none() && !row.want_gone => {
                if copy.own {
                    // A version of what is written here is nothing to be listed among the removed.
                    self.cache.run("UPDATE placement SET departed = 1 WHERE id = ?1", [row.id])?;
                }
                self.change(&row, Placement { want_gone: true, ..(*row).clone() })?;
            }
            Known::Here(_) | Known::Gone => {}
        }
        self.profile_tx()?.run("DELETE FROM draft_copy WHERE id = ?1", [copy.id]).map(drop)
    }
}
