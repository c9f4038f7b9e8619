//! A server whose folders are labels, as Gmail's are (X-GM-EXT-1): every message is kept once, and stands under a UID of its own in
//! All Mail and in the folder of each label. Told to by the plain server's commands; only what is different stands here.

use super::answers::{Visit, name, uids};
use super::{Pretend, World};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const ALL: &str = "[Gmail]/All Mail";
pub(crate) const TRASH: &str = "[Gmail]/Trash";
pub(crate) const SPAM: &str = "[Gmail]/Spam";
/// What such a server offers.
pub(crate) const GMAIL: &str = "CONDSTORE UIDPLUS MOVE IDLE SPECIAL-USE X-GM-EXT-1";

/// Folders that are there from the start: path, attribute, system label.
const FOLDERS: [(&str, &str, &str); 8] = [
    ("INBOX", "", "\\Inbox"),
    (ALL, "\\All", ""),
    (TRASH, "\\Trash", ""),
    (SPAM, "\\Junk", ""),
    ("[Gmail]/Sent Mail", "\\Sent", "\\Sent"),
    ("[Gmail]/Drafts", "\\Drafts", "\\Draft"),
    ("[Gmail]/Starred", "\\Flagged", "\\Starred"),
    ("[Gmail]/Important", "\\Important", "\\Important"),
];

/// What is behind the folders.
#[derive(Default)]
pub(crate) struct Gmail {
    /// By subject.
    mails: BTreeMap<String, Kept>,
    hidden: BTreeMap<String, super::world::Mailbox>,
    /// X-GM-MSGID of the next message.
    next: u64,
}

#[derive(Clone, Default)]
struct Kept {
    id: u64,
    /// `ALL`, `TRASH` or `SPAM`.
    place: &'static str,
    /// As they stand on the wire.
    labels: BTreeSet<String>,
    flags: BTreeSet<String>,
}

impl Pretend {
    /// A server like Gmail's, with the folders that it has for everybody.
    pub fn gmail() -> Self {
        Self::like_gmail(GMAIL)
    }

    /// The same with other capabilities.
    pub fn like_gmail(capabilities: &str) -> Self {
        let server = Self::offering(capabilities);
        let mut world = server.world();
        world.mailboxes.clear();
        FOLDERS.iter().for_each(|(path, ..)| world.add(path));
        world.gmail = Some(Gmail { next: 1_278_455_344_230_334_865, ..Gmail::default() });
        drop(world);
        server
    }

    /// The labels of a message, the star among them.
    pub fn labels(&self, subject: &str) -> Vec<String> {
        self.world().gmail.as_ref().unwrap().mails[subject].all_labels().into_iter().collect()
    }

    /// Every message that is kept at all.
    pub fn kept(&self) -> Vec<String> {
        self.world().gmail.as_ref().unwrap().mails.keys().cloned().collect()
    }

    /// Subjects in a folder.
    pub fn subjects(&self, path: &str) -> Vec<String> {
        self.world().subjects(path)
    }

    /// The flags of a message.
    pub fn flags(&self, path: &str, uid: u32) -> Vec<String> {
        self.world().flags(path, uid)
    }
}

impl World {
    /// A message comes in with these labels; another program changes its labels.
    pub fn arrive(&mut self, subject: &str, labels: &[&str]) {
        self.as_gmail(|gmail, _| {
            gmail.next += 1;
            let labels = labels.iter().map(|l| (*l).to_owned()).collect();
            gmail.mails.insert(subject.to_owned(), Kept { id: gmail.next, place: ALL, labels, ..Kept::default() });
        });
    }

    /// Another program puts a label on or takes it off.
    pub fn label(&mut self, subject: &str, label: &str, on: bool) {
        self.as_gmail(|gmail, world| {
            gmail.set_label(world, subject, label, on);
            gmail.touch(world, subject);
        });
    }

    /// Another program moves a message to All Mail, Trash or Spam.
    pub fn put(&mut self, subject: &str, place: &'static str) {
        self.as_gmail(|gmail, _| gmail.put(subject, place));
    }

    /// A folder is not to be seen any more, or again.
    pub fn hide(&mut self, path: &str, hidden: bool) {
        let gmail = self.gmail.as_mut().unwrap();
        match hidden {
            true => drop(gmail.hidden.insert(path.to_owned(), self.mailboxes.remove(path).unwrap())),
            false => drop(self.mailboxes.insert(path.to_owned(), gmail.hidden.remove(path).unwrap())),
        }
        self.as_gmail(|_, _| ());
    }

    fn as_gmail(&mut self, change: impl FnOnce(&mut Gmail, &mut Self)) {
        let mut gmail = self.gmail.take().unwrap();
        change(&mut gmail, self);
        gmail.show(self);
        self.gmail = Some(gmail);
    }
}

impl Kept {
    fn all_labels(&self) -> BTreeSet<String> {
        let star = self.flags.contains("\\Flagged").then(|| "\\Starred".to_owned());
        self.labels.iter().cloned().chain(star).collect()
    }

    fn is_in(&self, path: &str) -> bool {
        match label_of(path) {
            Some(label) => self.place == ALL && self.all_labels().contains(&label),
            None => self.place == path,
        }
    }
}

/// The label that a folder is; `None`: it holds its own messages.
fn label_of(path: &str) -> Option<String> {
    match FOLDERS.iter().find(|(p, ..)| *p == path) {
        Some((_, _, "")) => None,
        Some((_, _, label)) => Some((*label).to_owned()),
        None => Some(path.to_owned()),
    }
}

impl Gmail {
    fn put(&mut self, subject: &str, place: &'static str) {
        let kept = self.mails.get_mut(subject).unwrap();
        if place != ALL {
            kept.labels.clear();
        }
        kept.place = place;
    }

    fn set_label(&mut self, world: &mut World, subject: &str, label: &str, on: bool) {
        if !label.starts_with('\\') && on && !world.mailboxes.contains_key(label) && !self.hidden.contains_key(label) {
            world.add(label);
        }
        let kept = self.mails.get_mut(subject).unwrap();
        let (set, label) = match label {
            "\\Starred" => (&mut kept.flags, "\\Flagged"),
            _ => (&mut kept.labels, label),
        };
        let _ = if on { set.insert(label.to_owned()) } else { set.remove(label) };
    }

    /// Takes over flags that were changed in one folder, then makes every folder show what it has to.
    fn show(&mut self, world: &mut World) {
        let paths: Vec<String> = world.mailboxes.keys().cloned().collect();
        for path in &paths {
            self.show_in(world, path);
        }
    }

    fn take_flags(&mut self, world: &World) {
        for (subject, kept) in &mut self.mails {
            let copies = world.mailboxes.values().flat_map(|m| &m.mails).filter(|m| m.subject == *subject);
            if let Some(newest) = copies.max_by_key(|m| m.modseq) {
                kept.flags = newest.flags.iter().filter(|f| *f != "\\Deleted").cloned().collect();
            }
        }
    }

    fn show_in(&self, world: &mut World, path: &str) {
        let due = |subject: &str| self.mails.get(subject).is_some_and(|kept| kept.is_in(path));
        if world.mailbox(path).mails.iter().any(|m| !due(&m.subject)) {
            world.expunge(path, |m| !due(&m.subject));
        }
        let there: BTreeSet<String> = world.subjects(path).into_iter().collect();
        for (subject, kept) in self.mails.iter().filter(|(_, kept)| kept.is_in(path)) {
            if !there.contains(subject) {
                world.deliver(path, subject);
            }
            let mail = world.mailbox(path).mails.iter_mut().find(|m| m.subject == *subject).unwrap();
            let differs = mail.flags.iter().filter(|f| *f != "\\Deleted").ne(kept.flags.iter());
            if differs {
                mail.flags = kept.flags.clone();
                let modseq = world.tick();
                world.mailbox(path).mails.iter_mut().find(|m| m.subject == *subject).unwrap().modseq = modseq;
            }
        }
    }

    /// What changes counts on in folders that are not to be seen, too.
    fn touch(&mut self, world: &mut World, subject: &str) {
        let modseq = world.tick();
        let folders = world.mailboxes.values_mut().chain(self.hidden.values_mut());
        for mail in folders.flat_map(|m| &mut m.mails).filter(|m| m.subject == subject) {
            mail.modseq = modseq;
        }
    }

    /// Out of one folder and into another; `None`: it stays in the first.
    fn file(&mut self, world: &mut World, subject: &str, out_of: Option<&str>, to: &str) {
        if let Some(label) = out_of.and_then(label_of) {
            self.set_label(world, subject, &label, false);
        }
        match (label_of(to), FOLDERS.iter().find(|(path, ..)| *path == to)) {
            (Some(label), _) => {
                self.put(subject, ALL);
                self.set_label(world, subject, &label, true);
            }
            (None, Some((place, ..))) => self.put(subject, place),
            (None, None) => {}
        }
    }

    /// What EXPUNGE does depends on the folder.
    fn expunge(&mut self, world: &mut World, path: &str, subject: &str) {
        match (label_of(path), path) {
            (Some(label), _) => self.set_label(world, subject, &label, false),
            (None, ALL) => self.put(subject, TRASH),
            (None, _) => drop(self.mails.remove(subject)),
        }
    }
}

/// Answers a command: what is Gmail's own here, the rest by the plain server.
pub(super) fn answer(visit: &mut Visit, mut gmail: Gmail, world: &mut World, tag: &str, command: &str) -> Vec<String> {
    let mut lines = match own(visit, &mut gmail, world, tag, command) {
        Some(lines) => lines,
        None => visit.answer(world, tag, command),
    };
    gmail.take_flags(world);
    gmail.show(world);
    let path = visit.selected.clone().unwrap_or_default();
    lines.iter_mut().for_each(|line| dress(&gmail, world, &path, command, line));
    world.gmail = Some(gmail);
    lines
}

fn own(visit: &mut Visit, gmail: &mut Gmail, world: &mut World, tag: &str, command: &str) -> Option<Vec<String>> {
    let (verb, rest) = command.split_once(' ')?;
    match verb {
        "DELETE" => {
            let path = name(rest);
            world.mailboxes.remove(&path)?;
            gmail.mails.values_mut().for_each(|kept| kept.labels.retain(|label| *label != path));
            return Some(vec![format!("{tag} OK gone")]);
        }
        "RENAME" => {
            let mut names = rest.split('"').filter(|part| !part.trim().is_empty());
            let (from, to) = (names.next()?.to_owned(), names.next()?.to_owned());
            let mailbox = world.mailboxes.remove(&from)?;
            world.mailboxes.insert(to.clone(), mailbox);
            for kept in gmail.mails.values_mut().filter(|kept| kept.labels.contains(&from)) {
                kept.labels.remove(&from);
                kept.labels.insert(to.clone());
            }
            return Some(vec![format!("{tag} OK renamed")]);
        }
        "UID" => {}
        _ => return None,
    }
    let path = visit.selected.clone()?;
    let (verb, rest) = rest.split_once(' ')?;
    let (set, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let last = world.mailbox(&path).mails.last().map_or(0, |m| m.uid);
    let set = uids(set, last);
    let chosen: Vec<_> = world.mailbox(&path).mails.iter().filter(|m| set.contains(m.uid)).cloned().collect();
    match verb {
        "STORE" if rest.contains("X-GM-LABELS") => {
            let (sign, labels) = rest.split_once(' ')?;
            for mail in &chosen {
                for label in spelled(labels) {
                    gmail.set_label(world, &mail.subject, &label, sign.starts_with('+'));
                }
                gmail.touch(world, &mail.subject);
            }
            gmail.show(world);
            Some(vec![format!("{tag} OK labels")])
        }
        "COPY" | "MOVE" => {
            let to = name(rest);
            if !world.mailboxes.contains_key(&to) {
                return Some(vec![format!("{tag} NO [TRYCREATE] no such mailbox")]);
            }
            gmail.take_flags(world);
            for mail in &chosen {
                gmail.file(world, &mail.subject, (verb == "MOVE").then_some(path.as_str()), &to);
                gmail.touch(world, &mail.subject);
            }
            gmail.show(world);
            let there = |subject: &str| world.mailboxes[&to].mails.iter().find(|m| m.subject == subject).unwrap().uid.to_string();
            let from: Vec<String> = chosen.iter().map(|m| m.uid.to_string()).collect();
            let at: Vec<String> = chosen.iter().map(|m| there(&m.subject)).collect();
            let mut lines = Vec::new();
            if !from.is_empty() {
                lines.push(format!("* OK [COPYUID {} {} {}] done", world.mailboxes[&to].validity, from.join(","), at.join(",")));
            }
            lines.extend(visit.news(world));
            lines.push(format!("{tag} OK done"));
            Some(lines)
        }
        "EXPUNGE" => {
            for mail in chosen.iter().filter(|m| m.flags.contains("\\Deleted")) {
                gmail.expunge(world, &path, &mail.subject);
            }
            gmail.show(world);
            let mut lines = visit.news(world);
            lines.push(format!("{tag} OK expunged"));
            Some(lines)
        }
        _ => None,
    }
}

/// Labels as a client writes them.
fn spelled(list: &str) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), list.trim_start_matches('(').strip_suffix(')').unwrap());
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let (mut label, mut chars) = (String::new(), quoted.char_indices());
            let end = loop {
                match chars.next().unwrap() {
                    (_, '\\') => label.push(chars.next().unwrap().1),
                    (at, '"') => break at,
                    (_, c) => label.push(c),
                }
            };
            out.push(label);
            rest = &quoted[end + 1..];
        } else if let Some(atom) = rest.split(' ').next().filter(|atom| !atom.is_empty()) {
            out.push(atom.to_owned());
            rest = &rest[atom.len()..];
        } else {
            return out;
        }
    }
}

/// Adds to a line what only this server says.
fn dress(gmail: &Gmail, world: &World, path: &str, command: &str, line: &mut String) {
    if let Some((head, tail)) = line.split_once(" () \"/\" ").filter(|(head, _)| head.starts_with("* L")) {
        let attribute = FOLDERS.iter().find(|(p, ..)| *p == name(tail)).map_or("", |(_, attribute, _)| attribute);
        *line = format!("{head} (\\HasNoChildren {attribute}) \"/\" {tail}");
        return;
    }
    let Some((head, tail)) = line.split_once(" FETCH (UID ").filter(|_| command.contains("X-GM-LABELS")) else { return };
    let uid = tail.split([' ', ')']).next().unwrap();
    let mail = world.mailboxes.get(path).and_then(|m| m.mails.iter().find(|m| m.uid.to_string() == uid));
    let Some(kept) = mail.and_then(|m| gmail.mails.get(&m.subject)) else { return };
    let here = label_of(path);
    let labels: Vec<String> = kept.all_labels().iter().filter(|l| Some(*l) != here.as_ref()).map(|l| written(l)).collect();
    let mut items = format!("X-GM-LABELS ({})", labels.join(" "));
    if command.contains("X-GM-MSGID") {
        items += &format!(" X-GM-THRID {} X-GM-MSGID {}", kept.id, kept.id);
    }
    *line = format!("{head} FETCH ({items} UID {tail}");
}

/// A label as such a server writes it: now an atom, now a string, now a literal.
fn written(label: &str) -> String {
    if label.contains(['(', '"']) {
        return format!("{{{}}}\r\n{label}", label.len());
    }
    let is_atom = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'&' || b == b'-');
    if is_atom { label.to_owned() } else { format!("\"{}\"", label.replace('\\', "\\\\")) }
}
