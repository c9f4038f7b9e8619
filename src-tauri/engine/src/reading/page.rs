//! The answers themselves: the document around a message with its policy and its one script, and bytes that can do nothing.

use super::{FrameAnswer, sniff};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The one script that runs in a message frame.
const BRIDGE: &str = include_str!("../../../../ui/frame/bridge.js");
/// The ground under a message.
const STYLE: &str = include_str!("../../../../ui/frame/frame.css");

/// The policy of a body: nothing loads but pictures of the message scheme, nothing runs but the bridge.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src mail: http://mail.localhost; \
         form-action 'none'; base-uri 'none'; frame-src 'none'; sandbox allow-scripts",
        bridge_hash()
    )
});

/// The policy of everything else.
const NO_POLICY: &str = "default-src 'none'; sandbox";

/// Light or dark, as the window has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// Out of the query `theme=dark`.
    pub fn of(query: &str) -> Self {
        if query.split('&').any(|pair| pair == "theme=dark") { Self::Dark } else { Self::Light }
    }
}

pub(super) fn bridge_hash() -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(BRIDGE.as_bytes()))
}

/// The document of a message. `html` is verified output of the renderer.
pub(super) fn body(html: &str, theme: Theme) -> FrameAnswer {
    let theme = if theme == Theme::Dark { "dark" } else { "light" };
    let colours = colours(html);
    let document = format!(
        "<!DOCTYPE html>\n<html data-theme=\"{theme}\" data-colours=\"{colours}\"><head><meta charset=\"utf-8\"><title>Message</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><div id=\"message\" dir=\"auto\">{html}</div><script>{BRIDGE}</script></body></html>"
    );
    answer(200, "text/html; charset=utf-8", &POLICY, document.into_bytes())
}

/// Bytes of the message: a picture where they are one, else octets that no page takes for anything.
pub(super) fn picture(bytes: Vec<u8>) -> FrameAnswer {
    let media_type = sniff::picture(&bytes).unwrap_or("application/octet-stream");
    answer(200, media_type, NO_POLICY, bytes)
}

/// A picture, or nothing at all.
pub(super) fn only_picture(bytes: Vec<u8>) -> FrameAnswer {
    if sniff::picture(&bytes).is_some() { picture(bytes) } else { nothing() }
}

/// No such thing.
pub(super) fn nothing() -> FrameAnswer {
    answer(404, "text/plain; charset=utf-8", NO_POLICY, Vec::new())
}

fn answer(status: u16, content_type: &str, policy: &str, body: Vec<u8>) -> FrameAnswer {
    let headers = [
        ("Content-Type", content_type),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-DNS-Prefetch-Control", "off"),
    ];
    FrameAnswer { status, headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), body }
}

/// Whose colours a message has: the window's, the sender's for letters alone, or the sender's own, which get a white sheet.
fn colours(html: &str) -> &'static str {
    let has = |signs: &[&str]| signs.iter().any(|sign| html.contains(sign));
    if has(&[" bgcolor=\"", "background", "!important"]) {
        "own"
    } else if has(&[" color=\"", "color:"]) {
        "letters"
    } else {
        "ours"
    }
}

/// Takes pictures that stand in the HTML itself out of it, so that the policy needs no `data:`. The renderer writes a source
/// attribute in one form only, and escapes quotes everywhere else.
pub(super) fn lift_pictures(html: &str, base: &str) -> (String, Vec<Vec<u8>>) {
    const SIGN: &str = " src=\"data:";
    let mut pictures = Vec::new();
    let mut out = String::with_capacity(html.len().min(1 << 20));
    let mut rest = html;
    while let Some((before, tail)) = rest.split_once(SIGN) {
        let Some((url, after)) = tail.split_once('"') else { break };
        let encoded = url.split_once(',').map_or("", |(_, data)| data).trim_end_matches('=');
        let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(encoded).unwrap_or_default();
        out.push_str(before);
        out.push_str(&format!(" src=\"{base}picture/{}\"", pictures.len()));
        pictures.push(bytes);
        rest = after;
    }
    out.push_str(rest);
    (out, pictures)
}
