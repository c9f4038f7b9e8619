//! Open messages and what their frames may ask: the body under its policy, pictures after a look at their bytes, nothing else.
//! Nothing is served without a live token, and no answer is ever a script but the pinned bridge.

mod page;
mod remote;
mod sniff;

use crate::net::TlsContext;
use godwit_domain::html::{RenderOptions, render};
use godwit_domain::mime::{parse, part};
use godwit_domain::{Error, Parsed, RemoteKind, Rendered, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// Messages that are open at once; the one longest unused goes first.
const MOST_OPEN: usize = 64;
/// Bytes of open messages that are held at once, beyond the one opened last.
const MOST_BYTES: usize = 256 << 20;
/// Bytes of fetched pictures that one open message keeps.
const MOST_FETCHED: usize = 32 << 20;

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
    fetcher: Arc<remote::Fetcher>,
    runtime: Option<Handle>,
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
    /// Pictures from the network, by index.
    fetched: Mutex<HashMap<u32, Vec<u8>>>,
}

impl Default for Reading {
    fn default() -> Self {
        Self::new()
    }
}

impl Reading {
    /// With the origin under which this system serves the `mail` scheme. Pictures are fetched on the runtime this is called in;
    /// outside of one they stay out.
    pub fn new() -> Self {
        Self::with(remote::Fetcher::new(TlsContext::new()))
    }

    fn with(fetcher: remote::Fetcher) -> Self {
        let origin = if cfg!(any(windows, target_os = "android")) { "http://mail.localhost" } else { "mail://localhost" };
        Self {
            origin: origin.to_owned(),
            open: Mutex::new(Vec::new()),
            fetcher: Arc::new(fetcher),
            runtime: Handle::try_current().ok(),
        }
    }

    /// Parses and renders a message and keeps it under a new token. `remote`: with pictures from the network.
    pub fn open(&self, raw: Vec<u8>, remote: bool) -> Result<(String, Rendered)> {
        let parsed = parse(&raw);
        self.open_parsed(raw, &parsed, remote)
    }

    /// The same for one that was parsed already.
    pub fn open_parsed(&self, raw: Vec<u8>, parsed: &Parsed, remote: bool) -> Result<(String, Rendered)> {
        let token = token()?;
        let base = format!("{}/{token}/", self.origin);
        let rendered = render(parsed, &RenderOptions { allow_remote: remote, base: base.clone() });
        let (html, pictures) = page::lift_pictures(&rendered.html, &base);
        let opened =
            Arc::new(Open { token: token.clone(), raw, html, rendered: rendered.clone(), pictures, fetched: Mutex::default() });
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

    /// The bytes of an open message.
    pub fn raw(&self, token: &str) -> Result<Vec<u8>> {
        let open = self.find(token).ok_or_else(|| Error::gone("The message is not open any more.").mend("Open it again."))?;
        Ok(open.raw.clone())
    }

    /// Answers a frame's request: `/<token>/body?theme=dark`, `/<token>/part/<n>`, `/<token>/picture/<n>`, `/<token>/remote/<n>`;
    /// 404 for all else. It may wait for the network: call it where blocking is allowed.
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
            ("remote", Some(Some(n))) => self.remote(&open, n).map_or_else(page::nothing, page::only_picture),
            _ => page::nothing(),
        }
    }

    /// A picture from the network, where the message was opened with leave for it.
    fn remote(&self, open: &Open, index: u32) -> Option<Vec<u8>> {
        let wanted = open.rendered.remote.get(index as usize).filter(|r| !r.blocked && r.kind == RemoteKind::Image)?;
        if let Some(bytes) = open.fetched().get(&index) {
            return Some(bytes.clone());
        }
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let (fetcher, url) = (self.fetcher.clone(), wanted.url.clone());
        self.runtime.as_ref()?.spawn(async move {
            // Whoever asked may have stopped waiting; then nobody needs it.
            sender.send(fetcher.fetch(&url).await).ok();
        });
        let bytes = receiver.recv_timeout(remote::DEADLINE * 2).ok()??;
        let mut fetched = open.fetched();
        if fetched.values().map(Vec::len).sum::<usize>() + bytes.len() <= MOST_FETCHED {
            fetched.insert(index, bytes.clone());
        }
        Some(bytes)
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
    fn fetched(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Vec<u8>>> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
