//! The second pass over sanitised HTML: links become numbers, pictures become part or engine URLs or empty frames, styles go
//! through their allow-list. Writes one plain form of HTML only, which is all that the verifier accepts.

use super::{MAX_LISTED, allow, content_id, escaped, hosts, style};
use crate::{Attachment, Link, Remote, RemoteKind};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;
use std::collections::HashMap;

/// Who reads the result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The message frame: links by number, part URLs below `base`.
    Frame { allow_remote: bool },
    /// The composer: links as they are, no picture that would be loaded, nothing that the sender hid.
    Composer,
}

/// What came out.
pub(super) struct Rewritten {
    pub html: String,
    pub links: Vec<Link>,
    pub remote: Vec<Remote>,
    /// Parts that are shown in place.
    pub shown: Vec<u32>,
}

/// Rewrites the sanitiser's output.
pub(super) fn rewrite(html: &str, reader: Reader, base: &str, attachments: &[Attachment], remote: Vec<Remote>) -> Rewritten {
    let by_id = attachments.iter().filter(|a| allow::picture(&a.media_type));
    let writer = Writer {
        reader,
        base: base.to_owned(),
        parts: by_id.filter_map(|a| Some((a.content_id.clone()?, a.part))).collect(),
        out: Rewritten { html: String::with_capacity(html.len() * 2), links: Vec::new(), remote, shown: Vec::new() },
        open_link: None,
        hidden: None,
        depth: 0,
    };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(writer)), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A tokenizer stops only at scripts, which this one never reports.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    let mut writer = tokenizer.sink.0.into_inner();
    writer.close_link();
    writer.out
}

struct Writer {
    reader: Reader,
    base: String,
    parts: HashMap<String, u32>,
    out: Rewritten,
    /// The link that is open: its URL and the text so far.
    open_link: Option<(url::Url, String)>,
    /// Depth at which something hidden began.
    hidden: Option<usize>,
    depth: usize,
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => writer.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => writer.start(&tag),
            Token::TagToken(tag) => writer.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if let Some((_, words)) = &mut self.open_link
            && words.len() < 400
        {
            words.push_str(text);
        }
        let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.out.html.push_str(&escaped(&plain));
    }

    fn start(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        let void = allow::VOID.contains(&name);
        self.depth += usize::from(!void);
        let value = |wanted: &str| tag.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| a.value.to_string());
        if self.hidden.is_some() {
            return;
        }
        if self.reader == Reader::Composer && value("style").is_some_and(|s| style::hides(&s)) {
            if !void {
                self.hidden = Some(self.depth);
            }
            return;
        }
        let mut written = String::new();
        match name {
            "img" if !self.picture(tag, &mut written) => return,
            "a" => self.link(value("href"), &mut written),
            _ => {}
        }
        let mut styles = value("style").map(|s| self.style(&s)).unwrap_or_default();
        if let Some(background) = value("background").map(|b| format!("background-image:url({b})")) {
            let made = self.style(&background);
            if !made.is_empty() {
                styles = if styles.is_empty() { made } else { format!("{styles};{made}") };
            }
        }
        if !styles.is_empty() {
            push(&mut written, "style", &styles);
        }
        for attribute in &tag.attrs {
            let key: &str = &attribute.name.local;
            if !matches!(key, "href" | "src" | "style" | "background") && plain_attribute(key, &attribute.value) {
                push(&mut written, key, &attribute.value);
            }
        }
        self.out.html.push('<');
        self.out.html.push_str(name);
        self.out.html.push_str(&written);
        self.out.html.push('>');
    }

    fn end(&mut self, name: &str) {
        if allow::VOID.contains(&name) {
            return;
        }
        let at = self.depth;
        self.depth = self.depth.saturating_sub(1);
        if let Some(hidden) = self.hidden {
            if hidden == at {
                self.hidden = None;
            }
            return;
        }
        if name == "a" {
            self.close_link();
        }
        self.out.html.push_str("</");
        self.out.html.push_str(name);
        self.out.html.push('>');
    }

    fn link(&mut self, href: Option<String>, written: &mut String) {
        self.close_link();
        let Some(url) = href.and_then(|h| hosts::target(&h)) else { return };
        if self.reader == Reader::Composer {
            push(written, "href", url.as_str());
            return;
        }
        if self.out.links.len() >= MAX_LISTED {
            return;
        }
        push(written, "data-link", &self.out.links.len().to_string());
        push(written, "role", "link");
        push(written, "tabindex", "0");
        self.out.links.push(Link { text: String::new(), url: url.to_string(), warning: None });
        self.open_link = Some((url, String::new()));
    }

    fn close_link(&mut self) {
        if let Some((url, words)) = self.open_link.take()
            && let Some(link) = self.out.links.last_mut()
        {
            let text: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
            link.text = text.chars().filter(|c| !crate::mime::is_unseen(*c)).take(200).collect();
            link.warning = hosts::warning(&link.text, &url);
        }
    }

    /// Writes what a picture becomes. `false`: nothing of it stays.
    fn picture(&mut self, tag: &Tag, written: &mut String) -> bool {
        let value =
            |wanted: &str| tag.attrs.iter().find(|a| &*a.name.local == wanted).map(|a| a.value.to_string()).unwrap_or_default();
        let source = value("src");
        if let Some((_, words)) = &mut self.open_link
            && words.len() < 400
        {
            words.push_str(&value("alt"));
        }
        let kind = if is_tracker(&source, &value("width"), &value("height"), &value("style")) {
            RemoteKind::Tracker
        } else {
            RemoteKind::Image
        };
        match self.load(source.trim(), kind) {
            Loaded::From(url) => push(written, "src", &url),
            Loaded::Blocked(n) => push(written, "data-remote", &n.to_string()),
            Loaded::Nothing if value("alt").trim().is_empty() => return false,
            Loaded::Nothing => {}
        }
        true
    }

    fn style(&mut self, css: &str) -> String {
        style::filter(css, &mut |url| match self.load(url, RemoteKind::Image) {
            // What may not stand bare in url() is not written at all.
            Loaded::From(url) if !url.contains(['(', ')', ';', ' ', '\'', '"', '\\']) && !url.starts_with("data:") => Some(url),
            _ => None,
        })
    }

    fn load(&mut self, url: &str, kind: RemoteKind) -> Loaded {
        if allow::data_picture(url) {
            return Loaded::From(url.to_owned());
        }
        let Reader::Frame { allow_remote } = self.reader else { return Loaded::Nothing };
        if let Some(id) = url.get(..4).filter(|s| s.eq_ignore_ascii_case("cid:")).and_then(|_| url.get(4..)) {
            let Some(part) = self.parts.get(&content_id(id)).copied() else { return Loaded::Nothing };
            if !self.out.shown.contains(&part) {
                self.out.shown.push(part);
            }
            return Loaded::From(format!("{}part/{part}", self.base));
        }
        let Some(url) = hosts::target(url).filter(|u| u.scheme() != "mailto") else { return Loaded::Nothing };
        let url = url.to_string();
        let known = self.out.remote.iter().position(|r| r.url == url);
        let at = known.unwrap_or(self.out.remote.len());
        let loads = allow_remote && kind == RemoteKind::Image;
        match self.out.remote.get_mut(at) {
            Some(known) if known.kind == RemoteKind::Image && loads => known.blocked = false,
            Some(_) => {}
            None if at >= MAX_LISTED => return Loaded::Nothing,
            None => self.out.remote.push(Remote { url, kind, blocked: !loads }),
        }
        if loads { Loaded::From(format!("{}remote/{at}", self.base)) } else { Loaded::Blocked(at) }
    }
}

enum Loaded {
    From(String),
    Blocked(usize),
    Nothing,
}

fn push(written: &mut String, name: &str, value: &str) {
    written.push_str(&format!(" {name}=\"{}\"", escaped(value)));
}

/// Whether an attribute has the form its name promises. The verifier asks the same.
pub(super) fn plain_attribute(name: &str, value: &str) -> bool {
    let short = value.len() <= 200;
    match name {
        "width" | "height" | "border" | "cellpadding" | "cellspacing" | "hspace" | "vspace" | "colspan" | "rowspan" | "span"
        | "start" | "value" | "size" => {
            let digits =
                value.trim().trim_start_matches(['+', '-']).trim_end_matches(['%', '*', 'p', 'x', 'P', 'X', 't', 'e', 'm', ' ']);
            value.len() < 20 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        }
        "bgcolor" | "color" | "bordercolor" => {
            short && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '#' | '(' | ')' | ',' | ' ' | '.' | '%'))
        }
        "role" => matches!(value, "presentation" | "none" | "link"),
        "face" => short && !value.contains(['(', '\\', ';', '<', '{', '@']),
        "alt" | "title" | "summary" => value.len() <= 2_000 && !value.chars().any(|c| c.is_control() && c != '\n' && c != '\t'),
        "align" | "valign" | "dir" | "lang" | "nowrap" | "scope" | "noshade" | "clear" | "type" | "reversed" | "open"
        | "wrap" | "frame" | "rules" => short && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ')),
        _ => false,
    }
}

/// Whether a picture is there to watch the reader: too small to see, hidden, or from a known counter.
fn is_tracker(url: &str, width: &str, height: &str, css: &str) -> bool {
    let tiny = |v: &str| v.trim().trim_end_matches("px").parse::<f32>().is_ok_and(|v| v <= 2.0);
    if tiny(width) && tiny(height) || style::hides(css) && !css.contains("max-") {
        return true;
    }
    let compact: String = css.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let tiny_css = |side: &str| {
        ["0", "0px", "1px", "2px"]
            .iter()
            .any(|v| compact.split(';').any(|d| d == format!("{side}:{v}") || d == format!("{side}:{v}!important")))
    };
    if tiny_css("width") && tiny_css("height") {
        return true;
    }
    let lower = url.to_ascii_lowercase();
    WATCHERS.iter().any(|w| lower.contains(w))
}

/// Parts of addresses under which senders count openings.
const WATCHERS: &[&str] = &[
    "/track/open",
    "/wf/open",
    "/e/o/",
    "/open.aspx",
    "/open.php",
    "/open.gif",
    "/pixel.gif",
    "/pixel.png",
    "/pixel?",
    "/beacon.gif",
    "/spacer_track",
    "/trk?",
    "/o.gif",
    "list-manage.com/track",
    "mandrillapp.com/track",
    "sendgrid.net/wf",
    "mailtrack.io",
    "mailfoogae",
    "google-analytics.com",
    "googleadservices.com",
    "doubleclick.net",
    "facebook.com/tr",
    "bat.bing.com",
    "t.sidekickopen",
    "hubspotemail",
    "bananatag.com",
    "yesware.com",
    "getnotify.com",
    "streak.com",
    "mixmax.com/api/track",
    "emltrk.com",
    "litmus.com",
    "click.mlsend",
    "pstmrk.it/open",
    "awstrack.me",
    "cmail19.com/t",
    "cmail20.com/t",
    "createsend",
    "exacttarget.com/open",
    "eloqua.com/e/f",
    "mkto",
    "pardot.com/l",
    "klclick",
    "klaviyomail",
    "customeriomail.com/e/o",
    "intercom-mail.com/via/e/o",
    "sparkpostmail.com/q",
    "mailgun.org/o/",
];
