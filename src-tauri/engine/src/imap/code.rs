//! Response codes, `[…]` after OK, NO, BAD, BYE: the part of a status that programs read (RFC 9051 section 7.1, RFC 5530).

use super::items::CopyUid;
use super::token::{Token, number, text_tokens};
use crate::steps::step;
use godwit_domain::sync::UidSet;

/// The most pairs that a COPYUID is believed to have.
const MOST_PAIRS: usize = 1_000_000;

/// A response code. What is not listed stays a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Alert,
    Capability(Vec<String>),
    UidValidity(u32),
    UidNext(u32),
    HighestModseq(u64),
    NoModseq,
    PermanentFlags(Vec<String>),
    ReadOnly,
    ReadWrite,
    CopyUid(CopyUid),
    AppendUid(u32, u32),
    Modified(UidSet),
    Closed,
    /// Any other: its first word in upper case (`TRYCREATE`, `OVERQUOTA`, `AUTHENTICATIONFAILED` …).
    Other(String),
}

impl Code {
    /// Whether it is the word `word`, which has no typed form.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Other(w) if w == word)
    }
}

/// Splits `[CODE …] text`. A code that can't be read is none; its text is kept for people.
pub(super) fn split(text: &[u8]) -> (Option<Code>, String) {
    let text = text.trim_ascii();
    let shown = |b: &[u8]| String::from_utf8_lossy(b.trim_ascii()).into_owned();
    match text.strip_prefix(b"[").and_then(end_of_code) {
        Some((inner, rest)) => match read(inner) {
            Some(code) => (Some(code), shown(rest)),
            None => (None, shown(text)),
        },
        None => (None, shown(text)),
    }
}

/// The closing bracket: flags between parentheses and strings may have one of their own.
fn end_of_code(inner: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    let mut end = None;
    for (n, byte) in inner.iter().enumerate() {
        step(1);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b']' if !quoted && depth == 0 => {
                end = Some(n);
                break;
            }
            _ => {}
        }
    }
    let end = end.or_else(|| inner.iter().position(|b| *b == b']'))?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

fn read(inner: &[u8]) -> Option<Code> {
    let tokens = text_tokens(inner).ok()?;
    let (name, args) = tokens.split_first()?;
    let name = String::from_utf8_lossy(name.atom()?).to_ascii_uppercase();
    let first = args.first();
    let typed = match name.as_str() {
        "ALERT" => Some(Code::Alert),
        "CAPABILITY" => Some(Code::Capability(words(args))),
        "UIDVALIDITY" => first.and_then(Token::number).map(Code::UidValidity),
        "UIDNEXT" => first.and_then(Token::number).map(Code::UidNext),
        "HIGHESTMODSEQ" => first.and_then(Token::number).map(|n| if n == 0 { Code::NoModseq } else { Code::HighestModseq(n) }),
        "NOMODSEQ" => Some(Code::NoModseq),
        "PERMANENTFLAGS" => first.and_then(Token::list).map(|flags| Code::PermanentFlags(words(flags))),
        "READ-ONLY" => Some(Code::ReadOnly),
        "READ-WRITE" => Some(Code::ReadWrite),
        "COPYUID" => copy_uid(args).map(Code::CopyUid),
        "APPENDUID" => append_uid(args),
        "MODIFIED" => first.and_then(|t| uid_set(t.bytes()?)).map(Code::Modified),
        "CLOSED" => Some(Code::Closed),
        _ => None,
    };
    Some(typed.unwrap_or(Code::Other(name)))
}

fn append_uid(args: &[Token<'_>]) -> Option<Code> {
    match args {
        [uidvalidity, uid, ..] => Some(Code::AppendUid(uidvalidity.number()?, uid_set(uid.bytes()?)?.first()?)),
        _ => None,
    }
}

fn copy_uid(args: &[Token<'_>]) -> Option<CopyUid> {
    let [uidvalidity, source, target, ..] = args else { return None };
    let copied = CopyUid { uidvalidity: uidvalidity.number()?, source: uids_in_order(source)?, target: uids_in_order(target)? };
    (copied.source.len() == copied.target.len()).then_some(copied)
}

/// A set with its order kept, since COPYUID pairs by position.
fn uids_in_order(set: &Token<'_>) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    for part in set.bytes()?.split(|b| *b == b',') {
        let mut ends = part.splitn(2, |b| *b == b':');
        let first: u32 = number(ends.next()?)?;
        let last = ends.next().map_or(Some(first), number)?;
        let (low, high) = (first.min(last), first.max(last));
        if (high - low) as usize >= MOST_PAIRS.saturating_sub(out.len()) {
            return None;
        }
        out.extend(low..=high);
    }
    Some(out)
}

/// A set as the server writes it; `n:*` reaches to the last possible UID, descending ranges are turned round.
pub(super) fn uid_set(bytes: &[u8]) -> Option<UidSet> {
    let mut ranges = Vec::new();
    let end = |part: &[u8]| if part == b"*" { Some(u32::MAX) } else { number(part) };
    for part in bytes.split(|b| *b == b',') {
        let mut ends = part.splitn(2, |b| *b == b':');
        let first = end(ends.next()?)?;
        ranges.push((first, ends.next().map_or(Some(first), end)?));
    }
    Some(UidSet::from_ranges(ranges))
}

/// Tokens as words, whatever they were spelled with.
pub(super) fn words(tokens: &[Token<'_>]) -> Vec<String> {
    tokens.iter().filter_map(|t| t.word()).map(|w| String::from_utf8_lossy(w).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        split(text.as_bytes()).0
    }

    #[test]
    fn codes_are_typed_and_the_text_is_kept() {
        assert_eq!(split(b"[UIDNEXT 4392] Predicted next UID"), (Some(Code::UidNext(4392)), "Predicted next UID".into()));
        assert_eq!(split("[READ-WRITE]é".as_bytes()), (Some(Code::ReadWrite), "é".into()));
        assert_eq!(split(b"no code"), (None, "no code".into()));
        assert_eq!(split(b"[open"), (None, "[open".into()));
        assert_eq!(code("[HIGHESTMODSEQ 715194045007]"), Some(Code::HighestModseq(715194045007)));
        assert_eq!(code("[HIGHESTMODSEQ 0]"), Some(Code::NoModseq));
        assert_eq!(code("[MODIFIED 7,9] Conditional STORE failed"), Some(Code::Modified(UidSet::from_iter([7, 9]))));
        assert_eq!(code("[appenduid 38505 3955] done"), Some(Code::AppendUid(38505, 3955)));
        assert_eq!(code("[AUTHENTICATIONFAILED] Invalid"), Some(Code::Other("AUTHENTICATIONFAILED".into())));
        assert_eq!(code("[BADCHARSET ({5} x)]"), Some(Code::Other("BADCHARSET".into())));
    }

    #[test]
    fn a_bracket_in_a_flag_does_not_end_the_code() {
        assert_eq!(
            split(br"[PERMANENTFLAGS (\Seen a]b \*)] ok"),
            (Some(Code::PermanentFlags(vec!["\\Seen".into(), "a]b".into(), "\\*".into()])), "ok".into())
        );
    }

    #[test]
    fn copyuid_pairs_in_the_order_of_the_server() {
        let Some(Code::CopyUid(copied)) = code("[COPYUID 38505 304,319:320 3956:3958] Done") else { panic!("no COPYUID") };
        assert_eq!(copied, CopyUid { uidvalidity: 38505, source: vec![304, 319, 320], target: vec![3956, 3957, 3958] });
        assert!(code("[COPYUID 1 1:3 7]").unwrap().is("COPYUID"), "uneven pairs tell nothing");
        assert!(code("[COPYUID 1 1:4294967295 1:4294967295]").unwrap().is("COPYUID"), "nobody copies four billion");
    }

    #[test]
    fn sets_of_any_shape_are_normal() {
        assert_eq!(uid_set(b"12:*"), Some(UidSet::range(12, u32::MAX)));
        assert_eq!(uid_set(b"5:3").unwrap().to_string(), "3:5");
        assert_eq!(uid_set(b"1,,2"), None);
        assert_eq!(uid_set(b""), None);
    }
}
