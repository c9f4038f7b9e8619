//! `<style>` sheets, written into the `style` attributes of what they mean before anything else happens. Behind this point there are
//! no sheets, classes or selectors: the frame and the composer see the same declarations, so what a sheet hides is hidden from a
//! reply too, and one allow-list judges them all. What asks about the window or the pointer (`@media`, `:hover`) is left out.

use css_inline::{CSSInliner, InlineError, StylesheetResolver};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

/// Bytes of all sheets together that are looked at.
pub(super) const MAX_SHEET: usize = 256 << 10;
/// Selectors times elements: what matching may cost.
const MAX_MATCHES: usize = 2_000_000;
/// Elements inside each other; every step of a selector may climb them all.
const MAX_DEPTH: usize = 250;
/// Bytes of HTML that may come out.
const MAX_OUT: usize = 2 * super::MAX_HTML;

/// The HTML with `sheet` written into its elements, or `None` where that is not worth its cost: it is then shown without.
pub(super) fn inlined(html: &str, sheet: &str, tags: usize, depth: usize) -> Option<String> {
    let rules = rules(sheet);
    let selectors = rules.matches(['{', ',']).count();
    if selectors == 0 || depth > MAX_DEPTH || selectors.saturating_mul(tags) > MAX_MATCHES {
        return None;
    }
    let inliner = CSSInliner::options()
        .inline_style_tags(false)
        .load_remote_stylesheets(false)
        .resolver(Arc::new(Nowhere))
        .extra_css(Some(Cow::Owned(rules)))
        .build();
    let mut out = Bounded(Vec::with_capacity(html.len() * 2));
    inliner.inline_to(html, &mut out).ok()?;
    String::from_utf8(out.0).ok()
}

/// Whether a sheet for this `media` is one for the screen, whatever its size.
pub(super) fn for_any_screen(media: &str) -> bool {
    media.is_empty()
        || media.split(',').any(|one| matches!(one.trim().to_ascii_lowercase().as_str(), "all" | "screen" | "only screen"))
}

/// The rules of a sheet that hold always: without comments and at-rules, but with what stands in `@media screen`.
fn rules(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some(at) = rest.find(['@', '{', '}', '"', '\'', '/', '<', '-', '\\']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let after_comment = tail.strip_prefix("/*").map(|t| t.split_once("*/").map_or("", |(_, after)| after));
        let after_mark = tail.strip_prefix("<!--").or_else(|| tail.strip_prefix("-->"));
        if let Some(after) = after_comment.or(after_mark) {
            out.push(' ');
            rest = after;
        } else if tail.starts_with('@') {
            let Some(end) = end_of_prelude(tail) else { return out };
            let prelude = tail.get(1..end).unwrap_or_default().trim();
            let block = tail.get(end..).unwrap_or_default();
            if !block.starts_with('{') {
                rest = block.get(1..).unwrap_or_default();
                continue;
            }
            let end = end_of_block(block);
            let media = prelude.get(..5).filter(|p| p.eq_ignore_ascii_case("media")).and_then(|_| prelude.get(5..));
            if let Some(inner) = media.filter(|m| for_any_screen(m.trim())).and(block.get(1..end.saturating_sub(1))) {
                // A block inside of one is not looked into again: whoever nests them is not writing mail.
                out.push_str(if inner.contains('@') { "" } else { inner });
            }
            rest = block.get(end..).unwrap_or_default();
        } else if tail.starts_with('{') {
            let end = end_of_block(tail);
            let block = tail.get(..end).unwrap_or_default();
            if block.len() < 2 || !block.ends_with('}') {
                return out;
            }
            out.push_str(block);
            out.push('\n');
            rest = tail.get(end..).unwrap_or_default();
        } else {
            let width = tail.chars().next().map_or(1, char::len_utf8);
            // An end without a beginning would end a rule of ours.
            if !tail.starts_with('}') {
                out.push_str(tail.get(..width).unwrap_or_default());
            }
            rest = tail.get(width..).unwrap_or_default();
        }
    }
    // What is left has no block: a rule that was never written out.
    out
}

/// Where the words of an at-rule end: at its `;` or `{`.
fn end_of_prelude(text: &str) -> Option<usize> {
    text.find([';', '{'])
}

/// Bytes of the block that `text` begins with, its braces included; all of it when it is never closed.
fn end_of_block(text: &str) -> usize {
    let mut depth = 0usize;
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q && before != '\\' || quote.is_some() && c == '\n' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        before = if before == '\\' { ' ' } else { c };
    }
    text.len()
}

/// A sheet that stands elsewhere is never read, whatever the library's options come to mean.
#[derive(Debug)]
struct Nowhere;

impl StylesheetResolver for Nowhere {
    fn retrieve(&self, location: &str) -> css_inline::Result<String> {
        Err(InlineError::IO(io::Error::new(io::ErrorKind::Unsupported, location.to_owned())))
    }
}

/// What a message may grow to.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rules_that_hold_always_stay() {
        let check =
            |sheet: &str, want: &str| assert_eq!(rules(sheet).split_whitespace().collect::<Vec<_>>().join(" "), want, "{sheet}");
        check("a{b:c}", "a{b:c}");
        check("<!-- a{b:c} -->", "a{b:c}");
        check("/* x{y:z} */a{b:c/*;*/}", "a{b:c/*;*/}");
        check("@import url(x);@charset \"u\";a{b:c}", "a{b:c}");
        check("@font-face{font-family:x;src:url(y)}a{b:c}", "a{b:c}");
        check("@media only screen and (max-width:600px){.x{display:none}.y{a:b}} .z{b:c}", ".z{b:c}");
        check("@media screen{.x{a:b}.y{c:d}}.z{b:c}", ".x{a:b}.y{c:d}.z{b:c}");
        check("@media print{.x{a:b}}", "");
        check("@media screen{@media print{.x{a:b}}}.z{b:c}", ".z{b:c}");
        check("a{b:'}'}c{d:e}", "a{b:'}'} c{d:e}");
        check("}}a{b:c}", "a{b:c}");
        check("a{b:c", "a");
        check("@media", "");
        check("a", "");
    }

    #[test]
    fn a_sheet_reaches_what_it_names() {
        let sheet =
            ".big{font-size:20px}p{color:red}p.x{color:blue !important}a:hover{color:green}#i>b{margin:0}td,th{padding:1px}";
        let html =
            "<p class=big style='color:navy'>1</p><p class='x y' style='color:navy'>2</p><a href=x>3</a><div id=i><b>4</b></div>";
        let made = inlined(html, sheet, 6, 3).unwrap();
        for want in
            ["font-size: 20px", ">1</p>", "color: blue !important", "<b style=\"margin: 0;\">4</b>", "<a href=\"x\">3</a>"]
        {
            assert!(made.contains(want), "{want} in {made}");
        }
        assert!(!made.contains("color: red"), "what stands on the element comes before a rule: {made}");
    }

    #[test]
    fn what_costs_too_much_is_left_out() {
        assert!(inlined("<p>x</p>", "", 1, 1).is_none(), "nothing to do");
        assert!(inlined("<p>x</p>", "p{color:red}", 3_000_000, 1).is_none(), "too many elements");
        assert!(inlined("<p>x</p>", "p{color:red}", 1, 1_000).is_none(), "too deep");
        let fat = format!("*{{font-family:'{}'}}", "x".repeat(100_000));
        assert!(inlined(&"<p>x</p>".repeat(1_000), &fat, 1_000, 1).is_none(), "a message may not grow without bound");
    }

    #[test]
    fn no_sheet_is_fetched() {
        let html = "<link rel=stylesheet href=https://x.example/a.css><link rel=stylesheet href=/etc/hostname><p>x</p>";
        let made = inlined(html, "p{color:red}", 3, 1).unwrap();
        assert!(made.contains("color: red"), "{made}");
    }
}
