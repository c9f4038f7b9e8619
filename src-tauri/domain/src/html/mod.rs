//! HTML of mail: made text, made safe, and proven safe by a second reader.
//! The road is survey -> sheets into attributes -> ammonia -> rewrite (links, pictures, styles) -> verify; what fails on the way is shown as text.

mod allow;
mod clean;
mod hosts;
mod plain;
mod render;
mod rewrite;
mod sheet;
mod style;
mod survey;
mod text;
mod verdict;
mod verify;

pub use clean::sanitise_for_composer;
pub use plain::from_text;
pub use render::{RenderOptions, render};
pub use text::to_text;
pub use verdict::verdict;
pub use verify::verify;

/// Bytes of HTML that are rendered; what lies behind is cut off and named as a problem.
pub const MAX_HTML: usize = 4 << 20;
/// Links and remote things that are listed.
pub const MAX_LISTED: usize = 2_000;

/// Text with the characters escaped that mean something in HTML, also inside quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The Content-ID that a `cid:` URL names: percent-decoded, without brackets.
pub(crate) fn content_id(id: &str) -> String {
    let id = id.replace("&amp;", "&");
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        let digit = |at: usize| (*tail.get(at)? as char).to_digit(16);
        match (b, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).trim_matches(['<', '>', ' ']).to_owned()
}
