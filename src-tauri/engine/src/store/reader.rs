//! One snapshot of both files, for reading. What can be read of a table stands in that table's own file.

use super::error::Db;

/// Reads. Lives as long as one transaction.
#[derive(Clone, Copy)]
pub struct Reader<'c> {
    pub(super) profile: Db<'c>,
    pub(super) cache: Db<'c>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(profile: Db<'c>, cache: Db<'c>) -> Self {
        Self { profile, cache }
    }
}

/// Ids as a JSON list, for `IN (SELECT value FROM json_each(?))`.
/// Words as JSON, for `json_each`.
pub(super) fn json_text(words: &[impl serde::Serialize]) -> godwit_domain::Result<String> {
    serde_json::to_string(words).map_err(|_| godwit_domain::Error::bug("A list could not be written down."))
}

/// Ids as JSON, for `json_each`.
pub(super) fn json(ids: impl IntoIterator<Item = i64>) -> String {
    let mut out = String::from("[");
    for (at, id) in ids.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&id.to_string());
    }
    out.push(']');
    out
}

/// A `u32` out of a column that holds one; what does not fit is 0.
pub(super) fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}
