//! Drafts on their way into the account's Drafts mailbox: APPEND (rule W1), read where it landed, and only then the version
//! before is wanted gone. What another device put there is never touched.

use super::AccountSync;
use super::push::PushOutcome;
use crate::planted::Planted;
use crate::store::{Attempt, AttemptId, DraftCopy, DraftFiled, DraftToFile, Lane, MailboxState};
use godwit_domain::flags::bit;
use godwit_domain::sync::{NewPlacement, Sent, UidSet, sent};
use godwit_domain::{Draft, DraftId, Error, ErrorKind, Flags, Identity, MailboxId, Result, Role, compose, mime, sending};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;

/// Which drafts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Those that nobody has changed for some seconds.
    Rested,
    /// All that were changed.
    All,
}

/// What became of an APPEND whose end nobody saw.
enum Settled {
    Filed,
    Absent,
    /// One that could not be read may be the very one: it is looked for again.
    Unread,
}

/// A version as it goes to the server.
struct Version {
    draft: DraftId,
    version: u32,
    message_id: String,
    raw: Vec<u8>,
}

impl AccountSync {
    /// Looks after drafts that are under way, then files what was written since. Answers whether something is wanted gone now.
    pub async fn push_drafts(&self, rest: Rest, out: &mut PushOutcome) -> Result<bool> {
        let (mut wants, open) = Box::pin(self.settle_drafts(out)).await?;
        let account = self.account;
        let until = (rest == Rest::Rested).then(crate::clock::now);
        let (to_file, news) =
            self.store.read(move |r| Ok((r.drafts_to_file(account, until)?, r.drafts_have_news(account)?))).await?;
        if news {
            self.store.write(Lane::Sync, move |w| w.drafts_looked_after(account)).await?;
            wants = true;
        }
        for draft in to_file.into_iter().filter(|d| !open.contains(&d.draft)) {
            wants |= Box::pin(self.file_draft(draft, out)).await?;
        }
        Ok(wants)
    }

    async fn file_draft(&self, to_file: DraftToFile, out: &mut PushOutcome) -> Result<bool> {
        let draft = to_file.draft;
        let filed = match self.drafts_mailbox().await {
            Ok(Some(to)) => Box::pin(self.file_into(&to, to_file, out)).await,
            // The folder can't be made now; the next pass asks again.
            Ok(None) => return Ok(false),
            Err(error) => Err(error),
        };
        match filed {
            Err(error) if sent(&error) == Sent::Refused => {
                self.store.write(Lane::Sync, move |w| w.draft_refused(draft, &error)).await?;
                Ok(false)
            }
            // It waits, and where an attempt stands it is looked for before it goes again.
            Err(error) if sent(&error) == Sent::NotNow => Ok(false),
            filed => filed,
        }
    }

    /// The account's Drafts on the server, made where there is none.
    async fn drafts_mailbox(&self) -> Result<Option<MailboxState>> {
        let account = self.account;
        let (known, states) =
            self.store.read(move |r| Ok((r.mailbox_by_role(account, Role::Drafts)?, r.mailbox_states(account)?))).await?;
        // A cache that is new knows no folder yet, and no attempt could be told by its folder either.
        if states.is_empty() {
            return Ok(None);
        }
        let id = match known {
            Some(id) => id,
            None => self.store.write(Lane::Sync, move |w| w.drafts_mailbox(account)).await?,
        };
        if known.is_none() || !self.state_of(id).await?.on_server {
            self.make_mailboxes().await?;
        }
        // Where folders are labels a copy would be known by a UID that no row here has: such drafts stay on this machine.
        Ok(Some(self.state_of(id).await?).filter(|state| state.on_server && state.home.is_none()))
    }

    async fn state_of(&self, id: MailboxId) -> Result<MailboxState> {
        self.store.read(move |r| r.mailbox_state(id)).await
    }

    async fn file_into(&self, to: &MailboxState, to_file: DraftToFile, out: &mut PushOutcome) -> Result<bool> {
        let selected = self.conn.select(&to.wire_name, None).await?;
        let draft = to_file.draft;
        let copies = self.store.read(move |r| r.draft_copies(draft)).await?;
        let here = |copy: &&DraftCopy| {
            copy.account == self.account && copy.path == to.path && Some(copy.uidvalidity) == selected.uidvalidity
        };
        let mut stands_alone = false;
        for copy in copies.iter().filter(here) {
            if !self.is_still_there(copy).await? {
                let copy = copy.clone();
                self.store.write(Lane::Sync, move |w| w.draft_copy_gone(&copy)).await?;
                stands_alone = true;
            }
        }
        let to_file = DraftToFile { message_id: to_file.message_id.filter(|_| !stands_alone), ..to_file };
        let version = self.version(to_file).await?;
        if Planted::DraftReplacedUnconfirmed.is_on() {
            let uids: UidSet = copies.iter().filter(here).map(|copy| copy.uid).collect();
            self.delete_here(&uids).await?;
        }
        let (account, target, wire_name) = (self.account, to.id, to.wire_name.clone());
        let attempt = Attempt {
            account,
            kind: crate::store::AttemptKind::Append,
            target,
            wire_name,
            uidvalidity: selected.uidvalidity,
            uidnext: selected.uidnext,
            identity: Some(mime::identity(&version.raw)),
            message_id: Some(version.message_id.clone()),
            size: u32::try_from(version.raw.len()).unwrap_or(u32::MAX),
            placement: None,
            copy: None,
            outbox: None,
            draft: Some((version.draft, version.version)),
        };
        let trace = attempt.clone();
        let id = self.store.write(Lane::Sync, move |w| w.attempt_begin(&trace)).await?;
        let flags = Flags::of(bit::SEEN | bit::DRAFT);
        let told = match self.conn.append(&to.wire_name, &flags, None, version.raw).await {
            Ok(told) => told,
            Err(error) => {
                if sent(&error) == Sent::Refused {
                    self.end(vec![id]).await?;
                }
                return Err(error);
            }
        };
        let there = self.arrivals(to, selected.uidnext, std::iter::once(told)).await?;
        let told = told.filter(|(validity, _)| Some(*validity) == there.uidvalidity).map(|(_, uid)| uid);
        let row = match told {
            Some(uid) => there.rows.into_iter().find(|row| row.uid == uid),
            None => self.landed_among(there.rows, &attempt).await?,
        };
        let (Some(row), Some(uidvalidity)) = (row, there.uidvalidity) else {
            self.end(vec![id]).await?;
            return Err(Error::new(ErrorKind::Refused, "The server took it and does not have it."));
        };
        self.filed(id, &attempt, uidvalidity, row, out).await?;
        Ok(true)
    }

    async fn filed(
        &self,
        id: AttemptId,
        attempt: &Attempt,
        uidvalidity: u32,
        row: NewPlacement,
        out: &mut PushOutcome,
    ) -> Result<()> {
        let Some((draft, version)) = attempt.draft else { return Ok(()) };
        let filed = DraftFiled { draft, version, attempt: id, mailbox: attempt.target, uidvalidity, row };
        let before = self.store.read(move |r| r.draft_copies(draft)).await?;
        // A draft that changed its account leaves its copy in the other one, which has to be told.
        out.left_behind.extend(before.iter().map(|copy| copy.account).filter(|account| *account != self.account));
        self.store.write(Lane::Sync, move |w| w.draft_filed(&filed)).await?;
        *out.pushed.entry(attempt.target).or_default() += 1;
        out.touched.insert(attempt.target);
        Ok(())
    }

    /// Rule W7: whether the UID still holds what we know of it.
    async fn is_still_there(&self, copy: &DraftCopy) -> Result<bool> {
        let uids = UidSet::range(copy.uid, copy.uid);
        let held = super::headers::parse(self.conn.fetch_identities(&uids).await?).await?;
        Ok(held.iter().any(|row| row.uid == copy.uid && row.headers.identity == copy.identity))
    }

    /// Builds what goes to the server. The Message-ID is on the disk before anything leaves under it.
    async fn version(&self, to_file: DraftToFile) -> Result<Version> {
        let id = to_file.draft;
        let (draft, version, account, files) = self
            .store
            .read(move |r| {
                let draft: Draft = r.draft(id)?;
                let account = r.account(draft.account)?;
                let files = draft.attachments.iter().map(|a| Ok((a.clone(), r.draft_attachment(id, &a.id)?)));
                let files = files.collect::<Result<Vec<_>>>()?;
                Ok((draft, r.draft_version(id)?, account, files))
            })
            .await?;
        let message_id = match to_file.message_id {
            Some(known) => known,
            None => {
                let new = sending::message_id(&crate::os::random_name()?, &account.email);
                let name = new.clone();
                self.store.write(Lane::Sync, move |w| w.draft_named(id, &name)).await?;
                new
            }
        };
        let identity = Identity { account: account.id, name: account.name, email: account.email, signature: account.signature };
        let (name, mark, now) = (message_id.clone(), format!("{id}; {version}"), crate::clock::now());
        let build = move || compose::build_kept(&draft, &identity, &name, now, &mark, files);
        let raw = tokio::task::spawn_blocking(build).await.map_err(|_| Error::bug("Building a draft stopped short."))?;
        Ok(Version { draft: id, version, message_id, raw })
    }

    /// The message that is the one that was appended, to the last byte: its name alone is also that of what another client
    /// made of it.
    async fn landed_among(&self, rows: Vec<NewPlacement>, attempt: &Attempt) -> Result<Option<NewPlacement>> {
        let after = attempt.uidnext.unwrap_or(1);
        let named = |row: &NewPlacement| row.uid >= after && row.headers.message_id == attempt.message_id;
        for row in rows.into_iter().filter(named) {
            if attempt.identity == Some(mime::identity(&self.bytes(row.uid, attempt.size).await?)) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// All bytes of a message; nothing of one that is longer than `most`.
    async fn bytes(&self, uid: u32, most: u32) -> Result<Vec<u8>> {
        let (sink, mut parts) = mpsc::channel::<Vec<u8>>(4);
        let gather = async {
            let (mut raw, mut fits) = (Vec::new(), true);
            while let Some(part) = parts.recv().await {
                fits &= raw.len() + part.len() <= most as usize;
                if fits {
                    raw.extend_from_slice(&part);
                }
            }
            if fits { raw } else { Vec::new() }
        };
        let (fetched, raw) = tokio::join!(self.conn.fetch_body(uid, sink), gather);
        fetched.map(|_| raw)
    }

    /// Looks where each APPEND without an outcome should have landed. Found: it is filed. Not there: it goes again.
    /// Answers whether something is wanted gone now, and the drafts of which nobody can say yet.
    async fn settle_drafts(&self, out: &mut PushOutcome) -> Result<(bool, BTreeSet<DraftId>)> {
        let account = self.account;
        let attempts = self.store.read(move |r| r.attempts(account)).await?;
        let mut by_target: BTreeMap<MailboxId, Vec<(AttemptId, Attempt)>> = BTreeMap::new();
        for (id, attempt) in attempts.into_iter().filter(|(_, a)| a.draft.is_some()) {
            by_target.entry(attempt.target).or_default().push((id, attempt));
        }
        let (mut wants, mut open) = (false, BTreeSet::new());
        for (target, attempts) in by_target {
            let state = self.state_of(target).await?;
            if Planted::AppendRetriedBlindly.is_on() {
                self.end(attempts.iter().map(|(id, _)| *id).collect()).await?;
                continue;
            }
            for (id, attempt) in attempts {
                match Box::pin(self.settle_draft(&state, id, &attempt, out)).await {
                    // The folder can't be looked into: nothing of ours is there that could be doubled.
                    Err(error) if sent(&error) == Sent::Refused => self.end(vec![id]).await?,
                    Err(error) if sent(&error) == Sent::NotNow => open.extend(attempt.draft.map(|d| d.0)),
                    done => match done? {
                        Settled::Filed => wants = true,
                        Settled::Absent => {}
                        Settled::Unread => open.extend(attempt.draft.map(|d| d.0)),
                    },
                }
            }
        }
        Ok((wants, open))
    }

    async fn settle_draft(&self, to: &MailboxState, id: AttemptId, attempt: &Attempt, out: &mut PushOutcome) -> Result<Settled> {
        // Numbered anew it may stand anywhere.
        let mut attempt = attempt.clone();
        let selected = self.conn.select(&to.wire_name, None).await?;
        if attempt.uidvalidity.is_none() || attempt.uidvalidity != selected.uidvalidity {
            attempt.uidnext = None;
        }
        let there = self.arrivals(to, attempt.uidnext, std::iter::once(None)).await?;
        match (self.landed_among(there.rows, &attempt).await?, there.uidvalidity) {
            (Some(row), Some(uidvalidity)) => {
                self.filed(id, &attempt, uidvalidity, row, out).await?;
                Ok(Settled::Filed)
            }
            _ if there.read_all => self.end(vec![id]).await.map(|()| Settled::Absent),
            _ => Ok(Settled::Unread),
        }
    }
}
