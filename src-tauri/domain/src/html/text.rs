//! HTML to plain text: what a reader would see, with line breaks where blocks end. No layout, no links but their words.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;

/// Bytes of text that are made at most.
const MAX_OUT: usize = 8 << 20;

/// The text of `html`, blocks on lines of their own, quotes marked with `> `, list items with `- `.
pub fn to_text(html: &str) -> String {
    let sink = Writer { state: RefCell::new(State::default()) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A tokenizer stops only at scripts, which this one never reports.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    state.line_end(1);
    let out = state.out.trim_end();
    let mut text = out.trim_start_matches('\n').to_owned();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[derive(Default)]
struct State {
    out: String,
    /// Line breaks that are due before the next text.
    due: usize,
    /// A blank is due before the next text.
    blank: bool,
    /// Whether the line has text.
    begun: bool,
    /// Open `<blockquote>`s.
    quotes: usize,
    /// Open `<pre>`s.
    pre: usize,
    /// Name of the element whose content is not text.
    skipping: Option<String>,
    /// A list item's mark is due.
    item: bool,
}

struct Writer {
    state: RefCell<State>,
}

impl TokenSink for Writer {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.skipping.is_none() => state.text(&text),
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                if tag.kind == TagKind::StartTag {
                    if state.skipping.is_none() {
                        state.open(name);
                    }
                    return match name {
                        "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                            state.skipping.get_or_insert(name.to_owned());
                            TokenSinkResult::RawData(RawKind::Rawtext)
                        }
                        "script" => {
                            state.skipping.get_or_insert(name.to_owned());
                            TokenSinkResult::RawData(RawKind::ScriptData)
                        }
                        "title" | "textarea" => {
                            state.skipping.get_or_insert(name.to_owned());
                            TokenSinkResult::RawData(RawKind::Rcdata)
                        }
                        "object" | "select" | "svg" | "math" => {
                            state.skipping.get_or_insert(name.to_owned());
                            TokenSinkResult::Continue
                        }
                        _ => TokenSinkResult::Continue,
                    };
                }
                if state.skipping.as_deref() == Some(name) {
                    state.skipping = None;
                } else if state.skipping.is_none() {
                    state.close(name);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn open(&mut self, name: &str) {
        match name {
            "br" => {
                if !self.begun && self.due == 0 && !self.out.is_empty() {
                    self.due = 1;
                }
                self.due += 1;
                self.begun = false;
                self.blank = false;
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "table" => self.line_end(2),
            "hr" => {
                self.line_end(1);
                self.text("--------");
                self.line_end(1);
            }
            "blockquote" => {
                self.line_end(1);
                self.quotes = (self.quotes + 1).min(20);
            }
            "pre" => {
                self.line_end(2);
                self.pre += 1;
            }
            "li" => {
                self.line_end(1);
                self.item = true;
            }
            "td" | "th" => self.blank = true,
            name if is_block(name) => self.line_end(1),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "table" => self.line_end(2),
            "blockquote" => {
                self.line_end(1);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" => {
                self.line_end(2);
                self.pre = self.pre.saturating_sub(1);
            }
            "li" => {
                self.item = false;
                self.line_end(1);
            }
            name if is_block(name) => self.line_end(1),
            _ => {}
        }
    }

    /// Ends the line, if there is one, and asks for `breaks` line breaks before the next text.
    fn line_end(&mut self, breaks: usize) {
        self.blank = false;
        if self.begun {
            self.begun = false;
            self.due = self.due.max(breaks);
        } else if !self.out.is_empty() {
            self.due = self.due.max(breaks);
        }
    }

    fn text(&mut self, text: &str) {
        if self.pre > 0 {
            for (n, line) in text.split('\n').enumerate() {
                if n > 0 {
                    self.due += 1;
                    self.begun = false;
                }
                if !line.is_empty() {
                    self.put(line.trim_end_matches('\r'));
                }
            }
            return;
        }
        for c in text.chars() {
            if c.is_ascii_whitespace() {
                self.blank = true;
            } else {
                self.put(c.encode_utf8(&mut [0; 4]));
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.out.len() > MAX_OUT {
            return;
        }
        if !self.begun {
            // More than two empty lines say nothing more.
            let breaks = if self.out.is_empty() { 0 } else { self.due.min(3) };
            self.out.extend(std::iter::repeat_n('\n', breaks));
            self.out.extend(std::iter::repeat_n("> ", self.quotes));
            if std::mem::take(&mut self.item) {
                self.out.push_str("- ");
            }
        } else if self.blank {
            self.out.push(' ');
        }
        (self.due, self.blank, self.begun) = (0, false, true);
        self.out.push_str(text);
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "tr"
            | "tbody"
            | "thead"
            | "tfoot"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "center"
            | "form"
            | "fieldset"
            | "address"
            | "dt"
            | "dd"
            | "caption"
            | "figure"
            | "figcaption"
            | "body"
            | "head"
            | "html"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_reads_as_text() {
        let check = |html: &str, want: &str| assert_eq!(to_text(html), want, "{html}");
        check("", "");
        check("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree\n");
        check("<div>a</div><div><br></div><div>b</div>", "a\n\nb\n");
        check("a<br><br>b", "a\n\nb\n");
        check("<style>p{}</style><script>alert(1)</script><title>t</title>x", "x\n");
        check("<blockquote>q<blockquote>r</blockquote></blockquote>s", "> q\n> > r\ns\n");
        check("<ul><li>a<li>b</ul>", "- a\n- b\n");
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n");
        check("<pre>a\n  b</pre>", "a\n  b\n");
        check("a&nbsp;&amp;&lt;b", "a\u{a0}&<b\n");
        check("<script>if (a</script >b", "b\n");
        check("x<!-- no --> y", "x y\n");
        check("<p>cut <b>of", "cut of\n");
    }

    #[test]
    fn endless_quotes_are_bounded() {
        let text = to_text(&format!("{}x", "<blockquote>".repeat(100_000)));
        assert!(text.len() < 100, "{}", text.len());
    }
}
