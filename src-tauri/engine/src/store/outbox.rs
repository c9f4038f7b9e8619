//! Table outbox: mail on its way out, raw bytes and envelope, fixed once.

use super::reader::{Reader, number};
use godwit_domain::Result;

impl Reader<'_> {
    /// Mails that have not left yet.
    pub(super) fn unsent(&self) -> Result<u32> {
        let sql = "SELECT count(*) FROM outbox WHERE state IN ('held', 'queued', 'sending', 'uncertain', 'refused')";
        Ok(number(self.profile.one(sql, [], |r| r.get(0))?.unwrap_or(0)))
    }
}
