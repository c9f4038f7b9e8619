//! Recomputes everything that is kept beside the placements (lists, conversation counts, mailbox counts, intents) and
//! says where it differs. Changes nothing.

use super::labels::{LabelBoxes, shown_with};
use super::placement::Placement;
use super::reader::Reader;
use godwit_domain::Result;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most differences told.
const MOST: usize = 100;

type Member = (i64, i64, i64, i64, bool, bool);

impl Reader<'_> {
    /// What is out of step, in plain words; empty: nothing.
    pub fn audit(&self) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut members: BTreeSet<Member> = BTreeSet::new();
        let mut boxes: BTreeMap<(i64, i64), [i64; 3]> = BTreeMap::new();
        let mut mailboxes: HashMap<i64, [i64; 3]> = HashMap::new();
        let mut wanting: BTreeMap<i64, Placement> = BTreeMap::new();
        let mut homes: HashMap<i64, Option<LabelBoxes>> = HashMap::new();
        let mut after = 0;
        loop {
            let rows = self.placements_after(after, 1_000)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in rows {
                let here = row.shown_mailbox();
                let labels = match homes.entry(here) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(free) => free.insert(self.label_boxes(here)?),
                };
                for shown in shown_with(&row, labels.as_ref()) {
                    members.insert((shown.mailbox, row.sort_key, row.id, row.thread, shown.unread, shown.starred));
                    let [count, unread, starred] = boxes.entry((row.thread, shown.mailbox)).or_default();
                    (*count, *unread, *starred) =
                        (*count + 1, *unread + i64::from(shown.unread), *starred + i64::from(shown.starred));
                    let [messages, unread, _] = mailboxes.entry(shown.mailbox).or_default();
                    (*messages, *unread) = (*messages + 1, *unread + i64::from(shown.unread));
                }
                if row.uid.is_some() && row.removed_at.is_none() {
                    let [_, _, base] = mailboxes.entry(row.mailbox).or_default();
                    *base += 1;
                }
                if row.waits() || !row.kept.is_empty() {
                    wanting.insert(row.id, row);
                }
            }
        }
        self.audit_members(&members, &mut wrong)?;
        self.audit_counts(boxes, &mailboxes, &mut wrong)?;
        self.audit_loose(&mut wrong)?;
        self.audit_intents(&wanting, &mut wrong)?;
        wrong.truncate(MOST);
        Ok(wrong)
    }

    fn audit_members(&self, members: &BTreeSet<Member>, wrong: &mut Vec<String>) -> Result<()> {
        let kept: BTreeSet<Member> = self
            .cache
            .all("SELECT mailbox_id, sort_key, placement_id, thread_id, unread, starred FROM membership", [], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?))
            })?
            .into_iter()
            .collect();
        wrong.extend(members.difference(&kept).take(MOST).map(|m| format!("not in its list: {m:?}")));
        wrong.extend(kept.difference(members).take(MOST).map(|m| format!("wrongly in a list: {m:?}")));
        Ok(())
    }

    fn audit_counts(
        &self,
        boxes: BTreeMap<(i64, i64), [i64; 3]>,
        mailboxes: &HashMap<i64, [i64; 3]>,
        wrong: &mut Vec<String>,
    ) -> Result<()> {
        let kept: BTreeMap<(i64, i64), [i64; 3]> = self
            .cache
            .all("SELECT thread_id, mailbox_id, count, unread, starred FROM thread_box", [], |r| {
                Ok(((r.get(0)?, r.get(1)?), [r.get(2)?, r.get(3)?, r.get(4)?]))
            })?
            .into_iter()
            .collect();
        if kept != boxes {
            let differ = boxes.iter().filter(|(k, v)| kept.get(k) != Some(*v)).map(|(k, _)| *k);
            let extra = kept.keys().filter(|k| !boxes.contains_key(k)).copied();
            wrong.extend(
                differ
                    .chain(extra)
                    .take(MOST)
                    .map(|(thread, mailbox)| format!("conversation {thread} in mailbox {mailbox} is miscounted")),
            );
        }
        let counts = self.cache.all("SELECT id, messages, unread, base_messages FROM mailbox", [], |r| {
            Ok((r.get::<_, i64>(0)?, [r.get::<_, i64>(1)?, r.get(2)?, r.get(3)?]))
        })?;
        for (id, kept) in counts {
            let made = mailboxes.get(&id).copied().unwrap_or_default();
            if kept != made {
                wrong.push(format!("mailbox {id} says {kept:?} (messages, unread, base) and has {made:?}"));
            }
        }
        Ok(())
    }

    /// A row has no UID exactly where it is noted why.
    fn audit_loose(&self, wrong: &mut Vec<String>) -> Result<()> {
        let odd = self.cache.all(
            "SELECT p.id FROM placement p LEFT JOIN loose l ON l.placement_id = p.id WHERE (p.uid IS NULL) != (l.placement_id IS NOT NULL)
               OR (p.removed_at IS NOT NULL) != (coalesce(l.state, '') = 'removed')",
            [],
            |r| r.get::<_, i64>(0),
        )?;
        wrong.extend(odd.into_iter().map(|id| format!("placement {id} has no UID and no reason, or both")));
        Ok(())
    }

    fn audit_intents(&self, wanting: &BTreeMap<i64, Placement>, wrong: &mut Vec<String>) -> Result<()> {
        let intents: BTreeMap<i64, super::intent::Intent> = self.intents()?.into_iter().map(|i| (i.placement, i)).collect();
        for (id, row) in wanting {
            let Some(intent) = intents.get(id) else {
                wrong.push(format!("placement {id} wants something that no intent says"));
                continue;
            };
            let target = match &intent.target_path {
                Some(path) => {
                    let account = intent.target_account.unwrap_or(row.account);
                    self.mailbox_by_path(godwit_domain::AccountId(account), path)?.map(|m| m.0)
                }
                None => None,
            };
            if intent.edit != row.edit || intent.kept != row.kept || intent.gone != row.want_gone || target != row.want_mailbox {
                wrong.push(format!("placement {id} and its intent differ"));
            }
        }
        let known: BTreeSet<i64> = self.placements(intents.keys().copied())?.iter().map(|p| p.id).collect();
        wrong.extend(
            known
                .iter()
                .filter(|id| !wanting.contains_key(id))
                .map(|id| format!("an intent of placement {id} was not projected")),
        );
        Ok(())
    }
}
