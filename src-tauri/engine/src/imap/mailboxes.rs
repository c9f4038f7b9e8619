//! Calls about mailboxes: what there is, what is in them, opening one, and changing the tree (RFC 9051, 5258, 5819, 6154, 7162).

use super::code::Code;
use super::command::Command;
use super::connection::{Ask, Connection, MOST_COLLECTED, MOST_COLLECTED_BYTES, ok};
use super::exchange::Delivery;
use super::items::{PermanentFlags, Resync, Selected};
use super::mutf7;
use super::piles::Pile;
use super::refusal;
use super::response::{ListLine, Outcome, Response, Status};
use godwit_domain::sync::{FetchedFlags, Listed, Sent, StatusItems, sent};
use godwit_domain::{Error, Flags, Result};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;

/// Microsoft and others choke on more commands at once (docs/protocol.md section 7).
const BATCH: usize = 25;
/// Known UIDs are left out of QRESYNC where they would make the line longer than servers take.
const MOST_KNOWN: usize = 8000;
/// More mailboxes than anybody has.
const MOST_MAILBOXES: usize = 50_000;
/// Changed flags that are handed on together: one transaction, and some of them are on their way while those are written.
const TOLD_TOGETHER: usize = 1_000;

impl Connection {
    fn status_items(&self) -> &'static str {
        if self.capabilities().condstore {
            "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"
        } else {
            "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
        }
    }

    /// All mailboxes, with their STATUS where the server can send it along; else `status` is `None` and `status_many` gets it.
    pub async fn list(&self) -> Result<Vec<Listed>> {
        let can = self.capabilities();
        if can.has("LIST-EXTENDED") || can.list_status {
            let special = if can.special_use { "SPECIAL-USE " } else { "" };
            let status = if can.list_status { format!(" STATUS {}", self.status_items()) } else { String::new() };
            let command = format!("LIST \"\" \"*\" RETURN ({special}SUBSCRIBED CHILDREN{status})");
            let answers = self.run(vec![Command::new("list the folders", command)]).await?;
            if answers.statuses.iter().all(|s| s.outcome == Outcome::Ok) {
                return Ok(listed(answers.responses, true));
            }
        }
        let plain = Command::new("list the folders", "LIST \"\" \"*\"");
        let subscribed = Command::new("list the subscribed folders", "LSUB \"\" \"*\"");
        Ok(listed(self.run(vec![plain, subscribed]).await?.all_ok()?.responses, false))
    }

    /// STATUS of one mailbox. Not meant for the open one.
    pub async fn status(&self, wire_name: &str) -> Result<StatusItems> {
        let mut all = self.status_many(std::slice::from_ref(&wire_name.to_owned())).await?;
        all.pop().map_or_else(|| Err(Error::bug("STATUS had no outcome.")), |(_, items)| items)
    }

    /// STATUS of many, each with its own outcome.
    pub async fn status_many(&self, wire_names: &[String]) -> Result<Vec<(String, Result<StatusItems>)>> {
        let mut out = Vec::with_capacity(wire_names.len());
        for batch in wire_names.chunks(BATCH) {
            let command = |name: &String| {
                Ok(Command::new("count the messages of a folder", "STATUS").mailbox(name)?.text(" ").text(self.status_items()))
            };
            let answers = self.run(batch.iter().map(command).collect::<Result<_>>()?).await?;
            let mut found: HashMap<usize, StatusItems> = HashMap::new();
            for Delivery { index, response, .. } in answers.responses {
                if let Response::MailboxStatus(name, items) = response {
                    // Servers answer in turn; where one does not, the name decides.
                    let by_name = batch.iter().position(|n| same_name(n, &name));
                    found.entry(by_name.unwrap_or(index)).or_insert(items);
                }
            }
            for (n, (name, status)) in batch.iter().zip(&answers.statuses).enumerate() {
                let missing = || refusal::protocol("The server counted no messages.");
                let items = ok("count the messages of a folder", status).and_then(|()| found.remove(&n).ok_or_else(missing));
                out.push((name.clone(), items));
            }
        }
        Ok(out)
    }

    /// Opens a mailbox for reading and writing.
    pub async fn select(&self, wire_name: &str, resync: Option<Resync>) -> Result<Selected> {
        self.select_and_tell(wire_name, resync, None).await
    }

    /// The same; with `resync` and QRESYNC what changed since comes along. Of many changes all but the last are handed on to
    /// `each` as they come in, once the server has named the UIDVALIDITY that they are asked for under.
    pub async fn select_and_tell(
        &self,
        wire_name: &str,
        resync: Option<Resync>,
        each: Option<mpsc::Sender<Vec<FetchedFlags>>>,
    ) -> Result<Selected> {
        let can = self.capabilities();
        let mut asked = None;
        let parameter = match resync {
            Some(r) if can.qresync && r.modseq > 0 && r.uidvalidity > 0 => {
                let known = r.known.map(|k| k.to_string()).filter(|k| !k.is_empty() && k.len() <= MOST_KNOWN);
                let known = known.map(|k| format!(" {k}")).unwrap_or_default();
                asked = Some(r.uidvalidity);
                Some(format!(" (QRESYNC ({} {}{known}))", r.uidvalidity, r.modseq))
            }
            _ if can.condstore => Some(" (CONDSTORE)".to_owned()),
            _ => None,
        };
        let each = each.zip(asked);
        let (status, selected) = self.select_with(wire_name, parameter.as_deref().unwrap_or_default(), each).await?;
        if status.outcome == Outcome::Bad && parameter.is_some() {
            // It offered more than it can.
            let (status, selected) = self.select_with(wire_name, "", None).await?;
            return ok("open the folder", &status).map(|()| selected);
        }
        let resynced = asked.is_some() && selected.highestmodseq.is_some();
        ok("open the folder", &status).map(|()| Selected { resynced, ..selected })
    }

    async fn select_with(
        &self,
        wire_name: &str,
        parameter: &str,
        each: Option<(mpsc::Sender<Vec<FetchedFlags>>, u32)>,
    ) -> Result<(Status, Selected)> {
        let command = Command::new("open the folder", "SELECT").mailbox(wire_name)?.text(parameter);
        let mut pending = self.ask(Ask { selects: true, ..Ask::new(vec![command]) }).await?;
        let mut selected = Selected { wire_name: wire_name.to_owned(), ..Selected::default() };
        let (mut vanished, mut count, mut bytes) = (Pile::default(), 0, 0);
        while let Some(delivery) = pending.next().await {
            count += 1;
            bytes += delivery.bytes;
            if count > MOST_COLLECTED || bytes > MOST_COLLECTED_BYTES {
                return Err(refusal::protocol("The server's answer has no end."));
            }
            take_select_response(&mut selected, &mut vanished, delivery.response);
            if let Some((each, uidvalidity)) = &each
                && selected.changed.len() >= TOLD_TOGETHER
                && selected.uidvalidity == Some(*uidvalidity)
            {
                // Who listens no more has an error of its own to tell.
                drop(each.send(std::mem::take(&mut selected.changed)).await);
            }
        }
        selected.vanished = vanished.into_set();
        let status = pending.statuses().await?.into_iter().next().ok_or_else(|| Error::bug("SELECT had no outcome."))?;
        take_code(&mut selected, status.code.as_ref());
        Ok((status, selected))
    }

    /// Creates a mailbox; `path` as people write it, with the server's delimiter.
    pub async fn create(&self, path: &str) -> Result<()> {
        self.run(vec![Command::new("create the folder", "CREATE").path(path)?]).await?.all_ok().map(drop)
    }

    /// Renames a mailbox.
    pub async fn rename(&self, from_wire: &str, to_path: &str) -> Result<()> {
        let command = Command::new("rename the folder", "RENAME").mailbox(from_wire)?.path(to_path)?;
        self.run(vec![command]).await?.all_ok().map(drop)
    }

    /// Deletes a mailbox with all that is in it.
    pub async fn delete(&self, wire_name: &str) -> Result<()> {
        self.run(vec![Command::new("delete the folder", "DELETE").mailbox(wire_name)?]).await?.all_ok().map(drop)
    }

    /// Subscribes or unsubscribes.
    pub async fn subscribe(&self, wire_name: &str, on: bool) -> Result<()> {
        let verb = if on { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.run(vec![Command::new("change the subscription", verb).mailbox(wire_name)?]).await?.all_ok().map(drop)
    }

    /// The same where it comes along with something that is done already: a server that will not is left alone.
    pub async fn subscribe_if_it_will(&self, wire_name: &str, on: bool) -> Result<()> {
        match self.subscribe(wire_name, on).await {
            Err(error) if sent(&error) != Sent::Open && self.is_alive() => {
                tracing::info!(kind = ?error.kind, on, "the server does not change a subscription");
                Ok(())
            }
            done => done,
        }
    }
}

/// INBOX is the one name without case (RFC 9051 section 5.1).
fn same_name(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

fn listed(responses: Vec<Delivery>, extended: bool) -> Vec<Listed> {
    let mut out: Vec<Listed> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut find = |out: &mut Vec<Listed>, name: &str| {
        let key = if name.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { name.to_owned() };
        let next = out.len();
        *at.entry(key).or_insert(next)
    };
    for delivery in responses {
        match delivery.response {
            Response::List(line) => {
                let n = find(&mut out, &line.name);
                match out.get_mut(n) {
                    Some(known) => merge(known, line),
                    None if n < MOST_MAILBOXES => out.push(listing(line)),
                    None => {}
                }
            }
            Response::Lsub(line) if !extended => {
                let n = find(&mut out, &line.name);
                match out.get_mut(n) {
                    Some(known) => known.subscribed = true,
                    // Subscribed and not there: nothing that could be opened. A later line must not take its place.
                    None if n < MOST_MAILBOXES => {
                        let mut gone = listing(line);
                        gone.attributes.push("\\NonExistent".to_owned());
                        gone.subscribed = true;
                        out.push(gone);
                    }
                    None => {}
                }
            }
            Response::MailboxStatus(name, items) => {
                let n = find(&mut out, &name);
                if let Some(known) = out.get_mut(n) {
                    known.status = Some(items);
                }
            }
            _ => {}
        }
    }
    without_ghosts(out)
}

/// Without names that are only subscribed: a folder that another program deleted is gone, though its subscription stayed.
/// One with folders below it has its place in the tree.
fn without_ghosts(mut listed: Vec<Listed>) -> Vec<Listed> {
    let mut above = HashSet::new();
    for entry in listed.iter().filter(|e| !e.has("\\NonExistent")) {
        let Some(delimiter) = entry.delimiter else { continue };
        above.extend(entry.wire_name.match_indices(delimiter).filter_map(|(at, _)| entry.wire_name.get(..at)).map(str::to_owned));
    }
    listed.retain(|e| !e.has("\\NonExistent") || above.contains(&e.wire_name));
    listed
}

fn listing(line: ListLine) -> Listed {
    let path = mutf7::decode(&line.name).unwrap_or_else(|| line.name.clone());
    let subscribed = line.attributes.iter().any(|a| a.eq_ignore_ascii_case("\\Subscribed"));
    Listed { wire_name: line.name, path, delimiter: line.delimiter, attributes: line.attributes, subscribed, status: None }
}

fn merge(known: &mut Listed, line: ListLine) {
    for attribute in line.attributes {
        if attribute.eq_ignore_ascii_case("\\Subscribed") {
            known.subscribed = true;
        }
        if !known.has(&attribute) {
            known.attributes.push(attribute);
        }
    }
}

fn take_select_response(selected: &mut Selected, vanished: &mut Pile, response: Response) {
    match response {
        Response::Exists(n) => selected.exists = n,
        Response::Expunge(_) => selected.exists = selected.exists.saturating_sub(1),
        Response::Vanished { uids, .. } => vanished.add(&uids),
        Response::Fetch(fetched) => {
            if let (Some(uid), Some(flags)) = (fetched.uid, fetched.flags) {
                selected.changed.push(FetchedFlags { uid, flags, labels: fetched.gm_labels, modseq: fetched.modseq });
            }
        }
        // What was said before belongs to the mailbox that was open until now (RFC 7162 section 3.2.11).
        Response::Status(Status { code: Some(Code::Closed), .. }) => {
            *selected = Selected { wire_name: std::mem::take(&mut selected.wire_name), ..Selected::default() };
            *vanished = Pile::default();
        }
        Response::Status(status) => take_code(selected, status.code.as_ref()),
        _ => {}
    }
}

fn take_code(selected: &mut Selected, code: Option<&Code>) {
    match code {
        Some(Code::UidValidity(n)) => selected.uidvalidity = Some(*n).filter(|n| *n > 0),
        Some(Code::UidNext(n)) => selected.uidnext = Some(*n).filter(|n| *n > 0),
        Some(Code::HighestModseq(n)) => selected.highestmodseq = Some(*n),
        Some(Code::NoModseq) => selected.highestmodseq = None,
        Some(Code::ReadOnly) => selected.read_only = true,
        Some(Code::ReadWrite) => selected.read_only = false,
        Some(Code::PermanentFlags(names)) => {
            let any_keyword = names.iter().any(|n| n == "\\*");
            selected.permanent_flags =
                Some(PermanentFlags { flags: Flags::parse(names.iter().map(String::as_str)), any_keyword });
        }
        _ => {}
    }
}
