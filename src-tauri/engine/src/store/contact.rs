//! Table contact: addresses seen in own mail, for completion. Gathered per batch, written once.

use super::reader::{Reader, number};
use super::ready::Person;
use super::text::fold;
use super::writer::Writer;
use godwit_domain::{Address, Contact, Result};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

struct One {
    address: Address,
    mails: i64,
    newest: i64,
}

/// Addresses of a batch.
#[derive(Default)]
pub(super) struct Seen(HashMap<String, One>);

impl Seen {
    /// Notes the people of a message.
    pub(super) fn note(&mut self, people: Vec<Person>, date: i64) {
        for Person { key, address } in people {
            match self.0.entry(key) {
                Entry::Occupied(mut here) => {
                    let one = here.get_mut();
                    one.mails += 1;
                    if date >= one.newest {
                        one.newest = date;
                        if !address.name.is_empty() {
                            one.address.name = address.name;
                        }
                    }
                }
                Entry::Vacant(free) => {
                    free.insert(One { address, mails: 1, newest: date });
                }
            }
        }
    }
}

impl Writer<'_> {
    pub(super) fn keep_contacts(&mut self, seen: Seen) -> Result<()> {
        // In the order of the index, so that neighbours are written together.
        let mut all: Vec<(String, One)> = seen.0.into_iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.cache.upsert_many(
            "INSERT INTO contact (address, shown, name, words, mails, newest)",
            6,
            "ON CONFLICT (address) DO UPDATE SET mails = mails + excluded.mails,
               name = CASE WHEN excluded.name != '' AND excluded.newest >= newest THEN excluded.name ELSE name END,
               words = CASE WHEN excluded.name != '' AND excluded.newest >= newest THEN excluded.words ELSE words END,
               newest = max(newest, excluded.newest)",
            &all,
            |values, (key, one)| {
                let name: String = one.address.name.chars().filter(|c| !c.is_control()).take(250).collect();
                values.put(key.as_str())?;
                values.put(one.address.address.as_str())?;
                values.put(name.as_str())?;
                values.put(fold(&format!("{name} {key}")))?;
                values.put(one.mails)?;
                values.put(one.newest)
            },
        )
    }
}

impl Reader<'_> {
    /// Addresses of which a word begins with `prefix`, those written with most first.
    pub fn contacts(&self, prefix: &str, limit: u32) -> Result<Vec<Contact>> {
        let prefix: String = fold(prefix.trim()).chars().take(64).collect();
        self.cache.all(
            "SELECT name, shown, mails FROM contact
             WHERE instr(words, ?1) = 1 OR instr(words, ' ' || ?1) > 0 ORDER BY mails DESC, newest DESC LIMIT ?2",
            (prefix, limit.min(100)),
            |r| Ok(Contact { address: Address { name: r.get(0)?, address: r.get(1)? }, mails: number(r.get(2)?) }),
        )
    }
}
