//! The one way out: closing the window, SIGTERM, the end of the session. The engine closes and the process ends within
//! three seconds, whatever hangs.

use crate::shell::Shell;
use crate::window::MAIN;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tauri::{AppHandle, Emitter, Manager};

/// The longest that leaving may take.
const LIMIT: Duration = Duration::from_secs(3);
/// What the event loop gets on top to end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// What a page gets for its last words: a draft that was being typed.
const LAST_WORDS: Duration = Duration::from_millis(250);

static LEAVING: AtomicBool = AtomicBool::new(false);

/// Closes everything and ends the process. The second call does nothing.
pub fn leave(app: &AppHandle) {
    if LEAVING.swap(true, Ordering::SeqCst) {
        return;
    }
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window can't be hidden");
    }
    let (closed, wait) = mpsc::channel();
    let engine = app.state::<Shell>().engine_now();
    if let Err(error) = app.emit("leaving", ()) {
        tracing::warn!(%error, "the window can't be told that it closes");
    }
    tauri::async_runtime::spawn(async move {
        if let Some(engine) = engine {
            tokio::time::sleep(LAST_WORDS).await;
            engine.close().await;
        }
        // The waiting thread may have given up already.
        let _ = closed.send(());
    });
    let app = app.clone();
    // A thread of its own: a runtime that hangs must not keep the process.
    std::thread::spawn(move || {
        if wait.recv_timeout(LIMIT).is_err() {
            tracing::error!("the engine did not close within 3 seconds");
        }
        app.exit(0);
        std::thread::sleep(GRACE);
        std::process::exit(0);
    });
}

/// Leaves when the system asks the process to end.
pub async fn on_signal(app: AppHandle) {
    match crate::os::asked_to_end().await {
        Ok(()) => leave(&app),
        Err(error) => tracing::warn!(kind = ?error.kind(), "signals can't be heard"),
    }
}
