//! What the pretended server holds.

use super::lie::Told;
use std::collections::{BTreeMap, BTreeSet};

/// All of it.
#[derive(Default)]
pub(crate) struct World {
    pub capabilities: String,
    /// The name it is connected to by; empty: one that says nothing.
    pub host: String,
    /// The lines of all who idle break, once.
    pub cut: bool,
    pub mailboxes: BTreeMap<String, Mailbox>,
    pub heard: Vec<(usize, String)>,
    pub connections: usize,
    pub(super) told: Vec<Told>,
    pub(super) modseq: u64,
    /// Its folders are labels.
    pub(super) gmail: Option<super::gmail::Gmail>,
}

/// A mailbox.
#[derive(Clone)]
pub(crate) struct Mailbox {
    pub validity: u32,
    pub next: u32,
    pub mails: Vec<Mail>,
    /// It answers SELECT with NOMODSEQ.
    pub forgets: bool,
    pub(super) vanished: Vec<(u64, u32)>,
}

/// A message.
#[derive(Clone)]
pub(crate) struct Mail {
    pub uid: u32,
    pub flags: BTreeSet<String>,
    pub modseq: u64,
    pub subject: String,
    /// How long ago it was written.
    pub days: i64,
}

impl World {
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities.split(' ').any(|c| c == capability)
    }

    /// A new, empty mailbox.
    pub fn add(&mut self, path: &str) {
        let mailbox = Mailbox { validity: 7, next: 1, mails: Vec::new(), forgets: false, vanished: Vec::new() };
        self.mailboxes.insert(path.to_owned(), mailbox);
    }

    pub fn mailbox(&mut self, path: &str) -> &mut Mailbox {
        self.mailboxes.get_mut(path).unwrap()
    }

    pub(super) fn tick(&mut self) -> u64 {
        self.modseq += 1;
        self.modseq
    }

    pub(super) fn highest(&self) -> u64 {
        self.modseq
    }

    /// A message with this subject comes in.
    pub fn deliver(&mut self, path: &str, subject: &str) -> u32 {
        let modseq = self.tick();
        let mailbox = self.mailbox(path);
        let uid = mailbox.next;
        mailbox.next += 1;
        mailbox.mails.push(Mail { uid, flags: BTreeSet::new(), modseq, subject: subject.to_owned(), days: 0 });
        uid
    }

    /// Messages `Letter 1` to `Letter n` come in.
    pub fn letters(&mut self, path: &str, count: u32) {
        for n in 1..=count {
            self.deliver(path, &format!("Letter {n}"));
        }
    }

    /// Another client sets or clears a flag.
    pub fn mark(&mut self, path: &str, uid: u32, flag: &str, on: bool) {
        let modseq = self.tick();
        let mail = self.mailbox(path).mails.iter_mut().find(|m| m.uid == uid).unwrap();
        let _ = if on { mail.flags.insert(flag.to_owned()) } else { mail.flags.remove(flag) };
        mail.modseq = modseq;
    }

    /// Something happens that no counter tells of.
    pub fn silently(&mut self, path: &str, change: impl FnOnce(&mut Vec<Mail>)) {
        change(&mut self.mailbox(path).mails);
    }

    /// Another client removes messages.
    pub fn expunge(&mut self, path: &str, which: impl Fn(&Mail) -> bool) -> Vec<Mail> {
        let modseq = self.tick();
        let mailbox = self.mailbox(path);
        let (gone, stay) = std::mem::take(&mut mailbox.mails).into_iter().partition::<Vec<_>, _>(|m| which(m));
        mailbox.mails = stay;
        mailbox.vanished.extend(gone.iter().map(|m| (modseq, m.uid)));
        gone
    }

    /// A mailbox is numbered anew.
    pub fn renumber(&mut self, path: &str) {
        let modseq = self.tick();
        let mailbox = self.mailbox(path);
        mailbox.validity += 1;
        mailbox.vanished.clear();
        for mail in &mut mailbox.mails {
            (mail.uid, mail.modseq) = (mail.uid + 100, modseq);
        }
        mailbox.next += 100;
    }

    /// A backup is put in place of what was: MODSEQ counts from here again.
    pub fn set_back(&mut self, modseq: u64) {
        self.modseq = modseq;
    }

    /// Subjects in a mailbox, in their order.
    pub fn subjects(&self, path: &str) -> Vec<String> {
        self.mailboxes.get(path).map(|m| m.mails.iter().map(|m| m.subject.clone()).collect()).unwrap_or_default()
    }

    /// The flags of a message.
    pub fn flags(&self, path: &str, uid: u32) -> Vec<String> {
        let mail = self.mailboxes[path].mails.iter().find(|m| m.uid == uid);
        mail.map(|m| m.flags.iter().cloned().collect()).unwrap_or_default()
    }
}

impl Mailbox {
    /// It says that a message vanished which is there.
    pub fn claims_vanished(&mut self, uid: u32) {
        self.vanished.push((u64::MAX >> 1, uid));
    }
}

impl Mail {
    /// The same at each look, however long a test takes.
    pub(super) fn date(&self, format: &(impl time::formatting::Formattable + ?Sized)) -> String {
        static NOW: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
        let at = NOW.get_or_init(crate::clock::now) - self.days * 86_400;
        time::OffsetDateTime::from_unix_timestamp(at).unwrap().format(format).unwrap()
    }

    pub(super) fn header(&self) -> String {
        let id = self.subject.replace(' ', "-");
        format!(
            "Date: {}\r\nFrom: Jonas <jonas@solheim.example>\r\nMessage-ID: <{id}@solheim.example>\r\n\
             Subject: {}\r\n\r\n",
            self.date(&time::format_description::well_known::Rfc2822),
            self.subject
        )
    }

    pub(super) fn body(&self) -> String {
        let header = self.header();
        if !self.subject.starts_with("Chart") {
            return format!("{header}Hei, {}.\r\n", self.subject);
        }
        // A chart hangs on it.
        let (above, chart) = (header.trim_end(), "QUJD".repeat(19) + "\r\n");
        format!(
            "{above}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHei, {}.\r\n--b\r\n\
             Content-Type: image/png; name=chart.png\r\nContent-Disposition: attachment; filename=chart.png\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}--b--\r\n",
            self.subject,
            chart.repeat(6_000)
        )
    }
}
