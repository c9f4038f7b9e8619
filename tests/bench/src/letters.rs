//! Mail for the bench, out of a seed: headers as varied and as long as real ones, small bodies. Nothing of it is anyone's.

use godwit_tests::dovecot::Stored;
use godwit_tests::sample::Dice;
use std::collections::VecDeque;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

const NAMES: [(&str, &str); 10] = [
    ("Ada Brennan", "ada.brennan"),
    ("Tomasz Wilk", "t.wilk"),
    ("=?utf-8?Q?J=C3=B8rgen_Lie?=", "jorgen"),
    ("Harbour Office", "office"),
    ("=?utf-8?B?0JDQvdC90LAg0J/QtdGC0YDQvtCy0LA=?=", "anna.petrova"),
    ("\"Moss, Eleanor\"", "eleanor.moss"),
    ("Weekly Tide", "news"),
    ("=?utf-8?B?5L2Q6Jek6Iqx5a2Q?=", "hanako.sato"),
    ("", "build-robot"),
    ("Ines Duarte", "ines"),
];
const WORDS: [&str; 24] = [
    "harbour", "meeting", "invoice", "slipway", "notes", "draft", "timber", "question", "Thursday", "delivery", "plan",
    "varnish", "report", "agenda", "photos", "offer", "schedule", "answer", "bridge", "concert", "ticket", "survey", "lantern",
    "contract",
];
/// The last day that a message may carry, seconds since 1970.
const NEWEST: i64 = 1_790_000_000;
/// Messages that an answer may answer.
const RECENT: usize = 48;
/// References that a message names.
const MOST_REFERENCES: usize = 8;

/// An endless row of messages, oldest first; `total` decides how far back it begins.
pub struct Letters {
    dice: Dice,
    next: usize,
    total: usize,
    recent: VecDeque<Sent>,
}

struct Sent {
    id: String,
    subject: String,
    references: Vec<String>,
}

impl Letters {
    pub fn new(seed: u64, total: usize) -> Self {
        Self { dice: Dice::new(seed), next: 0, total, recent: VecDeque::new() }
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| *self.dice.pick(&WORDS)).collect();
        words.join(" ")
    }

    /// A subject of its own, or an answer to something recent: subject, References.
    fn topic(&mut self) -> (String, Vec<String>) {
        if self.dice.once_in(3) && !self.recent.is_empty() {
            let at = self.dice.below(self.recent.len());
            if let Some(answered) = self.recent.get(at) {
                let mut references = answered.references.clone();
                references.push(answered.id.clone());
                let skip = references.len().saturating_sub(MOST_REFERENCES);
                let subject = format!("Re: {}", answered.subject.trim_start_matches("Re: "));
                return (subject, references.split_off(skip));
            }
        }
        let count = 2 + self.dice.below(6);
        let subject = self.words(count);
        let coded = self.dice.once_in(8);
        (if coded { format!("=?utf-8?Q?{}_=E2=80=93_=C3=A6ble?=", subject.replace(' ', "_")) } else { subject }, Vec::new())
    }

    fn letter(&mut self) -> Stored {
        let age = i64::try_from(self.total.saturating_sub(self.next)).unwrap_or_default();
        let date = NEWEST - age * 613 - i64::try_from(self.dice.below(600)).unwrap_or_default();
        let (subject, references) = self.topic();
        let (name, local) = *self.dice.pick(&NAMES);
        let from = format!("{name} <{local}@sender{}.example>", self.dice.below(400)).trim_start().to_owned();
        let id = format!("<{:016x}.{}@mail.example>", self.dice.roll(), self.next);
        let written = OffsetDateTime::from_unix_timestamp(date).ok().and_then(|d| d.format(&Rfc2822).ok()).unwrap_or_default();
        let mut head = format!(
            "Return-Path: <{local}@sender.example>\r\nReceived: from mx{n}.example (mx{n}.example [192.0.2.{n}])\r\n\tby mail.test.example with ESMTPS id {:08x}\r\n\tfor <reader@test.example>; {written}\r\n\
             Authentication-Results: mail.test.example; dkim=pass header.d=sender.example header.s=s1;\r\n\tspf=pass smtp.mailfrom={local}@sender.example; dmarc=pass header.from=sender.example\r\n\
             DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=s1;\r\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b={:064x}\r\n\
             Message-ID: {id}\r\nDate: {written}\r\nFrom: {from}\r\nTo: Reader <reader@test.example>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n",
            self.dice.roll() as u32,
            self.dice.roll(),
            n = self.dice.below(250),
        );
        if let Some(last) = references.last() {
            head += &format!("In-Reply-To: {last}\r\nReferences: {}\r\n", references.join("\r\n "));
        }
        if self.dice.once_in(4) {
            head += "Cc: Crew <crew@test.example>, \"Moss, Eleanor\" <eleanor.moss@sender7.example>\r\n";
        }
        if self.dice.once_in(5) {
            let list = self.dice.below(30);
            head += &format!(
                "List-Id: Tide <tide{list}.lists.example>\r\nList-Unsubscribe: <https://lists.example/u/{list}>,\r\n <mailto:leave{list}@lists.example>\r\nPrecedence: list\r\n"
            );
        }
        let body = self.body();
        let message = Stored {
            raw: (head + &body).into_bytes(),
            date,
            seen: !self.dice.once_in(10),
            flagged: self.dice.once_in(40),
            answered: self.dice.once_in(9),
            draft: false,
        };
        self.recent.push_back(Sent { id, subject, references });
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.next += 1;
        message
    }

    fn body(&mut self) -> String {
        let lines: Vec<String> = (0..1 + self.dice.below(5)).map(|_| self.words(10)).collect();
        let text = lines.join("\r\n");
        if self.dice.once_in(8) {
            return format!(
                "Content-Type: multipart/mixed; boundary=\"=_cut\"\r\n\r\n--=_cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\
                 --=_cut\r\nContent-Type: application/pdf; name=\"offer.pdf\"\r\nContent-Disposition: attachment; filename=\"offer.pdf\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQKJeLjz9MK\r\n--=_cut--\r\n"
            );
        }
        format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n")
    }
}

impl Iterator for Letters {
    type Item = Stored;

    fn next(&mut self) -> Option<Stored> {
        Some(self.letter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_mail_and_another_seed_other_mail() {
        let take = |seed| Letters::new(seed, 50).take(50).collect::<Vec<_>>();
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }

    #[test]
    fn later_messages_are_younger_and_some_answer_earlier_ones() {
        let letters: Vec<_> = Letters::new(1, 200).take(200).collect();
        assert!(letters.windows(2).all(|pair| pair[0].date < pair[1].date));
        let answers = letters.iter().filter(|l| String::from_utf8_lossy(&l.raw).contains("\r\nReferences: <")).count();
        assert!((40..100).contains(&answers), "{answers}");
    }
}
