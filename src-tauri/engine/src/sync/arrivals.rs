//! What stands in a mailbox from some UID on: the look that says whether a command which creates was done (rule W1).

use super::AccountSync;
use crate::store::{Attempt, MailboxState};
use godwit_domain::Result;
use godwit_domain::sync::{NewPlacement, Sent, UidSet, sent};

/// What stands in a target from some UID on.
pub(super) struct Arrivals {
    pub uidvalidity: Option<u32>,
    pub rows: Vec<NewPlacement>,
    /// Only then an absence proves anything.
    pub read_all: bool,
    uids: UidSet,
    uidnext: Option<u32>,
}

impl Arrivals {
    /// Whether all that came since `after` still stands there.
    fn whole_since(&self, after: u32) -> bool {
        self.uidnext.is_some_and(|next| {
            let came = u64::from(next.saturating_sub(after));
            // What comes while it is read fills no gap.
            came == 0 || self.uids.intersect(&UidSet::range(after, next - 1)).len() >= came
        })
    }
}

/// What the absence of a message says of the command that should have made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// It was not done, and may be done again.
    Proven,
    /// It was done, or nobody can say.
    Doubtful,
    /// That shows once every folder was looked into.
    NotYet,
}

impl AccountSync {
    /// Opens the target and reads what is new there: by UIDs told, else from where it ended before.
    pub(super) async fn arrivals(
        &self,
        to: &MailboxState,
        from: Option<u32>,
        told: impl Iterator<Item = Option<(u32, u32)>>,
    ) -> Result<Arrivals> {
        let mut selected = self.conn.select(&to.wire_name, None).await?;
        if selected.uidvalidity != to.uidvalidity && to.uidvalidity.is_some() {
            // What contradicts all that was said before is asked twice: where it stays so nothing can be compared any more.
            selected = self.conn.select(&to.wire_name, None).await?;
        }
        let told: Option<UidSet> =
            told.map(|t| t.filter(|(validity, _)| Some(*validity) == selected.uidvalidity).map(|(_, uid)| uid)).collect();
        let uids = match told {
            Some(uids) => uids,
            None => self.listed_from(from.unwrap_or(1), selected.uidnext).await?,
        };
        let mut rows = super::headers::parse(self.conn.fetch_identities(&uids).await?).await?;
        // A row that could not be read may be the very one: it is asked for once more.
        let missing = uids.minus(&rows.iter().map(|row| row.uid).collect());
        if !missing.is_empty() {
            match self.conn.fetch_identities(&missing).await {
                Ok(more) => rows.extend(super::headers::parse(more).await?),
                Err(error) if sent(&error) != Sent::Open && self.conn.is_alive() => {
                    tracing::info!(kind = ?error.kind, "what came can't all be read");
                }
                Err(error) => return Err(error),
            }
        }
        let read_all = u64::try_from(rows.len()).unwrap_or(0) == uids.len();
        Ok(Arrivals { uidvalidity: selected.uidvalidity, rows, read_all, uids, uidnext: selected.uidnext })
    }

    /// What it says that a command's message is not among these. Something that came meanwhile and went again may have been it, moved
    /// on by another device: then it stands elsewhere.
    /// Answers one absence per attempt.
    pub(super) async fn absences(&self, there: &Arrivals, attempts: &[Attempt]) -> Result<Vec<Absence>> {
        if !there.read_all {
            return Ok(vec![Absence::Doubtful; attempts.len()]);
        }
        let whole = |attempt: &Attempt| attempt.uidnext.is_some_and(|after| there.whole_since(after));
        if attempts.iter().all(whole) {
            return Ok(vec![Absence::Proven; attempts.len()]);
        }
        let looked = self.looked_everywhere().await?;
        let elsewhere = if looked == Some(true) {
            let (account, asked) = (self.account, attempts.to_vec());
            self.store.read(move |r| r.stand_elsewhere(account, &asked)).await?
        } else {
            vec![true; attempts.len()]
        };
        let absence = |(attempt, elsewhere): (&Attempt, bool)| match looked {
            _ if whole(attempt) => Absence::Proven,
            None => Absence::NotYet,
            Some(_) if elsewhere => Absence::Doubtful,
            Some(_) => Absence::Proven,
        };
        Ok(attempts.iter().zip(elsewhere).map(absence).collect())
    }

    /// UIDs from `from` on. A list with gaps below UIDNEXT is asked for twice: an absence repeats a COPY or an APPEND, and one
    /// answer with nothing in it is too little to double a message on.
    async fn listed_from(&self, from: u32, uidnext: Option<u32>) -> Result<UidSet> {
        let listed = self.conn.fetch_uids(from, None).await?;
        let all_of_them = uidnext.map(|next| u64::from(next.saturating_sub(from)));
        if all_of_them.is_some_and(|all| listed.len() >= all) {
            return Ok(listed);
        }
        Ok(listed.union(&self.conn.fetch_uids(from, None).await?))
    }
}
