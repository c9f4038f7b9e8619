//! Plain search: every word somewhere in subject, people or preview. Says how much it could look at.

use super::reader::{Reader, json, number};
use super::text;
use godwit_domain::api::{Coverage, Found};
use godwit_domain::{PlacementId, Result};

/// The most hits that are counted.
const MOST: u32 = 10_000;

impl Reader<'_> {
    /// Messages outside trash and junk whose subject, people or preview have every word, newest first.
    pub fn search(&self, query: &str, limit: u32) -> Result<Found> {
        let coverage = self.coverage()?;
        let words = text::words(query);
        if words.is_empty() {
            return Ok(Found { coverage, ..Found::default() });
        }
        let boxes = self.mailboxes_everywhere()?;
        let sql = format!(
            "SELECT x.placement_id FROM message m JOIN placement p ON p.message_id = m.id
               JOIN membership x ON x.mailbox_id = coalesce(p.want_mailbox, p.mailbox_id) AND x.sort_key = p.sort_key AND x.placement_id = p.id
             WHERE {} AND x.mailbox_id IN (SELECT value FROM json_each(?1)) ORDER BY m.sort_key DESC, x.placement_id DESC LIMIT {MOST}",
            has_words(&words, 2)
        );
        let params = std::iter::once(json(boxes)).chain(words);
        let ids = self.cache.all(&sql, rusqlite::params_from_iter(params), |r| Ok(PlacementId(r.get(0)?)))?;
        let total = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let limit = usize::try_from(limit.min(500)).unwrap_or(500);
        let first: Vec<PlacementId> = ids.into_iter().take(limit).collect();
        Ok(Found { total, coverage, rows: self.rows(&first)? })
    }

    fn coverage(&self) -> Result<Coverage> {
        let count = |sql: &str| self.cache.one(sql, [], |r| r.get::<_, i64>(0)).map(|n| number(n.unwrap_or(0)));
        let mine = "FROM mailbox WHERE removed_at IS NULL AND selectable = 1 AND home IS NULL";
        Ok(Coverage {
            messages: count(&format!("SELECT coalesce(sum(messages), 0) {mine}"))?,
            bodies: count("SELECT count(*) FROM body")?,
            mailboxes_complete: count(&format!("SELECT count(*) {mine} AND synced_down_to = 1"))?,
            mailboxes_total: count(&format!("SELECT count(*) {mine}"))?,
        })
    }
}

/// A condition that the message `m` has all words; the first is parameter `from`.
pub(super) fn has_words(words: &[String], from: usize) -> String {
    let each: Vec<String> = (from..from + words.len()).map(|n| format!("instr(m.search_text, ?{n}) > 0")).collect();
    if each.is_empty() { "1".to_owned() } else { each.join(" AND ") }
}
