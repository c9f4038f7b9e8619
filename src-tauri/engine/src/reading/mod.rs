//! Open messages and what their frames may ask: the body under its policy, pictures after a look at their bytes, nothing else.
//! Nothing is served without a live token, and no answer is ever a script but the pinned bridge.

mod page;
mod sniff;

use godwit_domain::html::{RenderOptions, render};
use godwit_domain::mime::{parse, part};
use godwit_domain::{Error, Rendered, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Messages that are open at once; the one longest unused goes first.
const MOST_OPEN: usize = 64;
/// Bytes of open messages that are held at once, beyond the one opened last.
const MOST_BYTES: usize = 256 << 20;

/// What a frame gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAnswer {
    /// HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// Content.
    pub body: Vec<u8>,
}

/// The open messages.
#[derive(Debug)]
pub struct Reading {
    origin: String,
    open: Mutex<Vec<Arc<Open>>>,
}

/// One open message. The list is in order of use, newest last.
#[derive(Debug)]
struct Open {
    token: String,
    raw: Vec<u8>,
    html: String,
    rendered: Rendered,
    /// Pictures that stood in the HTML as `data:`.
    pictures: Vec<Vec<u8>>,
}

impl Default for Reading {
    fn default() -> Self {
        Self::new()
    }
}

impl Reading {
    /// With the origin under which this system serves the `mail` scheme.
    pub fn new() -> Self {
        let origin = if cfg!(any(windows, target_os = "android")) { "http://mail.localhost" } else { "mail://localhost" };
        Self { origin: origin.to_owned(), open: Mutex::new(Vec::new()) }
    }

    /// Parses and renders a message and keeps it under a new token. `remote`: with pictures from the network.
    pub fn open(&self, raw: Vec<u8>, remote: bool) -> Result<(String, Rendered)> {
        let token = token()?;
        let base = format!("{}/{token}/", self.origin);
        let rendered = render(&parse(&raw), &RenderOptions { allow_remote: remote, base: base.clone() });
        let (html, pictures) = page::lift_pictures(&rendered.html, &base);
        let opened = Arc::new(Open { token: token.clone(), raw, html, rendered: rendered.clone(), pictures });
        let mut open = self.lock();
        open.push(opened);
        while open.len() > MOST_OPEN || open.len() > 1 && open.iter().map(|o| o.weight()).sum::<usize>() > MOST_BYTES {
            open.remove(0);
        }
        Ok((token, rendered))
    }

    /// Forgets a token. An unknown one is forgotten already.
    pub fn close(&self, token: &str) {
        self.lock().retain(|o| o.token != token);
    }

    /// The target of a link of an open message.
    pub fn link(&self, token: &str, index: u32) -> Result<String> {
        let open = self.find(token).ok_or_else(|| Error::gone("The message is not open any more.").mend("Open it again."))?;
        let link = open.rendered.links.get(index as usize).ok_or_else(|| Error::gone("The message has no such link."))?;
        Ok(link.url.clone())
    }

    /// Answers a frame's request: `/<token>/body?theme=dark`, `/<token>/part/<n>`, `/<token>/picture/<n>`; 404 for all else.
    pub fn answer(&self, path_and_query: &str) -> FrameAnswer {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let mut steps = path.trim_start_matches('/').split('/');
        let (Some(token), Some(what), number, None) = (steps.next(), steps.next(), steps.next(), steps.next()) else {
            return page::nothing();
        };
        let Some(open) = self.find(token) else { return page::nothing() };
        let number = number.map(|n| if n.len() < 8 { n.parse::<u32>().ok() } else { None });
        match (what, number) {
            ("body", None) => page::body(&open.html, page::Theme::of(query)),
            ("part", Some(Some(n))) => part(&open.raw, n).map_or_else(page::nothing, |(_, bytes)| page::picture(bytes)),
            ("picture", Some(Some(n))) => open.pictures.get(n as usize).cloned().map_or_else(page::nothing, page::picture),
            _ => page::nothing(),
        }
    }

    fn find(&self, token: &str) -> Option<Arc<Open>> {
        let mut open = self.lock();
        let at = open.iter().position(|o| o.token == token)?;
        let found = open.remove(at);
        open.push(found.clone());
        Some(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn weight(&self) -> usize {
        self.raw.len() + self.html.len() + self.pictures.iter().map(Vec::len).sum::<usize>()
    }
}

/// 128 random bits in hex.
fn token() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| Error::bug(format!("The system gives no random numbers: {e}.")))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests;
