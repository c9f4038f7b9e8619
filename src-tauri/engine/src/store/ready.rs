//! New rows made ready for their columns, away from the writer's thread: everything that depends on the row alone is done
//! here, so that the one writer only writes. Touches no file.

use super::reader::Reader;
use super::{text, thread};
use godwit_domain::sync::{NewPlacement, ServerFacts};
use godwit_domain::{AccountId, Address, Flags, Result};

/// Somebody who stands in a message.
pub(super) struct Person {
    /// The address, folded.
    pub(super) key: String,
    pub(super) address: Address,
}

/// A row as it will stand in its columns.
pub struct Ready {
    pub(super) uid: u32,
    pub(super) flags: Flags,
    pub(super) modseq: Option<u64>,
    pub(super) internal_date: Option<i64>,
    pub(super) facts: ServerFacts,
    pub(super) size: u32,
    pub(super) date: i64,
    pub(super) identity: [u8; 16],
    pub(super) has_attachment: bool,
    pub(super) message_id: Option<String>,
    pub(super) subject: String,
    pub(super) sender: String,
    pub(super) reply_to: String,
    pub(super) recipients: String,
    pub(super) cc: String,
    pub(super) search_text: String,
    /// What it knows of its conversation, see `thread::refs`.
    pub(super) refs: Vec<i64>,
    pub(super) people: Vec<Person>,
}

/// What rows of one account are made ready with.
#[derive(Clone, Debug)]
pub struct Intake {
    account: i64,
    own: String,
}

const DAY: i64 = 86_400;

/// The Date header unless missing or more than a day after INTERNALDATE.
fn date_of(row: &NewPlacement, now: i64) -> i64 {
    let arrived = row.internal_date.unwrap_or(now);
    row.headers.date.filter(|date| *date <= arrived.saturating_add(DAY) && *date > 0).unwrap_or(arrived)
}

impl Reader<'_> {
    /// How rows of this account are made ready.
    pub fn intake(&self, account: AccountId) -> Result<Intake> {
        Ok(Intake { account: account.0, own: text::fold(&self.account(account)?.email) })
    }
}

impl Intake {
    /// Rows as they will stand, in the order given.
    pub fn ready(&self, rows: Vec<NewPlacement>) -> Vec<Ready> {
        let now = crate::clock::now();
        rows.into_iter().map(|row| self.one(row, now)).collect()
    }

    fn one(&self, row: NewPlacement, now: i64) -> Ready {
        let date = date_of(&row, now);
        let h = row.headers;
        Ready {
            uid: row.uid,
            flags: row.flags,
            modseq: row.modseq,
            internal_date: row.internal_date,
            refs: thread::refs(self.account, &h, row.facts.thread_id),
            facts: row.facts,
            size: row.size,
            date,
            identity: h.identity,
            has_attachment: h.maybe_attachments,
            subject: text::subject(&h.subject),
            sender: text::pack(&h.from),
            reply_to: text::pack(&h.reply_to),
            recipients: text::pack(&h.to),
            cc: text::pack(&h.cc),
            search_text: text::searchable(&h),
            people: self.people(h.from, h.to, h.cc),
            message_id: h.message_id,
        }
    }

    /// Who wrote; and to whom, where the person wrote.
    fn people(&self, from: Vec<Address>, to: Vec<Address>, cc: Vec<Address>) -> Vec<Person> {
        let mine = from.iter().any(|a| text::fold(&a.address) == self.own);
        let named = |address: Address| {
            let odd = |c: char| c.is_control() || c.is_whitespace();
            let is_one = address.address.contains('@') && address.address.len() <= 254 && !address.address.chars().any(odd);
            is_one.then(|| Person { key: text::fold(&address.address), address })
        };
        if mine {
            to.into_iter().chain(cc).take(50).filter_map(named).collect()
        } else {
            from.into_iter().take(4).filter_map(named).collect()
        }
    }
}
