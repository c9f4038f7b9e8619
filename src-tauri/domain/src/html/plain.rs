//! Plain text as HTML: escaped, quotes in levels, the signature apart, addresses as links by number.

use super::{MAX_LISTED, escaped, hosts};
use crate::Link;
use crate::steps::step;

/// Quote levels that are told apart.
const MAX_LEVEL: usize = 8;

/// Renders text. Links are numbered on from those in `links` and added there.
pub fn from_text(text: &str, links: &mut Vec<Link>) -> String {
    let mut out = String::from("<div data-kind=\"plain\">");
    let mut level = 0;
    let mut signature = false;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let line = line.trim_end_matches('\r');
        let (now, words) = if signature { (0, line) } else { quoted(line) };
        while level > now {
            out.push_str("</blockquote>");
            level -= 1;
        }
        while level < now {
            level += 1;
            out.push_str(&format!("<blockquote data-level=\"{level}\">"));
        }
        if level == 0 && !signature && line == "-- " {
            signature = true;
            out.push_str("<div data-kind=\"signature\">");
        }
        linked(words, links, &mut out);
        out.push('\n');
    }
    out.push_str(&"</blockquote>".repeat(level));
    if signature {
        out.push_str("</div>");
    }
    out.push_str("</div>");
    out
}

/// Quote level of a line and what stands behind the marks.
fn quoted(line: &str) -> (usize, &str) {
    let mut rest = line;
    let mut level = 0;
    while level < MAX_LEVEL {
        let Some(tail) = rest.strip_prefix('>') else { break };
        level += 1;
        rest = tail.strip_prefix(' ').filter(|t| t.starts_with('>')).unwrap_or(tail);
    }
    if level > 0 { (level, rest.strip_prefix(' ').unwrap_or(rest)) } else { (0, line) }
}

/// Escapes a line and makes links of the addresses in it.
fn linked(line: &str, links: &mut Vec<Link>, out: &mut String) {
    let mut rest = line;
    while let Some((before, word, after)) = next_address(rest) {
        out.push_str(&clean(before));
        let href = if word.contains("://") {
            word.to_owned()
        } else if word.contains('@') && !word.starts_with("www.") {
            format!("mailto:{}", word.strip_prefix("mailto:").unwrap_or(word))
        } else {
            format!("https://{word}")
        };
        match hosts::target(&href).filter(|_| links.len() < MAX_LISTED) {
            Some(url) => {
                out.push_str(&format!("<a data-link=\"{}\" role=\"link\" tabindex=\"0\">{}</a>", links.len(), clean(word)));
                links.push(Link {
                    text: word.chars().take(200).collect(),
                    warning: hosts::warning(word, &url),
                    url: url.to_string(),
                });
            }
            None => out.push_str(&clean(word)),
        }
        rest = after;
    }
    out.push_str(&clean(rest));
}

fn clean(text: &str) -> String {
    escaped(&text.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>())
}

/// The next address of the web or of a person: what stands before it, itself, and what follows.
fn next_address(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let tail = text.get(from..)?;
        let start = from + tail.find(|c: char| !breaks(c))?;
        let word_and_more = text.get(start..)?;
        let length = word_and_more.find(breaks).unwrap_or(word_and_more.len());
        let word = word_and_more.get(..length)?;
        let lower = word.to_ascii_lowercase();
        let begins = ["https://", "http://", "mailto:", "www."].iter().filter_map(|p| lower.find(p)).min();
        if let Some(at) = begins {
            let found = trimmed(word.get(at..)?);
            if found.len() > 8 {
                let end = start + at + found.len();
                return Some((text.get(..start + at)?, found, text.get(end..)?));
            }
        } else if word.contains('@') && word.len() < 260 {
            let bare = trimmed(word.trim_start_matches(['(', '[', '{', ':', ',', '.']));
            let at = start + (word.len() - word.trim_start_matches(['(', '[', '{', ':', ',', '.']).len());
            if bare.contains('.') && crate::check_address(bare).is_ok() {
                return Some((text.get(..at)?, bare, text.get(at + bare.len()..)?));
            }
        }
        from = start + length;
    }
}

fn breaks(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '|' | '\u{ab}' | '\u{bb}' | '\u{201c}' | '\u{201d}')
}

/// Without the punctuation that belongs to the sentence.
fn trimmed(word: &str) -> &str {
    // Looked for once: a word of a million brackets would cost its square.
    let (round, square) = (word.find('('), word.find('['));
    let opened = |open: Option<usize>, shorter: &str| open.is_some_and(|at| at < shorter.len());
    let mut word = word;
    loop {
        step(1);
        let shorter = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '\u{2026}', '\u{3002}']);
        let shorter = match shorter.chars().last() {
            Some(')') if !opened(round, shorter) => shorter.trim_end_matches(')'),
            Some(']') if !opened(square, shorter) => shorter.trim_end_matches(']'),
            Some('}') => shorter.trim_end_matches('}'),
            _ => shorter,
        };
        if shorter.len() == word.len() {
            return word;
        }
        word = shorter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_with_quotes_links_and_signature() {
        let mut links = Vec::new();
        let html = from_text(
            "Hi <you>,\nsee (https://a.example/x?y&z). Or jo@b.example!\n> one\n>> two\n> three\nend\n-- \nJo\n",
            &mut links,
        );
        assert_eq!(
            html,
            "<div data-kind=\"plain\">Hi &lt;you&gt;,\nsee (<a data-link=\"0\" role=\"link\" tabindex=\"0\">https://a.example/x?y&amp;z</a>). \
             Or <a data-link=\"1\" role=\"link\" tabindex=\"0\">jo@b.example</a>!\n<blockquote data-level=\"1\">one\n\
             <blockquote data-level=\"2\">two\n</blockquote>three\n</blockquote>end\n<div data-kind=\"signature\">-- \nJo\n</div></div>"
        );
        let urls: Vec<_> = links.iter().map(|l| l.url.as_str()).collect();
        assert_eq!(urls, ["https://a.example/x?y&z", "mailto:jo@b.example"]);
        assert_eq!(super::super::verify(&html, ""), Ok(()));
    }

    #[test]
    fn addresses_end_where_the_sentence_does() {
        let check = |text: &str, want: &[&str]| {
            let mut links = Vec::new();
            from_text(text, &mut links);
            assert_eq!(links.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), want, "{text}");
        };
        check("https://en.example/wiki/A_(b)", &["https://en.example/wiki/A_(b)"]);
        check("<https://a.example/>, www.b.example.", &["https://a.example/", "www.b.example"]);
        check("javascript:alert(1) file:///x \\\\s\\x a@b http:// www.", &[]);
        check("x@y.example,z@y.example", &[]);
        check("mailto:x@y.example", &["mailto:x@y.example"]);
    }

    #[test]
    fn odd_text_stays_in_form() {
        for text in ["", "\n\n", ">>>>>>>>>>>>>>>>x", "> a\n-- \nb", "\0\u{7}x", "-- ", ">", "a\r\nb"] {
            let html = from_text(text, &mut Vec::new());
            assert_eq!(super::super::verify(&html, ""), Ok(()), "{text:?} {html}");
        }
    }
}
