//! Verbs: what a person does to messages, written as wants and shown at once (rules W2 to W4). The server follows later.
//! Writes wants only; base is never touched here.

use super::placement::Placement;
use super::placing::Sight;
use super::reader::Reader;
use super::receipt::Item;
use super::writer::Writer;
use godwit_domain::flags::bit;
use godwit_domain::{AccountId, Error, FlagEdit, Flags, MailboxId, Performed, PlacementId, Result, Role, Verb, labels};
use std::collections::{HashMap, HashSet};

/// The most messages of one action.
const MOST: usize = 1_000_000;

/// A verb, read once for all its targets.
pub(super) enum Deed {
    Flags(FlagEdit),
    Place { to: Target, flags: FlagEdit },
    Copy(MailboxId),
    Gone,
}

#[derive(Clone, Copy)]
pub(super) enum Target {
    Mailbox(MailboxId),
    Role(Role),
}

impl Reader<'_> {
    /// The conversations that `ids` stand for: with `scope`, all of them in these mailboxes; else what of each lies in the mailbox
    /// it is shown in, or, where that shows itself in others by label, in those of the list (`view`).
    pub(super) fn expand(&self, ids: &[PlacementId], scope: Option<&[i64]>, view: &[i64]) -> Result<Vec<PlacementId>> {
        let mut out = Vec::with_capacity(ids.len());
        let mut seen = std::collections::HashSet::new();
        let mut sight = Sight::new(*self, view);
        for part in ids.chunks(1_000) {
            for row in self.placements(part.iter().map(|id| id.0))? {
                let here = sight.of(&row)?;
                let scope = super::reader::json(scope.unwrap_or(&here).iter().copied());
                let all = self.cache.all(
                    // CROSS: from the few of a conversation to its places, never from a whole mailbox.
                    "SELECT DISTINCT p.id FROM message m CROSS JOIN placement p ON p.message_id = m.id
                       CROSS JOIN json_each(?2) j
                       CROSS JOIN membership x ON x.mailbox_id = j.value AND x.sort_key = p.sort_key AND x.placement_id = p.id
                     WHERE m.thread_id = ?1 ORDER BY p.sort_key DESC, p.id DESC",
                    (row.thread, scope),
                    |r| Ok(PlacementId(r.get(0)?)),
                )?;
                out.extend(all.into_iter().filter(|id| seen.insert(*id)));
            }
        }
        Ok(out)
    }
}

impl Writer<'_> {
    /// Does a verb to exactly these placements: here at once, on the server as soon as it can.
    pub fn perform(&mut self, verb: &Verb, ids: &[PlacementId]) -> Result<Performed> {
        self.perform_in(verb, ids, &[])
    }

    /// The same to what was chosen in a list of these mailboxes.
    pub(super) fn perform_in(&mut self, verb: &Verb, ids: &[PlacementId], view: &[i64]) -> Result<Performed> {
        if ids.len() > MOST {
            return Err(Error::invalid("These are too many messages at once.").mend("Take a smaller selection."));
        }
        // Named twice is meant once: the second turn would act on a row that the first one has changed.
        let mut named = HashSet::with_capacity(ids.len());
        let ids: Vec<PlacementId> = ids.iter().copied().filter(|id| named.insert(*id)).collect();
        let deed = deed(verb)?;
        let (mut count, mut here, mut items) = (0u32, 0usize, Vec::new());
        let mut targets: HashMap<i64, i64> = HashMap::new();
        let mut roles: HashMap<i64, Option<Role>> = HashMap::new();
        for part in ids.chunks(1_000) {
            for row in self.placements(part.iter().map(|id| id.0))? {
                if row.removed_at.is_some() || row.want_gone {
                    continue;
                }
                here += 1;
                if matches!(verb, Verb::Delete)
                    && matches!(self.role_of(&mut roles, row.shown_mailbox())?, Some(Role::Trash | Role::Junk))
                {
                    return Err(Error::invalid("This is in Trash or Junk already.").mend("Delete it for good instead."));
                }
                if let Some(item) = self.act(&deed, &row, view, &mut targets)? {
                    count += 1;
                    items.push(item);
                }
            }
        }
        if here == 0 {
            return Err(
                Error::gone("These messages are not here any more.").mend("They were moved or deleted on another device.")
            );
        }
        let said = self.said(verb, count)?;
        let undoable = count > 0 && !matches!(deed, Deed::Gone);
        let receipt = if undoable { Some(self.keep_receipt(&said, &items)?) } else { None };
        self.settle()?;
        Ok(Performed { receipt, count, said })
    }

    fn role_of(&self, roles: &mut HashMap<i64, Option<Role>>, mailbox: i64) -> Result<Option<Role>> {
        if let Some(role) = roles.get(&mailbox) {
            return Ok(*role);
        }
        let role = self.mailbox_state(MailboxId(mailbox))?.role;
        roles.insert(mailbox, role);
        Ok(role)
    }

    /// One target; `None`: it is so already.
    fn act(&mut self, deed: &Deed, row: &Placement, view: &[i64], targets: &mut HashMap<i64, i64>) -> Result<Option<Item>> {
        let mut new = row.clone();
        let mut copy = None;
        match deed {
            Deed::Flags(edit) => {
                let edit = self.as_labels(row, edit)?;
                mark(&mut new, &edit);
            }
            Deed::Gone => new.want_gone = true,
            Deed::Place { to, flags } => {
                self.place(row, &mut new, *to, view, targets)?;
                mark(&mut new, flags);
            }
            Deed::Copy(to) => {
                let target = self.target(Target::Mailbox(*to), self.shown_account(row)?, targets)?;
                if !self.copy_by_label(row, &mut new, target)? {
                    copy = Some(self.want_copy(row, target)?);
                }
            }
        }
        new.refusals = 0;
        self.fit_labels(&mut new)?;
        new.tidy();
        let (before, after) = (self.flags_here(row)?, self.flags_here(&new)?);
        let moved = new.shown_mailbox() != row.shown_mailbox();
        if !moved && before == after && copy.is_none() && !new.want_gone {
            return Ok(None);
        }
        let paths = if moved { Some((self.at(row.shown_mailbox())?, self.at(new.shown_mailbox())?)) } else { None };
        self.change(row, new)?;
        Ok(Some(Item {
            placement: row.id,
            account: row.account,
            paths,
            set: after.minus(&before),
            cleared: before.minus(&after),
            copy,
        }))
    }

    /// The mailbox a row of this account goes to, looked up once an account.
    pub(super) fn target(&mut self, to: Target, account: i64, targets: &mut HashMap<i64, i64>) -> Result<i64> {
        if let Some(target) = targets.get(&account) {
            return Ok(*target);
        }
        let target = match to {
            Target::Role(role) => self.mailbox_for(AccountId(account), role)?,
            Target::Mailbox(mailbox) => {
                let state = self.mailbox_state(mailbox)?;
                if !state.selectable {
                    return Err(Error::invalid(format!("{} can't hold messages.", state.path)).mend("Choose another folder."));
                }
                mailbox.0
            }
        };
        targets.insert(account, target);
        Ok(target)
    }

    fn want_copy(&mut self, row: &Placement, target: i64) -> Result<i64> {
        let path = self.path(target)?;
        let elsewhere = self.account_of(target)?.filter(|account| *account != row.account);
        self.tell(godwit_domain::Event::StatusChanged);
        self.profile_tx()?.insert(
            "INSERT INTO copy_intent (placement_id, account_id, identity, target_path, target_account_id)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (row.id, row.account, row.identity, path, elsewhere),
        )
    }

    /// The account in whose mailbox a row is shown: while it is under way that is not its own.
    pub(super) fn shown_account(&self, row: &Placement) -> Result<i64> {
        match row.want_mailbox {
            Some(mailbox) => Ok(self.account_of(mailbox)?.unwrap_or(row.account)),
            None => Ok(row.account),
        }
    }

    fn said(&self, verb: &Verb, count: u32) -> Result<String> {
        let messages = if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        let to = |to: &MailboxId, done: &str| -> Result<String> {
            let name = self.mailbox(*to)?.name;
            Ok(if count == 1 { format!("{done} to {name}") } else { format!("{done} {messages} to {name}") })
        };
        if count == 0 {
            return Ok("Nothing to change".to_owned());
        }
        Ok(match verb {
            Verb::Mark { add, remove } => marked(&marks(add)?, &marks(remove)?),
            Verb::Move { to: mailbox } => to(mailbox, "Moved")?,
            Verb::Copy { to: mailbox } => to(mailbox, "Copied")?,
            Verb::Archive => format!("Archived {messages}"),
            Verb::Delete => format!("Deleted {messages}"),
            Verb::DeleteForGood => format!("Deleted {messages} for good"),
            Verb::Junk => format!("Moved {messages} to Junk"),
            Verb::NotJunk => format!("Moved {messages} to Inbox"),
        })
    }
}

fn deed(verb: &Verb) -> Result<Deed> {
    let place =
        |role, add, del| Deed::Place { to: Target::Role(role), flags: FlagEdit { add: Flags::of(add), del: Flags::of(del) } };
    Ok(match verb {
        Verb::Mark { add, remove } => {
            let (add, del) = (marks(add)?, marks(remove)?);
            if !add.intersect(&del).is_empty() {
                return Err(Error::invalid("A mark can't be set and cleared at once."));
            }
            Deed::Flags(FlagEdit { add, del })
        }
        Verb::Move { to } => Deed::Place { to: Target::Mailbox(*to), flags: FlagEdit::default() },
        Verb::Copy { to } => Deed::Copy(*to),
        Verb::Archive => place(Role::Archive, 0, 0),
        Verb::Delete => place(Role::Trash, 0, 0),
        Verb::DeleteForGood => Deed::Gone,
        Verb::Junk => place(Role::Junk, bit::JUNK, bit::NOT_JUNK),
        Verb::NotJunk => place(Role::Inbox, bit::NOT_JUNK, bit::JUNK),
    })
}

/// What a person names: flags and keywords; what can't be one is a label, for servers that have such.
fn marks(names: &[String]) -> Result<Flags> {
    let mut marks = Flags::none();
    for name in names {
        match check_flag(name) {
            Ok(()) => marks.insert(name),
            Err(_) if labels::is_label(name) && labels::is_own(name) => drop(marks.labels.insert(name.clone())),
            Err(error) => return Err(error),
        }
    }
    Ok(marks)
}

/// A keyword is an atom (RFC 9051 section 9); of the system flags a person sets these.
pub(super) fn check_flag(name: &str) -> Result<()> {
    let known = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"].iter().any(|f| f.eq_ignore_ascii_case(name));
    let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '(' | ')' | '{' | '%' | '*' | '"' | '\\' | ']');
    if known || (!name.is_empty() && name.len() <= 60 && !name.chars().any(odd)) {
        return Ok(());
    }
    Err(Error::invalid("A label can't have this name.").mend("Use letters, digits, - and _, at most 60 of them."))
}

/// A wish for flags on top of earlier ones; what is kept on this machine only is changed here and now.
pub(super) fn mark(row: &mut Placement, edit: &FlagEdit) {
    row.kept = row.kept.minus(&edit.del);
    row.edit = row.edit.then(edit);
}

fn marked(add: &Flags, remove: &Flags) -> String {
    let own = |flags: &Flags| flags.keywords.iter().chain(&flags.labels).cloned().collect::<Vec<_>>();
    let bits = (add.bits, remove.bits, own(add).len(), own(remove).len());
    match bits {
        (bit::SEEN, 0, 0, 0) => "Marked as read".to_owned(),
        (0, bit::SEEN, 0, 0) => "Marked as unread".to_owned(),
        (bit::FLAGGED, 0, 0, 0) => "Starred".to_owned(),
        (0, bit::FLAGGED, 0, 0) => "Star removed".to_owned(),
        (0, 0, 1.., 0) => format!("Labelled {}", own(add).join(", ")),
        (0, 0, 0, 1..) => format!("Label {} removed", own(remove).join(", ")),
        _ => "Marks changed".to_owned(),
    }
}
