//! What the pretended server says to each command, when it keeps the rules.

use super::world::{Mail, Mailbox, World};
use godwit_domain::sync::UidSet;

/// One client's session.
#[derive(Default)]
pub(super) struct Visit {
    pub(super) selected: Option<String>,
    /// UIDs in the order of their sequence numbers, as this client knows them.
    known: Vec<u32>,
    seen_modseq: u64,
    /// What came with the command.
    pub literal: Vec<u8>,
}

impl Visit {
    pub fn answer(&mut self, world: &mut World, tag: &str, command: &str) -> Vec<String> {
        if let Some(gmail) = world.gmail.take() {
            return super::gmail::answer(self, gmail, world, tag, command);
        }
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        let mut out = match verb {
            "AUTHENTICATE" | "LOGIN" | "SUBSCRIBE" | "UNSUBSCRIBE" | "ID" => Vec::new(),
            "NAMESPACE" => vec!["* NAMESPACE ((\"\" \"/\")) NIL NIL".into()],
            "CAPABILITY" => vec![format!("* CAPABILITY IMAP4rev1 {}", world.capabilities)],
            "ENABLE" => vec![format!("* ENABLED {rest}")],
            "NOOP" => self.news(world),
            "LIST" | "LSUB" => self.list(world, verb, rest),
            "APPEND" => return vec![format!("{tag} {}", append(world, &name(rest), rest, &std::mem::take(&mut self.literal)))],
            "IDLE" => return vec!["+ idling".into()],
            "LOGOUT" => vec!["* BYE".into()],
            "STATUS" => match status(world, &name(rest)) {
                Some(line) => vec![line],
                None => return vec![format!("{tag} NO [NONEXISTENT] no such mailbox")],
            },
            "SELECT" => match self.select(world, rest) {
                Some(lines) => lines,
                None => return vec![format!("{tag} NO [NONEXISTENT] no such mailbox")],
            },
            "CREATE" => {
                world.add(&name(rest));
                Vec::new()
            }
            "EXPUNGE" => self.expunge(world, None),
            "UID" => match self.uid(world, rest) {
                Ok(lines) => lines,
                Err(no) => return vec![format!("{tag} {no}")],
            },
            _ => return vec![format!("{tag} BAD what is {verb}?")],
        };
        out.push(format!("{tag} OK {}done", if verb == "SELECT" { "[READ-WRITE] " } else { "" }));
        out
    }

    fn list(&self, world: &World, verb: &str, rest: &str) -> Vec<String> {
        let mut out: Vec<String> = world.mailboxes.keys().map(|path| format!("* {verb} () \"/\" \"{path}\"")).collect();
        if rest.contains("STATUS (") {
            out.extend(world.mailboxes.keys().filter_map(|path| status(world, path)));
        }
        out
    }

    fn select(&mut self, world: &World, rest: &str) -> Option<Vec<String>> {
        let path = name(rest);
        let mailbox = world.mailboxes.get(&path)?;
        self.selected = Some(path);
        self.known = mailbox.mails.iter().map(|m| m.uid).collect();
        self.seen_modseq = world.highest();
        let mut out = vec![
            format!("* {} EXISTS", mailbox.mails.len()),
            format!("* OK [UIDVALIDITY {}] valid", mailbox.validity),
            format!("* OK [UIDNEXT {}] next", mailbox.next),
        ];
        let modseqs = world.offers("CONDSTORE") && !mailbox.forgets;
        match modseqs {
            true => out.push(format!("* OK [HIGHESTMODSEQ {}] highest", world.highest())),
            false => out.push("* OK [NOMODSEQ] none".into()),
        }
        if let Some((_, resync)) = rest.split_once("(QRESYNC (").filter(|_| modseqs) {
            let mut words = resync.trim_end_matches(')').split(' ');
            let validity: u32 = words.next()?.parse().ok()?;
            let since: u64 = words.next()?.parse().ok()?;
            if validity == mailbox.validity {
                out.extend(vanished(mailbox, since));
                out.extend(changed(mailbox, since, &self.known));
            }
        }
        Some(out)
    }

    /// What this client was not told yet.
    pub fn news(&mut self, world: &World) -> Vec<String> {
        let Some(mailbox) = self.selected.as_ref().and_then(|path| world.mailboxes.get(path)) else { return Vec::new() };
        let mut out = Vec::new();
        let gone: Vec<u32> = self.known.iter().copied().filter(|uid| !mailbox.mails.iter().any(|m| m.uid == *uid)).collect();
        for uid in gone {
            let at = self.known.iter().position(|u| *u == uid).unwrap();
            self.known.remove(at);
            out.push(format!("* {} EXPUNGE", at + 1));
        }
        let before = self.known.len();
        self.known = mailbox.mails.iter().map(|m| m.uid).collect();
        if self.known.len() > before {
            out.push(format!("* {} EXISTS", self.known.len()));
        }
        let changed = mailbox.mails.iter().zip(1..).take(before).filter(|(m, _)| m.modseq > self.seen_modseq);
        out.extend(changed.map(|(m, n)| format!("* {n} FETCH (UID {} FLAGS ({}))", m.uid, flags(m))));
        self.seen_modseq = world.highest();
        out
    }

    fn uid(&mut self, world: &mut World, rest: &str) -> Result<Vec<String>, String> {
        let path = self.selected.clone().ok_or("BAD nothing is selected")?;
        let (verb, rest) = rest.split_once(' ').ok_or("BAD what?")?;
        let (set, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mailbox = world.mailboxes.get(&path).ok_or("NO [NONEXISTENT] gone")?;
        let last = mailbox.mails.last().map_or(0, |m| m.uid);
        match verb {
            "FETCH" => Ok(fetch(mailbox, &uids(set, last), rest)),
            "SEARCH" => Ok(vec![format!("* SEARCH{}", search(mailbox, &format!("{set} {rest}")))]),
            "STORE" => Ok(store(world, &path, &uids(set, last), rest)),
            "EXPUNGE" if world.offers("UIDPLUS") => Ok(self.expunge(world, Some(uids(set, last)))),
            "COPY" => copy(world, &path, &uids(set, last), &name(rest)),
            "MOVE" if world.offers("MOVE") => {
                let set = uids(set, last);
                let mut out = copy(world, &path, &set, &name(rest))?;
                let here = |m: &Mail| set.contains(m.uid);
                world.expunge(&path, here);
                out.extend(self.news(world));
                Ok(out)
            }
            _ => Err(format!("BAD what is UID {verb}?")),
        }
    }

    fn expunge(&mut self, world: &mut World, only: Option<UidSet>) -> Vec<String> {
        let Some(path) = self.selected.clone() else { return Vec::new() };
        world.expunge(&path, |m| m.flags.contains("\\Deleted") && only.as_ref().is_none_or(|o| o.contains(m.uid)));
        self.news(world)
    }
}

/// A message comes in by APPEND; its tagged answer without the tag.
fn append(world: &mut World, path: &str, rest: &str, message: &[u8]) -> String {
    if !world.mailboxes.contains_key(path) {
        return "NO [TRYCREATE] no such mailbox".into();
    }
    let text = String::from_utf8_lossy(message);
    let subject = text.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap_or_default();
    let uid = world.deliver(path, subject);
    let flags = rest.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(flags, _)| flags);
    flags.unwrap_or_default().split_whitespace().for_each(|flag| world.mark(path, uid, flag, true));
    match world.offers("UIDPLUS") {
        true => format!("OK [APPENDUID {} {uid}] done", world.mailbox(path).validity),
        false => "OK done".into(),
    }
}

pub(super) fn name(rest: &str) -> String {
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap().to_owned(),
        None => rest.split(' ').next().unwrap().to_owned(),
    }
}

fn status(world: &World, path: &str) -> Option<String> {
    let mailbox = world.mailboxes.get(path)?;
    let unseen = mailbox.mails.iter().filter(|m| !m.flags.contains("\\Seen")).count();
    let modseq = world.offers("CONDSTORE") && !mailbox.forgets;
    let modseq = if modseq { format!(" HIGHESTMODSEQ {}", world.highest()) } else { String::new() };
    let (count, next, validity) = (mailbox.mails.len(), mailbox.next, mailbox.validity);
    Some(format!("* STATUS \"{path}\" (MESSAGES {count} UIDNEXT {next} UIDVALIDITY {validity} UNSEEN {unseen}{modseq})"))
}

pub(super) fn uids(set: &str, last: u32) -> UidSet {
    UidSet::parse(&set.replace('*', &last.max(1).to_string())).unwrap()
}

fn flags(mail: &Mail) -> String {
    mail.flags.iter().cloned().collect::<Vec<_>>().join(" ")
}

fn vanished(mailbox: &Mailbox, since: u64) -> Option<String> {
    let uids: UidSet = mailbox.vanished.iter().filter(|(modseq, _)| *modseq > since).map(|(_, uid)| *uid).collect();
    (!uids.is_empty()).then(|| format!("* VANISHED (EARLIER) {uids}"))
}

fn changed(mailbox: &Mailbox, since: u64, _known: &[u32]) -> Vec<String> {
    let rows = mailbox.mails.iter().zip(1..).filter(|(m, _)| m.modseq > since);
    rows.map(|(m, n)| format!("* {n} FETCH (UID {} FLAGS ({}) MODSEQ ({}))", m.uid, flags(m), m.modseq)).collect()
}

fn fetch(mailbox: &Mailbox, set: &UidSet, items: &str) -> Vec<String> {
    let since: Option<u64> = items.split_once("CHANGEDSINCE ").map(|(_, n)| n.split([' ', ')']).next().unwrap().parse().unwrap());
    let mut out = Vec::new();
    if items.contains("VANISHED") {
        out.extend(vanished(mailbox, since.unwrap()));
    }
    let wanted = mailbox.mails.iter().zip(1..).filter(|(m, _)| set.contains(m.uid) && since.is_none_or(|s| m.modseq > s));
    for (mail, number) in wanted {
        let mut row = format!("* {number} FETCH (UID {}", mail.uid);
        if items.contains("FLAGS") {
            row += &format!(" FLAGS ({})", flags(mail));
        }
        if items.contains("MODSEQ") || since.is_some() {
            row += &format!(" MODSEQ ({})", mail.modseq);
        }
        if items.contains("EMAILID") {
            // Of the content alone, as Cyrus has it.
            let id: String = mail.subject.chars().filter(char::is_ascii_alphanumeric).collect();
            row += &format!(" EMAILID (M{id}) THREADID NIL");
        }
        if items.contains("RFC822.SIZE") {
            let format = time::macros::format_description!("[day]-[month repr:short]-[year] [hour]:[minute]:[second] +0000");
            row += &format!(" INTERNALDATE \"{}\" RFC822.SIZE {}", mail.date(&format), mail.body().len());
        }
        if items.contains("BODY.PEEK[TEXT]") {
            let text = format!("Hei, {}.", mail.subject);
            row += &format!(" BODY[HEADER.FIELDS (CONTENT-TYPE)] {{2}}\r\n\r\n BODY[TEXT]<0> {{{}}}\r\n{text}", text.len());
        } else if items.contains("HEADER.FIELDS") {
            let header = mail.header();
            row += &format!(" BODY[HEADER.FIELDS (SUBJECT)] {{{}}}\r\n{header}", header.len());
        } else if items.contains("BODY.PEEK[]") {
            let body = mail.body();
            row += &format!(" BODY[] {{{}}}\r\n{body}", body.len());
        }
        out.push(row + ")");
    }
    out
}

fn search(mailbox: &Mailbox, query: &str) -> String {
    let hits = mailbox.mails.iter().filter(|m| !query.contains("DELETED") || m.flags.contains("\\Deleted"));
    hits.map(|m| format!(" {}", m.uid)).collect()
}

fn store(world: &mut World, path: &str, set: &UidSet, rest: &str) -> Vec<String> {
    let (sign, names) = rest.split_once(' ').unwrap();
    let on = sign.starts_with('+');
    let names: Vec<&str> = names.trim_matches(['(', ')']).split(' ').collect();
    let there: Vec<u32> = world.mailbox(path).mails.iter().map(|m| m.uid).filter(|uid| set.contains(*uid)).collect();
    for uid in there {
        names.iter().for_each(|flag| world.mark(path, uid, flag, on));
    }
    fetch(world.mailbox(path), set, "FLAGS")
}

fn copy(world: &mut World, path: &str, set: &UidSet, to: &str) -> Result<Vec<String>, String> {
    if !world.mailboxes.contains_key(to) {
        return Err("NO [TRYCREATE] no such mailbox".into());
    }
    let chosen: Vec<Mail> = world.mailbox(path).mails.iter().filter(|m| set.contains(m.uid)).cloned().collect();
    let (mut from, mut at) = (Vec::new(), Vec::new());
    for mail in chosen {
        let uid = world.deliver(to, &mail.subject);
        mail.flags.iter().for_each(|flag| world.mark(to, uid, flag, true));
        from.push(mail.uid.to_string());
        at.push(uid.to_string());
    }
    if from.is_empty() || !world.offers("UIDPLUS") {
        return Ok(Vec::new());
    }
    Ok(vec![format!("* OK [COPYUID {} {} {}] copied", world.mailbox(to).validity, from.join(","), at.join(","))])
}
