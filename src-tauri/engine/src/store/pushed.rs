//! Flags that a server tells by itself while somebody listens, written at once. Such a line may come late, after newer news
//! over another line: what is taken here is only what the next sync is certain to hear of again.

use super::writer::Writer;
use godwit_domain::sync::FetchedFlags;
use godwit_domain::{MailboxId, Result};
use std::collections::BTreeMap;

impl Writer<'_> {
    /// Flags told under this UIDVALIDITY. Taken of rows that are held, and only with a MODSEQ above all that the mailbox was
    /// synced up to (and above the row's own): from there the next sync reads again, so that no late word can stay. The
    /// mailbox' own MODSEQ is left as it is, for single lines may come out of turn (RFC 7162 section 3.2.4). Answers how
    /// many rows changed.
    pub fn apply_pushed(&mut self, mailbox: MailboxId, uidvalidity: u32, told: &[FetchedFlags]) -> Result<u32> {
        let state = self.mailbox_state(mailbox)?;
        let Some(synced) = state.highestmodseq.filter(|_| state.uidvalidity == Some(uidvalidity)) else { return Ok(0) };
        let mut newest: BTreeMap<u32, (u64, &FetchedFlags)> = BTreeMap::new();
        for line in told {
            let Some(modseq) = line.modseq.filter(|m| *m > synced) else { continue };
            let known = newest.entry(line.uid).or_insert((modseq, line));
            if known.0 < modseq {
                *known = (modseq, line);
            }
        }
        let mut changed = 0;
        for row in self.placements_at(mailbox.0, uidvalidity, newest.keys().copied())? {
            let Some((modseq, line)) = row.uid.and_then(|uid| newest.get(&uid)) else { continue };
            let is_newer = row.modseq.and_then(|held| u64::try_from(held).ok()).is_none_or(|held| held < *modseq);
            if is_newer {
                changed += u32::from(self.take_flags(&row, &line.flags, line.labels.as_ref(), line.modseq)?);
            }
        }
        self.settle()?;
        Ok(changed)
    }
}
