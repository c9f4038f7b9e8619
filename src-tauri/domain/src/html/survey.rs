//! A first look at the HTML as it came: is it too much to build a tree of, what would it load that is dropped anyway,
//! and which colours does `<body>` set.

use super::{hosts, sheet};
use crate::{Remote, RemoteKind};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;
use std::collections::HashMap;

/// Tags that a tree is built of.
const MAX_TAGS: usize = 300_000;
/// Elements inside each other.
const MAX_DEPTH: usize = 2_000;
/// Formatting elements open at once: a parser opens all of them again in every paragraph.
const MAX_FORMATTING: usize = 150;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Whether building a tree could cost more than a message is worth.
    pub too_much: bool,
    /// Remote things that no setting ever loads: styles, fonts, frames, media.
    pub dropped: Vec<Remote>,
    /// What `<body>` says of colours, as a style attribute; empty for nothing.
    pub body_style: String,
    /// The direction that `<body>` or `<html>` sets.
    pub dir: Option<String>,
    /// All style sheets that are meant for a screen of any size, one after the other.
    pub sheet: String,
    /// Tags that were opened.
    pub tags: usize,
    /// The most elements that were inside each other.
    pub deepest: usize,
    open: HashMap<String, usize>,
    depth: usize,
    formatting: usize,
    seen_body: bool,
    in_style: bool,
    /// The open `<style>` is for a screen.
    for_screen: bool,
}

struct Sink(RefCell<Survey>);

/// Looks over the whole HTML once.
pub(super) fn survey(html: &str) -> Survey {
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Survey::default())), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A tokenizer stops only at scripts, which this one never reports.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut survey = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                survey.in_style = name == "style" && tag.kind == TagKind::StartTag;
                if tag.kind == TagKind::EndTag {
                    survey.close(name);
                    return TokenSinkResult::Continue;
                }
                survey.open(name, &tag);
                match name {
                    "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
                    "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                    "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                }
            }
            Token::CharacterTokens(text) if survey.in_style => {
                survey.style_sheet(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Survey {
    fn open(&mut self, name: &str, tag: &Tag) {
        self.tags += 1;
        let closes_itself = matches!(
            name,
            "p" | "li"
                | "dt"
                | "dd"
                | "td"
                | "th"
                | "tr"
                | "tbody"
                | "thead"
                | "tfoot"
                | "option"
                | "optgroup"
                | "br"
                | "img"
                | "hr"
                | "meta"
                | "link"
                | "input"
                | "col"
                | "wbr"
                | "area"
                | "base"
                | "embed"
                | "source"
                | "track"
                | "param"
                | "html"
                | "body"
                | "head"
        );
        if !closes_itself {
            *self.open.entry(name.to_owned()).or_default() += 1;
            self.depth += 1;
            self.deepest = self.deepest.max(self.depth);
            self.formatting += usize::from(is_formatting(name));
        }
        self.too_much |= self.tags > MAX_TAGS || self.depth > MAX_DEPTH || self.formatting > MAX_FORMATTING;
        let value = |wanted: &str| tag.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| a.value.to_string());
        if matches!(name, "body" | "html")
            && let Some(dir) = value("dir").map(|d| d.to_ascii_lowercase()).filter(|d| d == "rtl" || d == "ltr")
        {
            self.dir.get_or_insert(dir);
        }
        match name {
            "body" if !self.seen_body => {
                self.seen_body = true;
                self.body_style = body_style(value("bgcolor"), value("text"), value("style"));
            }
            "style" => self.for_screen = sheet::for_any_screen(value("media").unwrap_or_default().trim()),
            "link" => {
                let rel = value("rel").unwrap_or_default().to_ascii_lowercase();
                self.drop_remote(value("href"), if rel.contains("stylesheet") { RemoteKind::Style } else { RemoteKind::Other });
            }
            "iframe" | "frame" | "embed" | "script" | "audio" | "video" | "source" | "track" | "input" | "bgsound" => {
                self.drop_remote(value("src"), RemoteKind::Other);
                self.drop_remote(value("poster"), RemoteKind::Other);
            }
            "object" => self.drop_remote(value("data"), RemoteKind::Other),
            "image" | "feimage" => self.drop_remote(value("xlink:href").or_else(|| value("href")), RemoteKind::Other),
            _ => {}
        }
        if let Some(first) = value("srcset") {
            self.drop_remote(first.split([' ', ',']).find(|s| !s.is_empty()).map(str::to_owned), RemoteKind::Image);
        }
    }

    fn close(&mut self, name: &str) {
        let Some(count) = self.open.get_mut(name).filter(|c| **c > 0) else { return };
        *count -= 1;
        self.depth = self.depth.saturating_sub(1);
        self.formatting = self.formatting.saturating_sub(usize::from(is_formatting(name)));
    }

    /// Keeps a style sheet, and lists what it would load of itself.
    fn style_sheet(&mut self, css: &str) {
        if self.for_screen && self.sheet.len() + css.len() < sheet::MAX_SHEET {
            self.sheet.push_str(css);
        }
        let lower = css.to_ascii_lowercase();
        for (at, found) in lower.match_indices("url(").chain(lower.match_indices("@import")) {
            let tail = css.get(at + found.len()..).unwrap_or_default().trim_start().trim_start_matches(['"', '\'']);
            let url: String =
                tail.chars().take(2_000).take_while(|c| !matches!(c, '"' | '\'' | ')' | ';') && !c.is_whitespace()).collect();
            self.drop_remote(Some(url), RemoteKind::Style);
        }
    }

    fn drop_remote(&mut self, url: Option<String>, kind: RemoteKind) {
        let Some(url) = url.and_then(|u| hosts::target(&u)).filter(|u| u.scheme() != "mailto") else { return };
        let url = url.to_string();
        if self.dropped.len() < super::MAX_LISTED && !self.dropped.iter().any(|r| r.url == url) {
            self.dropped.push(Remote { url, kind, blocked: true });
        }
    }
}

fn is_formatting(name: &str) -> bool {
    matches!(name, "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u")
}

fn body_style(bgcolor: Option<String>, text: Option<String>, style: Option<String>) -> String {
    let colour = |c: &String| !c.is_empty() && c.len() < 40 && c.chars().all(|c| c.is_ascii_alphanumeric() || c == '#');
    let mut out = String::new();
    for (property, value) in [("background-color", bgcolor), ("color", text)] {
        if let Some(value) = value.filter(colour) {
            out.push_str(&format!("{property}:{value};"));
        }
    }
    out.push_str(&style.unwrap_or_default());
    out
}
