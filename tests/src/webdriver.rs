//! A hand for the window: the W3C WebDriver protocol over plain HTTP on loopback, spoken to WebKitWebDriver.
//! Things are found by role and accessible name only: what a screen reader can't find, a test can't either.

mod find;
mod http;

use crate::net::{answers, free_ports};
use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use find::Name;
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

/// Keys without a letter, as WebDriver names them.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Tab.
    pub const TAB: &str = "\u{e004}";
    /// Escape.
    pub const ESCAPE: &str = "\u{e00c}";
    /// Arrow down.
    pub const DOWN: &str = "\u{e015}";
    /// Arrow up.
    pub const UP: &str = "\u{e013}";
    /// Delete.
    pub const DELETE: &str = "\u{e017}";
    /// Control, held until the end of the keys.
    pub const CONTROL: &str = "\u{e009}";
    /// Shift, held until the end of the keys.
    pub const SHIFT: &str = "\u{e008}";
}

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A window under our hand.
pub struct Window {
    port: u16,
    session: String,
    /// How long `find` waits for what it looks for.
    pub patience: Cell<Duration>,
    driver: Option<Tied>,
}

/// Something in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    id: String,
}

impl Window {
    /// Starts a program under a driver of its own.
    pub fn open(program: &Path, args: &[&str], env: Vec<(String, String)>, log: Option<&Path>) -> Result<Self> {
        let [port] = free_ports()?;
        let port_arg = format!("--port={port}");
        let automation = [("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true")];
        let mut spawn = Spawn::new("WebKitWebDriver", [port_arg.as_str(), "--host=127.0.0.1"]).envs(env).envs(automation);
        if let Some(log) = log {
            spawn = spawn.log(log);
        }
        let mut driver = spawn.start().context("start WebKitWebDriver (package webkit2gtk-driver)")?;
        driver.wait_until("WebKitWebDriver", Duration::from_secs(20), || answers(port))?;
        let options = json!({ "binary": program, "args": args });
        let capabilities = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let reply = http::call(port, "POST", "/session", Some(&capabilities)).context("open a WebDriver session")?;
        let session = reply["sessionId"].as_str().context("the driver gave no session")?.to_owned();
        let window = Self { port, session, patience: Cell::new(Duration::from_secs(15)), driver: Some(driver) };
        window.post("/timeouts", json!({ "script": 30_000, "pageLoad": 30_000, "implicit": 0 }))?;
        Ok(window)
    }

    /// Goes to an address; for plain browsers.
    pub fn go(&self, url: &str) -> Result<()> {
        self.post("/url", json!({ "url": url })).map(drop)
    }

    /// Runs a script's body and answers what it returns.
    pub fn script(&self, body: &str, args: Value) -> Result<Value> {
        self.post("/execute/sync", json!({ "script": body, "args": args }))
    }

    /// Runs a script that calls its last argument when it is done.
    pub fn script_async(&self, body: &str, args: Value) -> Result<Value> {
        self.post("/execute/async", json!({ "script": body, "args": args }))
    }

    /// A picture of the window, PNG.
    pub fn picture(&self) -> Result<Vec<u8>> {
        let picture = self.get("/screenshot")?;
        Ok(STANDARD.decode(picture.as_str().context("the driver sent no picture")?)?)
    }

    /// Sizes the window.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("/window/rect", json!({ "width": width, "height": height })).map(drop)
    }

    /// Clicks.
    pub fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/click", element.id), json!({})).map(drop)
    }

    /// Types into an element, which gets the focus.
    pub fn type_into(&self, element: &Element, text: &str) -> Result<()> {
        self.post(&format!("/element/{}/value", element.id), json!({ "text": text })).map(drop)
    }

    /// Empties a field.
    pub fn clear(&self, element: &Element) -> Result<()> {
        self.post(&format!("/element/{}/clear", element.id), json!({})).map(drop)
    }

    /// Presses keys wherever the focus is; control and shift are held until the end.
    pub fn press(&self, keys: &str) -> Result<()> {
        let held = |c: char| [key::CONTROL, key::SHIFT].iter().any(|k| k.starts_with(c));
        let mut actions: Vec<Value> = Vec::new();
        for c in keys.chars() {
            actions.push(json!({ "type": "keyDown", "value": c.to_string() }));
            if !held(c) {
                actions.push(json!({ "type": "keyUp", "value": c.to_string() }));
            }
        }
        actions.extend(keys.chars().filter(|c| held(*c)).map(|c| json!({ "type": "keyUp", "value": c.to_string() })));
        self.post("/actions", json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] })).map(drop)
    }

    /// Puts the pointer somewhere, in pixels from the window's corner.
    pub fn point_at(&self, x: u32, y: u32) -> Result<()> {
        let moved = json!({ "type": "pointerMove", "duration": 0, "x": x, "y": y });
        self.post("/actions", json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": [moved] }] })).map(drop)
    }

    /// The visible text of an element.
    pub fn text(&self, element: &Element) -> Result<String> {
        Ok(self.get(&format!("/element/{}/text", element.id))?.as_str().unwrap_or_default().to_owned())
    }

    /// The role a screen reader is told.
    pub fn role(&self, element: &Element) -> Result<String> {
        Ok(self.get(&format!("/element/{}/computedrole", element.id))?.as_str().unwrap_or_default().to_owned())
    }

    /// The name a screen reader reads.
    pub fn label(&self, element: &Element) -> Result<String> {
        Ok(self.get(&format!("/element/{}/computedlabel", element.id))?.as_str().unwrap_or_default().to_owned())
    }

    /// An attribute's value.
    pub fn attribute(&self, element: &Element, name: &str) -> Result<Option<String>> {
        Ok(self.get(&format!("/element/{}/attribute/{name}", element.id))?.as_str().map(str::to_owned))
    }

    /// Looks into a frame.
    pub fn enter(&self, frame: &Element) -> Result<()> {
        self.post("/frame", json!({ "id": { ELEMENT: frame.id } })).map(drop)
    }

    /// Looks at the whole window again.
    pub fn leave_frames(&self) -> Result<()> {
        self.post("/frame", json!({ "id": null })).map(drop)
    }

    /// Asks until `check` answers something, within this window's patience.
    pub fn wait<T>(&self, what: &str, mut check: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let start = Instant::now();
        loop {
            // Things move while the page renders: an error counts only when time is up.
            let last = match check() {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => None,
                Err(error) => Some(error),
            };
            if start.elapsed() > self.patience.get() {
                let seconds = self.patience.get().as_secs();
                self.keep_picture(what);
                return match last {
                    Some(error) => Err(error.context(format!("{what}: not after {seconds} s"))),
                    None => bail!("{what}: not after {seconds} s. The window says: {}", self.page_text()),
                };
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where GODWIT_PICTURES names a folder, what the window looked like when a wait failed is kept there.
    fn keep_picture(&self, what: &str) {
        let Some(dir) = std::env::var_os("GODWIT_PICTURES") else { return };
        let name: String = what.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(60).collect();
        // The failure itself is what counts; a picture that can't be had changes nothing about it.
        if let Ok(picture) = self.picture() {
            let _ = std::fs::write(Path::new(&dir).join(format!("{name}-{}.png", self.port)), picture);
        }
    }

    fn page_text(&self) -> String {
        let text = self.script("return document.body ? document.body.innerText.slice(0, 2000) : ''", json!([]));
        text.ok().and_then(|t| t.as_str().map(str::to_owned)).unwrap_or_default()
    }

    fn get(&self, path: &str) -> Result<Value> {
        http::call(self.port, "GET", &format!("/session/{}{path}", self.session), None)
    }

    fn post(&self, path: &str, body: Value) -> Result<Value> {
        http::call(self.port, "POST", &format!("/session/{}{path}", self.session), Some(&body))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Closing the session ends the program in order; the driver's end kills whatever is left.
        let _ = http::call(self.port, "DELETE", &format!("/session/{}", self.session), None);
        drop(self.driver.take());
    }
}
