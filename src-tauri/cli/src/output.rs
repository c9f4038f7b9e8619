//! What goes to stdout: one JSON document, or text and tables for people. Words out of mail never reach a terminal raw.

use crate::failure::{Failure, Outcome};
use godwit_domain::{Error, ErrorKind, plain_words};
use serde::Serialize;
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// How to answer.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON document instead of text.
    pub json: bool,
}

impl Output {
    /// Prints `value` as JSON, or `text` for people.
    pub fn answer(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Outcome {
        if !self.json {
            return write(&with_line_end(text()).into_bytes());
        }
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|_| Failure::bug("The answer can't be written as JSON."))?;
        bytes.push(b'\n');
        write(&bytes)
    }

    /// The same on one line, for answers that go on coming.
    pub fn next(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Outcome {
        if !self.json {
            return write(&with_line_end(text()).into_bytes());
        }
        let mut bytes = serde_json::to_vec(value).map_err(|_| Failure::bug("The answer can't be written as JSON."))?;
        bytes.push(b'\n');
        write(&bytes)
    }
}

/// Writes bytes as they are.
pub fn write(bytes: &[u8]) -> Outcome {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::Unread,
        std::io::ErrorKind::StorageFull => Failure::Failed(
            Error::new(ErrorKind::StorageFull, "The output can't be written: the disk is full.").mend("Free some space."),
        ),
        _ => Failure::Failed(Error::new(ErrorKind::ReadOnly, "The output can't be written.").mend("Check where it is sent to.")),
    })
}

fn with_line_end(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A table: columns as wide as their widest cell, at most `limit` characters each.
pub fn table(head: &[&str], rows: &[Vec<String>], limit: usize) -> String {
    let clean = |cell: &String| cut(&plain_words(cell), limit);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| h.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let head = head.iter().map(|h| (*h).to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(&head).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// At most `limit` columns wide, with an ellipsis where something is missing.
fn cut(text: &str, limit: usize) -> String {
    if text.width() <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if out.width() >= limit {
            out.pop();
            break;
        }
    }
    out.push('\u{2026}');
    out
}

/// Text of a mail as a terminal may show it: lines and tabs stay, every other control and direction character goes.
pub fn readable(text: &str) -> String {
    let obeyed = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
    };
    text.replace("\r\n", "\n").chars().filter(|c| !obeyed(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_in_every_script_and_obeys_no_escape() {
        let rows = vec![vec!["1".into(), "潮汐表".into(), "x".into()], vec!["22".into(), "a\u{1b}[31mb\nc".into(), "y".into()]];
        assert_eq!(table(&["ID", "SUBJECT", ""], &rows, 20), "ID  SUBJECT\n1   潮汐表     x\n22  a [31mb c  y\n");
        assert_eq!(table(&["A"], &[vec!["abcdefgh".into()]], 5), "A\nabcd…\n");
    }

    #[test]
    fn text_keeps_its_lines_and_loses_what_a_terminal_obeys() {
        assert_eq!(readable("a\r\nb\tc\u{1b}]0;x\u{7}\u{202e}d"), "a\nb\tc]0;xd");
    }
}
