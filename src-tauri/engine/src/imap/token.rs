//! The one tokenizer for everything a server sends: atoms, quoted strings, literals and lists (RFC 9051 section 4).
//! It knows no command. Depth and count are bounded; it walks the frame once.

use super::framer::{Frame, Part};
use crate::steps::step;
use std::borrow::Cow;

/// The deepest nesting that is read; deeper lists are a trick or a bug.
pub(super) const MOST_DEPTH: usize = 64;
/// The most tokens in one response.
const MOST_TOKENS: usize = 2_000_000;

/// One token. Its bytes are the server's own, unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Bare characters; `NIL` too.
    Atom(&'a [u8]),
    /// What stood between quotes.
    Quoted(Cow<'a, [u8]>),
    /// A literal, and the length it was announced with.
    Literal(&'a [u8], u64),
    /// What stood between parentheses.
    List(Vec<Token<'a>>),
}

impl<'a> Token<'a> {
    /// The string in it: quoted, literal or bare. NIL and lists have none.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(b) if b.eq_ignore_ascii_case(b"NIL") => None,
            Self::Atom(b) | Self::Literal(b, _) => Some(b),
            Self::Quoted(b) => Some(b),
            Self::List(_) => None,
        }
    }

    /// The string, also where it is the bare word NIL: names and flags may be spelled so.
    pub fn word(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(b) => Some(b),
            other => other.bytes(),
        }
    }

    /// Bare characters.
    pub fn atom(&self) -> Option<&'a [u8]> {
        match self {
            Self::Atom(b) => Some(b),
            _ => None,
        }
    }

    /// The list in it.
    pub fn list(&self) -> Option<&[Token<'a>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// A number in bare digits, or in quotes as some servers write it.
    pub fn number<N: std::str::FromStr>(&self) -> Option<N> {
        number(self.bytes()?)
    }
}

/// Plain digits as a number.
pub(super) fn number<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Why a frame can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("lists are nested too deep")]
    TooDeep,
    #[error("there are too many items")]
    TooMany,
    #[error("a quoted string has no end")]
    OpenQuote,
    #[error("parentheses don't match")]
    Unbalanced,
    #[error("it is no response that is known")]
    Unknown,
}

/// Reads tokens of `frame`, leaving out the first `skip` bytes of its head.
pub(super) fn tokens<'a>(frame: &'a Frame, skip: usize) -> Result<Vec<Token<'a>>, TokenError> {
    let mut open: Vec<Vec<Token<'a>>> = Vec::new();
    let mut current = Vec::new();
    let mut count = 0usize;
    for (n, part) in frame.parts.iter().enumerate() {
        match part {
            Part::Literal { bytes, announced } => current.push(Token::Literal(bytes, *announced)),
            Part::Text(text) => {
                let text = text.get(if n == 0 { skip } else { 0 }..).unwrap_or_default();
                read_text(text, &mut open, &mut current, &mut count)?;
            }
        }
    }
    if open.is_empty() { Ok(current) } else { Err(TokenError::Unbalanced) }
}

/// Reads tokens of plain text, such as a response code's.
pub(super) fn text_tokens(text: &[u8]) -> Result<Vec<Token<'_>>, TokenError> {
    let (mut open, mut current) = (Vec::new(), Vec::new());
    read_text(text, &mut open, &mut current, &mut 0)?;
    if open.is_empty() { Ok(current) } else { Err(TokenError::Unbalanced) }
}

fn read_text<'a>(
    text: &'a [u8],
    open: &mut Vec<Vec<Token<'a>>>,
    current: &mut Vec<Token<'a>>,
    count: &mut usize,
) -> Result<(), TokenError> {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        step(1);
        match byte {
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'(' => {
                if open.len() >= MOST_DEPTH {
                    return Err(TokenError::TooDeep);
                }
                open.push(std::mem::take(current));
                at += 1;
            }
            b')' => {
                let outer = open.pop().ok_or(TokenError::Unbalanced)?;
                let list = std::mem::replace(current, outer);
                current.push(Token::List(list));
                at += 1;
            }
            b'"' => {
                let (value, next) = quoted(text, at + 1)?;
                current.push(Token::Quoted(value));
                at = next;
            }
            _ => {
                let end = atom_end(text, at);
                current.push(Token::Atom(text.get(at..end).unwrap_or_default()));
                at = end;
            }
        }
        *count += 1;
        if *count > MOST_TOKENS {
            return Err(TokenError::TooMany);
        }
    }
    Ok(())
}

fn quoted(text: &[u8], from: usize) -> Result<(Cow<'_, [u8]>, usize), TokenError> {
    let rest = text.get(from..).unwrap_or_default();
    let mut unescaped: Option<Vec<u8>> = None;
    let mut escaped = false;
    for (n, byte) in rest.iter().enumerate() {
        step(1);
        match byte {
            _ if escaped => {
                escaped = false;
                unescaped.get_or_insert_default().push(*byte);
            }
            b'\\' => {
                escaped = true;
                unescaped.get_or_insert_with(|| rest.get(..n).unwrap_or_default().to_vec());
            }
            b'"' => {
                let value = unescaped.map_or_else(|| Cow::Borrowed(rest.get(..n).unwrap_or_default()), Cow::Owned);
                return Ok((value, from + n + 1));
            }
            _ => {
                if let Some(bytes) = &mut unescaped {
                    bytes.push(*byte);
                }
            }
        }
    }
    Err(TokenError::OpenQuote)
}

/// Where an atom ends. `BODY[HEADER.FIELDS (A B)]<0>` is one atom; a `]` elsewhere (a flag of Gmail's) is a character.
fn atom_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(sign) = rest.iter().position(|b| matches!(b, b' ' | b'(' | b')' | b'[')) else { break };
        step(sign + 1);
        at += sign;
        if rest.get(sign) != Some(&b'[') {
            return at;
        }
        at += 1;
        if takes_section(text.get(from..at - 1).unwrap_or_default()) {
            let Some(end) = text.get(at..).and_then(|inside| memchr::memchr(b']', inside)) else { break };
            step(end + 1);
            at += end + 1;
        }
    }
    text.len().max(from)
}

fn takes_section(name: &[u8]) -> bool {
    ["BODY", "BINARY", "BINARY.SIZE"].iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Token<'_>>, TokenError> {
        text_tokens(text.as_bytes())
    }

    fn atom(s: &str) -> Token<'_> {
        Token::Atom(s.as_bytes())
    }

    fn quote(s: &str) -> Token<'_> {
        Token::Quoted(Cow::Borrowed(s.as_bytes()))
    }

    #[test]
    fn strings_are_unescaped_and_lists_nest() {
        assert_eq!(
            read(r#"LIST (\A () "x") "/" "a \"b\" \\c" NIL"#).unwrap(),
            [
                atom("LIST"),
                Token::List(vec![atom("\\A"), Token::List(vec![]), quote("x")]),
                quote("/"),
                quote(r#"a "b" \c"#),
                atom("NIL")
            ]
        );
        assert_eq!(read(r#""\\""#).unwrap(), [quote("\\")]);
        assert_eq!(read(r#"a"b"#).unwrap(), [atom("a\"b")]);
    }

    #[test]
    fn a_section_is_one_atom_and_a_bracket_in_a_flag_is_a_character() {
        assert_eq!(
            read("BODY[HEADER.FIELDS (DATE \"X\")]<0> (a]b [c) NIL").unwrap(),
            [atom("BODY[HEADER.FIELDS (DATE \"X\")]<0>"), Token::List(vec![atom("a]b"), atom("[c")]), atom("NIL")]
        );
    }

    #[test]
    fn what_does_not_end_or_goes_too_deep_is_an_error() {
        assert_eq!(read("(a"), Err(TokenError::Unbalanced));
        assert_eq!(read("a)"), Err(TokenError::Unbalanced));
        assert_eq!(read("\"a"), Err(TokenError::OpenQuote));
        assert_eq!(read("\"a\\"), Err(TokenError::OpenQuote));
        assert_eq!(read(&"(".repeat(400)), Err(TokenError::TooDeep));
        assert!(read(&format!("{}{}", "(".repeat(MOST_DEPTH), ")".repeat(MOST_DEPTH))).is_ok());
    }

    #[test]
    fn numbers_are_plain_digits() {
        assert_eq!(atom("4294967295").number::<u32>(), Some(u32::MAX));
        assert_eq!(atom("4294967296").number::<u32>(), None);
        assert_eq!(atom("+1").number::<u32>(), None);
        assert_eq!(atom("").number::<u32>(), None);
        assert_eq!(quote("7").number::<u64>(), Some(7));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in proptest::collection::vec(prop_oneof![
            Just(b'('), Just(b')'), Just(b'"'), Just(b'\\'), Just(b'['), Just(b']'), Just(b' '), any::<u8>()], 0..200))
        {
            let _ = text_tokens(&text);
            let frame = Frame { parts: vec![Part::Text(text.clone()), Part::Literal { bytes: text.clone(), announced: 0 }, Part::Text(text)] };
            let _ = tokens(&frame, 2);
        }
    }
}
