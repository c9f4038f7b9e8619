//! Cuts a server's bytes into whole responses without understanding them: lines and literals, in linear time.
//! What is too big is cut short or refused here, so that nothing behind it ever sees more than it asked for.

use crate::steps::step;
use memchr::memchr;

/// The longest a response may be without its literals: a SEARCH of a million UIDs has 8 MiB.
pub(super) const MOST_TEXT: usize = 16 << 20;
/// What is kept of a response's literals unless a command allows more or less.
pub(super) const USUAL_LITERALS: usize = 1 << 20;
/// What is read and thrown away of a literal beyond what is kept, before the connection is given up.
pub(super) const MOST_SKIPPED: u64 = 64 << 20;
/// The most literals in one response.
const MOST_LITERALS: usize = 1024;
/// A number in `{}` has at most this many digits.
const MOST_DIGITS: usize = 10;

/// A piece of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text between literals, without CRLF and without the `{n}` that ends it.
    Text(Vec<u8>),
    /// A literal; shorter than announced where it was beyond the budget.
    Literal {
        /// What was kept.
        bytes: Vec<u8>,
        /// What the server announced.
        announced: u64,
    },
}

/// One whole response: text, then literals and texts in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub parts: Vec<Part>,
}

impl Frame {
    /// The text up to the first literal.
    pub fn head(&self) -> &[u8] {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => b"",
        }
    }

    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|p| match p {
                Part::Text(b) | Part::Literal { bytes: b, .. } => b.len(),
            })
            .sum()
    }
}

/// Why a connection can't be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a line has no end")]
    LineTooLong,
    #[error("a literal is announced that nobody asked for")]
    LiteralTooBig,
    #[error("a response has too many literals")]
    TooManyLiterals,
}

#[derive(Debug)]
struct OpenLiteral {
    bytes: Vec<u8>,
    announced: u64,
    left: u64,
    keep: usize,
}

/// The state between two reads.
#[derive(Debug)]
pub(super) struct Framer {
    frame: Frame,
    text: Vec<u8>,
    text_total: usize,
    literal: Option<OpenLiteral>,
    budget: usize,
    kept: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self { frame: Frame::default(), text: Vec::new(), text_total: 0, literal: None, budget: USUAL_LITERALS, kept: 0 }
    }
}

impl Framer {
    /// How many bytes of literals a response may keep from now on.
    pub fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
    }

    /// Whether nothing of a response was read yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.literal.is_none() && self.frame.parts.is_empty()
    }

    /// Takes bytes until a response is whole; says how many it took. The rest belongs to what comes next.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(usize, Option<Frame>), FrameError> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if let Some(literal) = &mut self.literal {
                taken += literal.take(rest);
                if literal.left == 0 {
                    self.close_literal();
                }
                continue;
            }
            if self.is_empty() && rest.first() == Some(&0) {
                taken += 1;
                continue;
            }
            let (line, ended) = match memchr(b'\n', rest) {
                Some(at) => (rest.get(..at).unwrap_or_default(), true),
                None => (rest, false),
            };
            step(line.len() + 1);
            self.text_total += line.len();
            if self.text_total > MOST_TEXT {
                return Err(FrameError::LineTooLong);
            }
            self.text.extend_from_slice(line);
            taken += line.len() + usize::from(ended);
            if ended && let Some(frame) = self.end_line()? {
                return Ok((taken, Some(frame)));
            }
        }
        Ok((taken, None))
    }

    /// A line ended: either a literal follows, or the response is whole. Blank lines between responses are nothing.
    fn end_line(&mut self) -> Result<Option<Frame>, FrameError> {
        let mut text = std::mem::take(&mut self.text);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        let may_have_literal = !self.frame.parts.is_empty() || is_data(&text);
        if may_have_literal && let Some((at, announced)) = literal_mark(&text) {
            text.truncate(at);
            self.frame.parts.push(Part::Text(text));
            self.open_literal(announced)?;
            return Ok(None);
        }
        if text.is_empty() && self.frame.parts.is_empty() {
            self.text_total = 0;
            return Ok(None);
        }
        self.frame.parts.push(Part::Text(text));
        self.text_total = 0;
        self.kept = 0;
        Ok(Some(std::mem::take(&mut self.frame)))
    }

    fn open_literal(&mut self, announced: u64) -> Result<(), FrameError> {
        let keep = self.budget.saturating_sub(self.kept);
        if announced > (keep as u64).saturating_add(MOST_SKIPPED) {
            return Err(FrameError::LiteralTooBig);
        }
        if self.frame.parts.len() > 2 * MOST_LITERALS {
            return Err(FrameError::TooManyLiterals);
        }
        let keep = keep.min(usize::try_from(announced).unwrap_or(usize::MAX));
        self.kept += keep;
        // Memory follows the bytes that came, not the number that was announced.
        let bytes = Vec::with_capacity(keep.min(64 << 10));
        self.literal = Some(OpenLiteral { bytes, announced, left: announced, keep });
        if announced == 0 {
            self.close_literal();
        }
        Ok(())
    }

    fn close_literal(&mut self) {
        if let Some(OpenLiteral { bytes, announced, .. }) = self.literal.take() {
            self.frame.parts.push(Part::Literal { bytes, announced });
        }
    }
}

impl OpenLiteral {
    fn take(&mut self, rest: &[u8]) -> usize {
        let take = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
        step(1);
        let keep = self.keep.saturating_sub(self.bytes.len()).min(take);
        self.bytes.extend_from_slice(rest.get(..keep).unwrap_or_default());
        self.left -= take as u64;
        take
    }
}

/// Whether literals may stand in it: untagged data. Human text (`* OK …`, tagged lines, `+ …`) may end in `{5}` and mean nothing.
fn is_data(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"*") else { return false };
    let rest = rest.trim_ascii_start();
    let word = rest.split(|b| *b == b' ').next().unwrap_or_default();
    !["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
}

/// Where `{n}`, `{n+}` or `~{n}` begins at the end of a line, and n.
fn literal_mark(text: &[u8]) -> Option<(usize, u64)> {
    let inner = text.strip_suffix(b"}")?;
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let digits = inner.iter().rev().take(MOST_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    let open = inner.len().checked_sub(digits + 1)?;
    if digits == 0 || digits > MOST_DIGITS || inner.get(open) != Some(&b'{') {
        return None;
    }
    let number = std::str::from_utf8(inner.get(open + 1..)?).ok()?.parse().ok()?;
    let at = if open > 0 && inner.get(open - 1) == Some(&b'~') { open - 1 } else { open };
    Some((at, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        frames_by(bytes, bytes.len().max(1))
    }

    fn frames_by(bytes: &[u8], step: usize) -> Result<Vec<Frame>, FrameError> {
        let (mut framer, mut out) = (Framer::default(), Vec::new());
        for mut chunk in bytes.chunks(step) {
            while !chunk.is_empty() {
                let (taken, frame) = framer.feed(chunk)?;
                out.extend(frame);
                chunk = &chunk[taken..];
            }
        }
        Ok(out)
    }

    fn text(s: &str) -> Part {
        Part::Text(s.as_bytes().to_vec())
    }

    fn literal(s: &str) -> Part {
        Part::Literal { bytes: s.as_bytes().to_vec(), announced: s.len() as u64 }
    }

    #[test]
    fn lines_and_literals_become_whole_responses_wherever_they_are_split() {
        let wire = b"* OK hi {3}\r\n\0\0* 1 FETCH (A {3}\r\na\r\n B ~{0}\r\n C {2+}\r\n{})\r\n\r\n* X\ng1 OK {9}\r\n+ go {1}\r\n";
        let expected = vec![
            Frame { parts: vec![text("* OK hi {3}")] },
            Frame {
                parts: vec![
                    text("* 1 FETCH (A "),
                    literal("a\r\n"),
                    text(" B "),
                    literal(""),
                    text(" C "),
                    literal("{}"),
                    text(")"),
                ],
            },
            Frame { parts: vec![text("* X")] },
            Frame { parts: vec![text("g1 OK {9}")] },
            Frame { parts: vec![text("+ go {1}")] },
        ];
        for step in 1..=wire.len() {
            assert_eq!(frames_by(wire, step).unwrap(), expected, "split at every {step} bytes");
        }
    }

    #[test]
    fn a_literal_beyond_the_budget_is_cut_and_the_connection_lives() {
        let mut framer = Framer::default();
        framer.set_budget(4);
        let (_, frame) = framer.feed(b"* 1 FETCH (BODY[] {10}\r\n0123456789 X {2}\r\nab)\r\n").unwrap();
        let parts = frame.unwrap().parts;
        assert_eq!(parts[1], Part::Literal { bytes: b"0123".to_vec(), announced: 10 });
        assert_eq!(parts[3], Part::Literal { bytes: vec![], announced: 2 });
        assert_eq!(framer.feed(b"* 2 EXISTS\r\n").unwrap().1.unwrap().head(), b"* 2 EXISTS");
    }

    #[test]
    fn what_would_never_end_is_refused_at_once() {
        assert_eq!(frames(b"* 1 FETCH (BODY[] {536870913}\r\n"), Err(FrameError::LiteralTooBig));
        assert_eq!(frames(b"* 1 FETCH (BODY[] {99999999999}\r\n").unwrap().len(), 1, "no such literal: a line as any");
        assert_eq!(frames(&vec![b'a'; MOST_TEXT + 1]), Err(FrameError::LineTooLong));
        assert_eq!(frames("* LIST {0}\r\n".repeat(5000).as_bytes()), Err(FrameError::TooManyLiterals));
    }

    #[test]
    fn a_million_numbers_take_no_time() {
        let mut line = b"* SEARCH".to_vec();
        (1..=1_000_000u32).for_each(|n| line.extend(format!(" {n}").bytes()));
        line.extend(b"\r\n");
        let began = std::time::Instant::now();
        assert_eq!(frames_by(&line, 4096).unwrap().len(), 1);
        assert!(began.elapsed().as_secs_f32() < 2.0, "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn any_bytes_split_anywhere_give_the_same_frames(
            pieces in proptest::collection::vec(prop_oneof![
                Just(b"* 1 FETCH (".to_vec()), Just(b" {3}\r\n".to_vec()), Just(b"\r\n".to_vec()), Just(b"abc".to_vec()),
                Just(b"\0".to_vec()), Just(b"~{1+}\r\n".to_vec()), proptest::collection::vec(any::<u8>(), 0..20)
            ], 0..20), step in 1usize..9)
        {
            let wire = pieces.concat();
            prop_assert_eq!(frames_by(&wire, step), frames(&wire));
        }
    }
}
