//! What differs between Linux, macOS and Windows in the shell: notifications, signals, where the web view keeps its data.

pub mod notify;
#[cfg(target_os = "linux")]
mod revive;

use godwit_domain::{Error, ErrorKind, Result};
use std::path::Path;
use tauri::{AppHandle, WebviewWindowBuilder, Wry};

type Builder<'a> = WebviewWindowBuilder<'a, Wry, AppHandle>;

/// Keeps what the web view writes inside the profile, and begins with an empty folder. Where the profile can't be written the web
/// view writes nothing at all, so that the window can still say so.
pub fn keep_web_data<'a>(builder: Builder<'a>, profile: &Path) -> Builder<'a> {
    let dir = profile.join("webview");
    match make_empty(&dir) {
        Ok(()) => store_in(builder, dir),
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "the profile can't hold the web view's data");
            builder.incognito(true)
        }
    }
}

#[cfg(not(target_os = "macos"))]
fn store_in(builder: Builder<'_>, dir: std::path::PathBuf) -> Builder<'_> {
    builder.data_directory(dir)
}

/// macOS knows no folder, only an id: FNV-1a of the folder's path, so that two profiles never meet.
#[cfg(target_os = "macos")]
fn store_in(builder: Builder<'_>, dir: std::path::PathBuf) -> Builder<'_> {
    let hash = dir.as_os_str().as_encoded_bytes().iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    builder.data_store_identifier(hash.to_be_bytes())
}

/// Takes the network away from the web view, below every policy that a page states: whatever it asks for over HTTP goes to a proxy that
/// is not there. Godwit's own schemes are not touched by this. The other systems have no such switch that leaves them alone.
pub fn keep_offline(builder: Builder<'_>) -> Builder<'_> {
    if cfg!(not(target_os = "linux")) || tauri::is_dev() {
        return builder;
    }
    match tauri::Url::parse("http://127.0.0.1:9") {
        Ok(nowhere) => builder.proxy_url(nowhere),
        Err(_) => builder,
    }
}

/// Brings the page back when the web view's process died: it ran out of memory, or something that it drew ended it. macOS and
/// Windows tell tauri nothing of it.
pub fn revive(window: &tauri::WebviewWindow, home: &'static str) {
    #[cfg(target_os = "linux")]
    revive::watch(window, home);
    #[cfg(not(target_os = "linux"))]
    let _ = (window, home);
}

fn make_empty(dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut make = std::fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(dir)
}

/// Whether there is a screen to show a window on.
pub fn check_display() -> Result<()> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY") {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "There is no screen here to show a window on.")
        .mend("Start Godwit from a desktop, or use godwitctl."))
}

/// Resolves when the system asks the process to end.
#[cfg(unix)]
pub async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int, mut hup) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {}, _ = hup.recv() => {} }
    Ok(())
}

/// Resolves when the system asks the process to end.
#[cfg(not(unix))]
pub async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_views_folder_begins_empty_and_private() {
        let dir = std::env::temp_dir().join(format!("godwit-web-{}", std::process::id()));
        make_empty(&dir).unwrap();
        std::fs::write(dir.join("cache"), b"x").unwrap();
        make_empty(&dir).unwrap();
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
