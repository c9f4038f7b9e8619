//! Rows of header fields out of FETCH responses.

use super::fetch::{Fetched, Section};
use godwit_domain::sync::{FetchedHeader, ServerFacts, UidSet};
use std::collections::HashMap;

/// More sections than a row needs are not kept.
const MOST_SECTIONS: usize = 8;
/// What halves of rows may take together while they wait for the other half.
const MOST_OPEN: usize = 32 << 20;
/// What a half takes beside its strings.
const HALF: usize = 300;

/// Puts rows together: some servers split one message's items over several responses, and news of flags may come between.
#[derive(Default)]
pub(super) struct Rows {
    open: HashMap<u32, Fetched>,
    held: usize,
    /// A row without labels is only half of one.
    labelled: bool,
}

pub(super) enum Taken {
    Row(FetchedHeader),
    News(Fetched),
    Waits,
    /// More halves than any honest answer has.
    TooMany,
}

impl Rows {
    pub fn new(labelled: bool) -> Self {
        Self { labelled, ..Self::default() }
    }

    pub fn take(&mut self, asked: &UidSet, fetched: Fetched) -> Taken {
        let Some(uid) = fetched.uid.filter(|uid| asked.contains(*uid)) else { return Taken::News(fetched) };
        let whole = match self.open.remove(&uid) {
            Some(earlier) => {
                self.held = self.held.saturating_sub(HALF + earlier.held());
                merged(earlier, fetched)
            }
            // Flags alone are news of a message whose row is out already, or the first half of a row; the end decides.
            None => fetched,
        };
        if whole.flags.is_some() && (whole.gm_labels.is_some() || !self.labelled) && is_row(&whole) {
            return row(whole).map_or(Taken::Waits, Taken::Row);
        }
        self.held += HALF + whole.held();
        self.open.insert(uid, whole);
        if self.held > MOST_OPEN { Taken::TooMany } else { Taken::Waits }
    }

    pub fn rest(self) -> impl Iterator<Item = Fetched> {
        self.open.into_values()
    }
}

fn merged(earlier: Fetched, later: Fetched) -> Fetched {
    let mut sections = earlier.sections;
    sections.extend(later.sections);
    sections.truncate(MOST_SECTIONS);
    Fetched {
        sections,
        flags: later.flags.or(earlier.flags),
        modseq: later.modseq.or(earlier.modseq),
        internal_date: later.internal_date.or(earlier.internal_date),
        size: later.size.or(earlier.size),
        preview: later.preview.or(earlier.preview),
        email_id: later.email_id.or(earlier.email_id),
        thread_id: later.thread_id.or(earlier.thread_id),
        gm_labels: later.gm_labels.or(earlier.gm_labels),
        ..Fetched { seq: later.seq, uid: later.uid, ..Fetched::default() }
    }
}

/// Whether the header fields are there; NIL is a message without any.
pub(super) fn is_row(fetched: &Fetched) -> bool {
    fetched.uid.is_some() && fetched.sections.iter().any(is_header)
}

fn is_header(section: &Section) -> bool {
    section.name.starts_with("HEADER")
}

/// The row, where it is one.
pub(super) fn row(fetched: Fetched) -> Option<FetchedHeader> {
    let Fetched { uid, flags, modseq, internal_date, size, preview, sections, email_id, thread_id, gm_labels, .. } = fetched;
    let facts = ServerFacts { email_id, thread_id, labels: gm_labels };
    let header = sections.into_iter().find(is_header)?.bytes.unwrap_or_default();
    Some(FetchedHeader { uid: uid?, flags: flags.unwrap_or_default(), modseq, internal_date, size, preview, facts, header })
}
