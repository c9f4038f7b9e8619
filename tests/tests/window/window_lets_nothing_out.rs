//! A hostile message in the real window: nothing leaves the machine, no command is run, and its page never becomes the window's own.
//! The trap is proved first: the same page in a plain browser falls into it.

use super::{Desk, read};
use anyhow::Result;
use godwit_tests::display::Display;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::keyring::Keyring;
use godwit_tests::webdriver::Window;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Counts whoever knocks.
struct Trap {
    port: u16,
    hits: Arc<AtomicU32>,
}

impl Trap {
    fn set() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, hits) = (listener.local_addr()?.port(), Arc::new(AtomicU32::new(0)));
        let count = hits.clone();
        std::thread::spawn(move || {
            for _knock in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(Self { port, hits })
    }

    fn hits(&self) -> u32 {
        self.hits.load(Ordering::SeqCst)
    }
}

/// Every road out that a message is known to try.
fn page(port: u16) -> String {
    let at = |scheme: &str, what: &str| format!("{scheme}://127.0.0.1:{port}/{what}");
    let (http, https) = (|what: &str| at("http", what), |what: &str| at("https", what));
    format!(
        "<html><head><meta http-equiv=refresh content='1;url={meta}'><link rel=stylesheet href='{sheet}'><link rel=prefetch href='{prefetch}'>\
         <style>@import url({import}); body {{ background: url({background}) }} @font-face {{ font-family: x; src: url({font}) }}</style></head>\
         <body background='{body}'><p>Read me first.</p><img src='{img}'><img src='{secure}'><img srcset='{srcset} 2x'>\
         <table background='{table}'><tr><td style='background-image:url({style})'>x</td></tr></table>\
         <video poster='{poster}' src='{video}'></video><audio src='{audio}'></audio><object data='{object}'></object><embed src='{embed}'>\
         <iframe src='{frame}'></iframe><iframe srcdoc=\"<img src='{srcdoc}'>\"></iframe><input type=image src='{input}'>\
         <svg><image href='{svg}'/><style>@import url({svgstyle});</style></svg><form action='{form}' id=f><input name=a></form>\
         <img src=x onerror=\"new Image().src='{onerror}'\"><script>fetch('{fetch}'); document.getElementById('f').submit();\
         try {{ top.location = '{top}' }} catch (e) {{}} try {{ window.open('{open}') }} catch (e) {{}}</script></body></html>",
        meta = http("meta"),
        sheet = http("sheet"),
        prefetch = http("prefetch"),
        import = http("import"),
        background = http("background"),
        font = http("font"),
        body = http("body"),
        img = http("img"),
        secure = https("img"),
        srcset = http("srcset"),
        table = http("table"),
        style = http("style"),
        poster = http("poster"),
        video = http("video"),
        audio = http("audio"),
        object = http("object"),
        embed = http("embed"),
        frame = http("frame"),
        srcdoc = http("srcdoc"),
        input = http("input"),
        svg = http("svg"),
        svgstyle = http("svgstyle"),
        form = http("form"),
        onerror = http("onerror"),
        fetch = http("fetch"),
        top = http("top"),
        open = http("open"),
    )
}

/// The control: a browser without our walls goes into the trap with this page.
fn prove(trap: &Trap) -> Result<bool> {
    let browser = Path::new("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser");
    if !browser.exists() {
        return Ok(false);
    }
    let (display, keyring) = (Display::start(800, 600)?, Keyring::start()?);
    let mut env = display.env();
    env.extend(keyring.env());
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("page.html");
    std::fs::write(&file, page(trap.port))?;
    let window = Window::open(browser, &["--automation"], env, None)?;
    window.go(&format!("file://{}", file.display()))?;
    window.wait("the trap to be met", || Ok((trap.hits() > 0).then_some(())))?;
    Ok(true)
}

#[test]
fn a_hostile_message_reaches_neither_the_network_nor_the_program() -> Result<()> {
    let control = Trap::set()?;
    assert!(prove(&control)?, "the trap can't be proved: MiniBrowser is missing (package libwebkit2gtk-4.1-0)");
    let trap = Trap::set()?;
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let message = format!(
        "Date: Thu, 19 Nov 2026 09:42:00 +0100\r\nFrom: Nobody <nobody@test.example>\r\nTo: {}\r\nMessage-ID: <trap@test.example>\r\n\
         Subject: A trap\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{}\r\n",
        marit.address,
        page(trap.port)
    );
    dovecot.deliver(&marit, message.as_bytes())?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    assert!(read(&window, "A trap")?.contains("Read me first."));

    // Inside the frame: scripts of ours run there (that is the driver), but no road leads to the program or out of the frame.
    let frame = window.find("iframe", "Message body")?;
    let address = window.attribute(&frame, "src")?.unwrap_or_default();
    assert!(address.starts_with("mail://localhost/"), "{address}");
    window.enter(&frame)?;
    let asked = window.script_async(
        "const done = arguments[arguments.length - 1]; const ipc = window.__TAURI_INTERNALS__; \
         if (!ipc) done('no road'); \
         else ipc.invoke('call', { request: { command: 'accounts', args: {} } }).then(() => done('RAN'), () => done('refused'));",
        json!([]),
    );
    // A road that never answers is as closed as one that refuses.
    let asked = asked.unwrap_or(Value::String("no answer".into()));
    assert_ne!(asked, json!("RAN"), "a message could run a command");
    let beyond = "try { return String(window.parent.document.title) } catch (e) { return 'closed: ' + e.name }";
    assert_eq!(window.script(beyond, json!([]))?, json!("closed: SecurityError"));
    window.leave_frames()?;

    // As the window's own page it would have the program's trust: it is sent away before it shows.
    let home = window.script("return location.href", json!([]))?;
    window.script("setTimeout(() => { location.href = arguments[0] }, 0)", json!([address]))?;
    std::thread::sleep(Duration::from_secs(1));
    window.wait("the window to be back", || {
        let here = window.script("return location.href", json!([]))?;
        Ok((here == home).then_some(()))
    })?;
    window.find("listbox", "Messages")?;

    assert_eq!(trap.hits(), 0, "something left the machine");
    Ok(())
}
