//! Typed views of whole responses: what a frame of tokens means (RFC 9051 section 7, RFC 7162, 4731, 5161, 2342).
//! A frame that has no meaning is an error for the caller to count and pass over; it never ends a connection.

use super::code::{Code, split, uid_set, words};
use super::fetch::{self, Fetched};
use super::framer::Frame;
use super::quota::{self, Limit};
use super::token::{Token, TokenError, number, tokens};
use godwit_domain::sync::{StatusItems, UidSet};

/// The longest ID answer that is kept, in characters.
const MOST_ID: usize = 500;

/// How a command or a greeting went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    No,
    Bad,
    Bye,
    Preauth,
}

/// OK, NO, BAD, BYE or PREAUTH with its code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub outcome: Outcome,
    pub code: Option<Code>,
    pub text: String,
}

/// A line of LIST or LSUB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListLine {
    pub attributes: Vec<String>,
    pub delimiter: Option<char>,
    pub name: String,
}

/// Any response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    Tagged(String, Status),
    Continue(Vec<u8>),
    Status(Status),
    Capability(Vec<String>),
    Enabled(Vec<String>),
    List(ListLine),
    Lsub(ListLine),
    MailboxStatus(String, StatusItems),
    /// SEARCH and ESEARCH ALL, whose numbers are UIDs since only UID SEARCH is sent.
    Search(UidSet),
    /// What the server calls itself, in one line of at most `MOST_ID` characters.
    Id(String),
    /// Limits of one quota root.
    Quota(Vec<Limit>),
    /// Prefix and delimiter of the first personal namespace.
    Namespace(Option<(String, Option<char>)>),
    Vanished {
        earlier: bool,
        uids: UidSet,
    },
    Exists(u32),
    Expunge(u32),
    Fetch(Box<Fetched>),
    /// Known and of no use here (RECENT, FLAGS, …), or not known at all.
    Other,
}

impl Response {
    /// About how much memory its lists and strings take: a few bytes on the wire can be spelled so that they become thousands here.
    pub fn held(&self) -> usize {
        match self {
            Self::Tagged(_, status) | Self::Status(status) => status.held(),
            Self::Continue(text) => text.len(),
            Self::Id(text) => text.len(),
            Self::Quota(limits) => limits.iter().map(|(what, ..)| what.len() + 48).sum(),
            Self::Capability(words) | Self::Enabled(words) => words_held(words),
            Self::List(line) | Self::Lsub(line) => line.name.len() + words_held(&line.attributes),
            Self::Search(uids) | Self::Vanished { uids, .. } => size_of_val(uids.ranges()),
            Self::Fetch(fetched) => fetched.held(),
            _ => 0,
        }
    }
}

impl Status {
    fn held(&self) -> usize {
        let code = match &self.code {
            Some(Code::Capability(words) | Code::PermanentFlags(words)) => words_held(words),
            Some(Code::CopyUid(copied)) => size_of_val(copied.source.as_slice()) + size_of_val(copied.target.as_slice()),
            Some(Code::Modified(uids)) => size_of_val(uids.ranges()),
            _ => 0,
        };
        self.text.len() + code
    }
}

/// What a list of strings takes, each with its own piece of the heap.
pub(super) fn words_held(words: &[String]) -> usize {
    words.iter().map(|w| w.len() + 48).sum()
}

/// What `frame` means.
pub(super) fn read(frame: &Frame) -> Result<Response, TokenError> {
    let head = frame.head();
    if let Some(text) = head.strip_prefix(b"+") {
        return Ok(Response::Continue(text.trim_ascii().to_vec()));
    }
    let Some(rest) = head.strip_prefix(b"*") else { return tagged(head) };
    let rest = rest.trim_ascii_start();
    let skip = head.len() - rest.len();
    let (word, after) = first_word(rest);
    if let Some(outcome) = outcome(word) {
        let (code, text) = split(after);
        return Ok(Response::Status(Status { outcome, code, text }));
    }
    if let Some(n) = number::<u32>(word) {
        return numbered(frame, n);
    }
    let after_word = skip + word.len();
    match word.to_ascii_uppercase().as_slice() {
        b"SEARCH" => search(after),
        b"ESEARCH" => Ok(esearch(&tokens(frame, after_word)?)),
        b"CAPABILITY" => Ok(Response::Capability(words(&tokens(frame, after_word)?))),
        b"ENABLED" => Ok(Response::Enabled(words(&tokens(frame, after_word)?))),
        b"LIST" | b"XLIST" => list(&tokens(frame, after_word)?).map(Response::List).ok_or(TokenError::Unknown),
        b"LSUB" => list(&tokens(frame, after_word)?).map(Response::Lsub).ok_or(TokenError::Unknown),
        b"STATUS" => mailbox_status(&tokens(frame, after_word)?).ok_or(TokenError::Unknown),
        b"ID" => Ok(id(after)),
        b"QUOTA" => quota::limits(&tokens(frame, after_word)?).map(Response::Quota).ok_or(TokenError::Unknown),
        b"NAMESPACE" => Ok(namespace(&tokens(frame, after_word)?)),
        b"VANISHED" => vanished(&tokens(frame, after_word)?).ok_or(TokenError::Unknown),
        _ => Ok(Response::Other),
    }
}

fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| *b == b' ').unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, b""))
}

fn outcome(word: &[u8]) -> Option<Outcome> {
    match word.to_ascii_uppercase().as_slice() {
        b"OK" => Some(Outcome::Ok),
        b"NO" => Some(Outcome::No),
        b"BAD" => Some(Outcome::Bad),
        b"BYE" => Some(Outcome::Bye),
        b"PREAUTH" => Some(Outcome::Preauth),
        _ => None,
    }
}

fn tagged(head: &[u8]) -> Result<Response, TokenError> {
    let (tag, rest) = first_word(head);
    let (word, text) = first_word(rest.trim_ascii_start());
    let outcome = outcome(word).filter(|o| matches!(o, Outcome::Ok | Outcome::No | Outcome::Bad)).ok_or(TokenError::Unknown)?;
    let (code, text) = split(text);
    Ok(Response::Tagged(String::from_utf8_lossy(tag).into_owned(), Status { outcome, code, text }))
}

fn numbered(frame: &Frame, n: u32) -> Result<Response, TokenError> {
    let tokens = tokens(frame, 1)?;
    let word = tokens.get(1).and_then(Token::atom).unwrap_or_default().to_ascii_uppercase();
    match word.as_slice() {
        b"EXISTS" => Ok(Response::Exists(n)),
        b"EXPUNGE" => Ok(Response::Expunge(n)),
        b"FETCH" => {
            let items = tokens.get(2).and_then(Token::list).ok_or(TokenError::Unknown)?;
            Ok(Response::Fetch(Box::new(fetch::read(n, items))))
        }
        _ => Ok(Response::Other),
    }
}

/// Numbers are read straight off the line: a mailbox may have millions. `(MODSEQ n)` at the end is of no use here.
fn search(text: &[u8]) -> Result<Response, TokenError> {
    let numbers = text.split(|b| *b == b'(').next().unwrap_or_default();
    let read = |word: &[u8]| number::<u32>(word).ok_or(TokenError::Unknown);
    let uids: Result<Vec<u32>, _> = numbers.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(read).collect();
    Ok(Response::Search(uids?.into_iter().collect()))
}

fn esearch(tokens: &[Token<'_>]) -> Response {
    let mut rest = tokens.iter().skip_while(|t| !t.atom().is_some_and(|a| a.eq_ignore_ascii_case(b"ALL")));
    rest.next();
    Response::Search(rest.next().and_then(|set| uid_set(set.bytes()?)).unwrap_or_default())
}

fn list(tokens: &[Token<'_>]) -> Option<ListLine> {
    let [attributes, delimiter, name, ..] = tokens else { return None };
    // A name that is no UTF-8 could not be sent back as it came.
    let name = std::str::from_utf8(name.word()?).ok()?.to_owned();
    let delimiter = delimiter.bytes().and_then(|b| std::str::from_utf8(b).ok()?.chars().next());
    Some(ListLine { attributes: words(attributes.list()?), delimiter, name })
}

fn mailbox_status(tokens: &[Token<'_>]) -> Option<Response> {
    let name = std::str::from_utf8(tokens.first()?.word()?).ok()?.to_owned();
    let mut items = StatusItems::default();
    let mut pairs = tokens.get(1)?.list()?.iter();
    while let (Some(item), Some(value)) = (pairs.next(), pairs.next()) {
        match item.atom().unwrap_or_default().to_ascii_uppercase().as_slice() {
            b"MESSAGES" => items.messages = value.number(),
            b"UIDNEXT" => items.uidnext = value.number(),
            b"UIDVALIDITY" => items.uidvalidity = value.number(),
            b"UNSEEN" => items.unseen = value.number(),
            b"HIGHESTMODSEQ" => items.highestmodseq = value.number().filter(|n| *n > 0),
            _ => {}
        }
    }
    Some(Response::MailboxStatus(name, items))
}

fn namespace(tokens: &[Token<'_>]) -> Response {
    let personal = tokens.first().and_then(Token::list).and_then(<[_]>::first).and_then(Token::list);
    let text = |t: &Token<'_>| t.bytes().and_then(|b| std::str::from_utf8(b).ok()).map(str::to_owned);
    Response::Namespace(personal.and_then(|entry| {
        let prefix = entry.first().and_then(text)?;
        Some((prefix, entry.get(1).and_then(text).and_then(|d| d.chars().next())))
    }))
}

/// Old bridges write atoms where strings belong, so the line is taken as it stands.
fn id(text: &[u8]) -> Response {
    let words = String::from_utf8_lossy(text).replace(['"', '(', ')'], " ");
    Response::Id(words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_ID).collect())
}

fn vanished(tokens: &[Token<'_>]) -> Option<Response> {
    let (earlier, set) = match tokens {
        [Token::List(_), set, ..] => (true, set),
        [set, ..] => (false, set),
        [] => return None,
    };
    Some(Response::Vanished { earlier, uids: uid_set(set.bytes()?)? })
}
