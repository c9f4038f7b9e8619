//! The typed view of a FETCH response. Items that are not known are passed over; one odd item never costs the message.

use super::token::Token;
use godwit_domain::Flags;
use godwit_domain::labels::{self, Labels};
use sha2::{Digest, Sha256};
use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

/// What a FETCH response said of one message; `None`: it did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub seq: u32,
    pub uid: Option<u32>,
    pub flags: Option<Flags>,
    pub modseq: Option<u64>,
    /// Seconds since 1970 UTC; NIL and nonsense are `None`.
    pub internal_date: Option<i64>,
    pub size: Option<u32>,
    pub preview: Option<String>,
    pub sections: Vec<Section>,
    /// X-GM-MSGID, or EMAILID as a number.
    pub email_id: Option<u64>,
    /// X-GM-THRID, or THREADID as a number.
    pub thread_id: Option<u64>,
    pub gm_labels: Option<Labels>,
}

/// One `BODY[name]<origin>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Upper case, as it stood between the brackets: `HEADER.FIELDS (DATE)`, `TEXT`, empty for all.
    pub name: String,
    pub origin: Option<u64>,
    /// `None` is NIL.
    pub bytes: Option<Vec<u8>>,
    /// Whether the server sent more than was kept.
    pub cut: bool,
}

impl Fetched {
    /// About how much memory its lists and strings take.
    pub fn held(&self) -> usize {
        let sections = self.sections.iter().map(|s| s.name.len() + s.bytes.as_ref().map_or(0, Vec::len) + 96);
        let flags = self.flags.as_ref().map_or(0, |f| f.keywords.iter().map(|k| k.len() + 64).sum());
        let preview = self.preview.as_ref().map_or(0, String::len);
        sections.sum::<usize>() + flags + preview + self.gm_labels.iter().flatten().map(|l| l.len() + 64).sum::<usize>()
    }

    /// The section whose name begins with `name`; an empty name means the whole message.
    pub fn section(&mut self, name: &str) -> Option<Section> {
        let at = self.sections.iter().position(|s| if name.is_empty() { s.name.is_empty() } else { s.name.starts_with(name) })?;
        Some(self.sections.swap_remove(at))
    }
}

/// Reads the list of items behind `n FETCH`.
pub(super) fn read(seq: u32, items: &[Token<'_>]) -> Fetched {
    let mut out = Fetched { seq, ..Fetched::default() };
    let mut items = items.iter();
    while let Some(name) = items.next() {
        let Some(name) = name.atom() else { continue };
        let Some(value) = items.next() else { break };
        if name.get(..5).is_some_and(|n| n.eq_ignore_ascii_case(b"BODY[")) {
            out.sections.extend(section(&upper(name), value));
            continue;
        }
        let mut short = [0; LONGEST_NAME];
        let Some(short) = short.get_mut(..name.len()) else { continue };
        short.copy_from_slice(name);
        short.make_ascii_uppercase();
        match &*short {
            b"UID" => out.uid = value.number().filter(|uid| *uid > 0),
            b"FLAGS" => out.flags = value.list().map(flags),
            b"MODSEQ" => out.modseq = value.list().and_then(<[_]>::first).unwrap_or(value).number(),
            b"INTERNALDATE" => out.internal_date = value.bytes().and_then(internal_date),
            b"RFC822.SIZE" => out.size = value.number::<u64>().map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
            b"PREVIEW" => out.preview = value.bytes().map(text),
            b"EMAILID" => out.email_id = object_id(value),
            b"THREADID" => out.thread_id = object_id(value),
            b"X-GM-MSGID" => out.email_id = value.number(),
            b"X-GM-THRID" => out.thread_id = value.number(),
            b"X-GM-LABELS" => out.gm_labels = value.list().map(labels),
            _ => {}
        }
    }
    out
}

/// The longest name of an item that is known, but for sections.
const LONGEST_NAME: usize = 16;

/// A name in upper case; one that is no UTF-8 names nothing that was asked for.
fn upper(name: &[u8]) -> String {
    std::str::from_utf8(name).map(str::to_ascii_uppercase).unwrap_or_default()
}

/// A flag of more bytes than this is none.
const LONGEST_FLAG: usize = 255;

/// Flags out of a list. What has a space or a control character in it is none, and bytes that are no UTF-8 are kept as shown.
pub(super) fn flags(list: &[Token<'_>]) -> Flags {
    let is_flag =
        |word: &&[u8]| word.len() <= LONGEST_FLAG && !word.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control());
    let names: Vec<_> = list.iter().filter_map(|t| t.word()).filter(is_flag).map(String::from_utf8_lossy).collect();
    Flags::parse(names.iter().map(AsRef::as_ref))
}

/// Labels out of a list. Gmail spells them as it spells mailbox names; one that is not modified UTF-7 is taken as it stands.
fn labels(list: &[Token<'_>]) -> Labels {
    let plain = |word: String| super::mutf7::decode(&word).unwrap_or(word);
    // A word as it stands: `NIL` is a label like any other where a label is due.
    let names: Vec<String> = list
        .iter()
        .filter_map(Token::word)
        .filter(|word| word.len() <= labels::LONGEST)
        .take(labels::MAX_LABELS)
        .map(|word| plain(String::from_utf8_lossy(word).into_owned()))
        .collect();
    labels::from_server(names.iter().map(String::as_str))
}

/// The longest object id (RFC 8474).
const LONGEST_ID: usize = 255;

/// `(M6d9)` as a number, which is all that is asked of it: whether it is the same as another. NIL is none.
fn object_id(value: &Token<'_>) -> Option<u64> {
    let id = value.list().and_then(<[_]>::first)?.bytes().filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)?;
    Sha256::digest(id).first_chunk().map(|first| u64::from_le_bytes(*first))
}

fn section(name: &str, value: &Token<'_>) -> Option<Section> {
    let (inside, after) = name.strip_prefix("BODY[")?.rsplit_once(']')?;
    let origin = after.strip_prefix('<').and_then(|n| n.strip_suffix('>')).and_then(|n| n.parse().ok());
    let cut = matches!(value, Token::Literal(bytes, announced) if (bytes.len() as u64) < *announced);
    Some(Section { name: inside.trim().to_owned(), origin, bytes: value.bytes().map(<[u8]>::to_vec), cut })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `17-Jul-1996 02:44:25 -0700` (RFC 9051 `date-time`), read generously.
fn internal_date(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (date, clock, zone) = (words.next()?, words.next()?, words.next().unwrap_or("+0000"));
    let mut date = date.splitn(3, '-');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    let date = Date::from_calendar_date(year.parse().ok()?, month_named(month)?, day.parse().ok()?).ok()?;
    let mut clock = clock.splitn(3, ':');
    let (hour, minute, second) = (clock.next()?.parse().ok()?, clock.next()?.parse().ok()?, clock.next()?.parse::<u8>().ok()?);
    let time = Time::from_hms(hour, minute, second.min(59)).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_offset(offset(zone)).unix_timestamp())
}

fn month_named(name: &str) -> Option<Month> {
    let all = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = all.iter().position(|m| m.eq_ignore_ascii_case(name))?;
    Month::try_from(u8::try_from(at + 1).ok()?).ok()
}

/// A zone that makes no sense is UTC: the day is then right within hours.
fn offset(zone: &str) -> UtcOffset {
    let read = || {
        let (sign, digits) = if let Some(d) = zone.strip_prefix('-') { (-1, d) } else { (1, zone.strip_prefix('+')?) };
        let number: i8 = digits.get(..2)?.parse().ok()?;
        let minutes: i8 = digits.get(2..4)?.parse().ok()?;
        UtcOffset::from_hms(sign * number, sign * minutes, 0).ok()
    };
    read().unwrap_or(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::token::text_tokens;

    fn fetched(items: &str) -> Fetched {
        let tokens = text_tokens(items.as_bytes()).unwrap();
        read(1, tokens[0].list().unwrap())
    }

    #[test]
    fn items_are_read_and_unknown_ones_passed_over() {
        let mut f = fetched(
            &r#"(UID 5 FLAGS (\Seen $Work a]b \*) MODSEQ (917) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 4286
            PREVIEW "Hello" EMAILID (M6d9) SAVEDATE NIL X-GM-MSGID 12 X-GM-LABELS (\\Inbox "a b") ENVELOPE (NIL "s" ())
            BODY[HEADER.FIELDS (date)] "Date: x" BODY[]<256> "y" BODY[TEXT] NIL)"#
                .replace('\n', ""),
        );
        assert_eq!((f.uid, f.modseq, f.size), (Some(5), Some(917), Some(4286)));
        assert_eq!(f.flags.as_ref().unwrap().names(), ["\\Seen", "$Work", "a]b"]);
        assert_eq!(f.internal_date, Some(837596665));
        assert_eq!((f.preview.as_deref(), f.email_id), (Some("Hello"), Some(12)));
        assert_eq!(f.section("HEADER").unwrap().bytes.unwrap(), b"Date: x");
        assert_eq!(f.section("").unwrap().origin, Some(256));
        assert_eq!(f.section("TEXT").unwrap().bytes, None);
    }

    #[test]
    fn labels_come_as_atoms_and_strings() {
        let tokens = text_tokens(
            b"(UID 5 X-GM-LABELS (\\Inbox \"\\\\Sent\" Work a]b \"Muy Importante\" \"Entw&APw-rfe/&U,BTFw-\" \"[Imap]/Q\" a&b \"q\\\"q\" \\Starred))",
        );
        let mut f = read(1, tokens.unwrap()[0].list().unwrap());
        let labels: Vec<String> = f.gm_labels.take().unwrap().into_iter().collect();
        assert_eq!(
            labels,
            ["Entw\u{fc}rfe/\u{53f0}\u{5317}", "Muy Importante", "Work", "[Imap]/Q", "\\Inbox", "\\Sent", "a&b", "a]b", "q\"q"]
        );
        assert_eq!(fetched("(UID 5 X-GM-LABELS ())").gm_labels, Some(Labels::new()));
        assert_eq!(fetched("(UID 5 X-GM-LABELS NIL)").gm_labels, None, "nothing was told");
    }

    #[test]
    fn what_the_server_knows_a_message_by_is_the_same_wherever_it_says_it() {
        let id = |items| fetched(items).email_id;
        assert!(id("(UID 5 EMAILID (M6d9) THREADID NIL)").is_some());
        assert_eq!(id("(UID 5 EMAILID (M6d9))"), id("(UID 9 EMAILID (\"M6d9\") SAVEDATE NIL)"));
        assert_ne!(id("(UID 5 EMAILID (M6d9))"), id("(UID 5 EMAILID (M6da))"));
        let none = ["(EMAILID NIL)", "(EMAILID ())", "(EMAILID (\"\"))", "(EMAILID ((M6d9)))", "(EMAILID M6d9)"];
        assert_eq!(none.map(id), [None; 5]);
        assert_eq!(id(&format!("(EMAILID ({}))", "M".repeat(256))), None);
        let threads = fetched("(UID 5 THREADID (T64b))");
        assert_eq!((threads.email_id, threads.thread_id.is_some()), (None, true));
    }

    #[test]
    fn odd_values_cost_only_themselves() {
        let f = fetched("(UID 0 INTERNALDATE NIL RFC822.SIZE 99999999999 FLAGS NIL MODSEQ 4)");
        assert_eq!((f.uid, f.internal_date, f.size, f.flags, f.modseq), (None, None, Some(u32::MAX), None, Some(4)));
        assert_eq!(fetched("()"), Fetched { seq: 1, ..Fetched::default() });
        assert_eq!(fetched("(UID 7 FLAGS)").uid, Some(7));
    }

    #[test]
    fn dates_of_all_kinds_are_seconds_or_nothing() {
        assert_eq!(internal_date(b" 1-Jan-1970 00:00:01 +0000"), Some(1));
        assert_eq!(internal_date(b"01-jan-1970 01:00:00 +0100"), Some(0));
        assert_eq!(internal_date(b"30-Feb-2020 00:00:00 +0000"), None);
        assert_eq!(internal_date(b"31-Dec-2016 23:59:60 +0000"), Some(1_483_228_799));
        assert_eq!(internal_date(b"1-Jan-1970 00:00:00 wrong"), Some(0));
        assert_eq!(internal_date("é-é-é é é".as_bytes()), None);
    }
}
