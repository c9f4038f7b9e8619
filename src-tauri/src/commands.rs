//! What the window may call: `call` for everything the engine does, and the few verbs that end outside of it
//! (links, attachments). Declared in build.rs and granted in tauri.conf.json. A path or a target never comes from the window.

use crate::args::Open;
use crate::shell::{self, Shell, StartState, ToOpen, Unlock};
use godwit_domain::api::{AttachmentOpen, AttachmentSave, FileOpen, FilePartOpen, FilePartSave, LinkTarget, Request};
use godwit_domain::{Error, ErrorKind, OpenedFile, PlacementId, Result};
use godwit_engine::os::dirs;
use std::ffi::OsString;
use tauri::{AppHandle, State};

/// One request in, one reply out.
#[tauri::command]
pub async fn call(shell: State<'_, Shell>, request: serde_json::Value) -> Result<serde_json::Value> {
    shell.check_at_home()?;
    let request: Request = serde_json::from_value(request)
        .map_err(|_| Error::bug("The window asked for something that the engine does not know."))?;
    if !is_for_the_window(&request) {
        return Err(Error::new(ErrorKind::Refused, format!("The window may not ask for {}.", request.name())));
    }
    shell.engine().await?.call(request).await
}

/// What names a path of this machine or hands out raw bytes is for the command line only: a page that was taken over must
/// neither read files nor write them.
const fn is_for_the_window(request: &Request) -> bool {
    !matches!(
        request,
        Request::MessageRaw(_)
            | Request::SendRaw(_)
            | Request::DraftAttach(_)
            | Request::AttachmentSave(_)
            | Request::AttachmentOpen(_)
            | Request::FileOpen(_)
            | Request::FilePartSave(_)
            | Request::FilePartOpen(_)
    )
}

/// How the start ended; answers once it has.
#[tauri::command]
pub async fn start_state(shell: State<'_, Shell>) -> Result<StartState> {
    shell.check_at_home()?;
    tracing::info!("the page has loaded");
    shell.start_state().await
}

/// Tries to open the profile again, as the person chose.
#[tauri::command]
pub async fn unlock(app: AppHandle, shell: State<'_, Shell>, choice: Unlock) -> Result<StartState> {
    shell.check_at_home()?;
    shell::open(&app, choice, false);
    shell.start_state().await
}

/// Opens link `index` of the message behind `token`: http(s) in the browser, mailto: as a new mail.
#[tauri::command]
pub async fn open_link(app: AppHandle, shell: State<'_, Shell>, token: String, index: u32) -> Result<()> {
    shell.check_at_home()?;
    let target = shell.engine().await?.ask(LinkTarget { token, index }).await?;
    let url = url::Url::parse(&target).map_err(|_| Error::invalid("This link is broken."))?;
    match url.scheme() {
        "http" | "https" if url.host().is_some() => open_outside(url.as_str().into()).await,
        "mailto" => {
            shell.add_opens(&app, vec![Open::Mailto { url: target }]);
            Ok(())
        }
        _ => Err(Error::new(ErrorKind::Refused, "This kind of link is not opened from a mail.")),
    }
}

/// Opens a harmless attachment with the system's program for it.
#[tauri::command]
pub async fn open_attachment(shell: State<'_, Shell>, id: PlacementId, part: u32) -> Result<()> {
    shell.check_at_home()?;
    let path = shell.engine().await?.ask(AttachmentOpen { id, part }).await?;
    open_outside(path.into()).await
}

/// Saves an attachment (`part: None`: all) to the downloads folder; answers the path of the first.
#[tauri::command]
pub async fn save_attachment(shell: State<'_, Shell>, id: PlacementId, part: Option<u32>) -> Result<String> {
    shell.check_at_home()?;
    let saved = shell.engine().await?.ask(AttachmentSave { id, part, dir: downloads()? }).await?;
    saved.into_iter().next().ok_or_else(|| Error::gone("There is no such attachment."))
}

/// The downloads folder, made where a fresh account of the system has none yet.
fn downloads() -> Result<String> {
    let dir = dirs::downloads()?;
    std::fs::create_dir_all(&dir).map_err(|error| godwit_engine::os::io_error("make a folder", &dir, &error))?;
    Ok(dir.to_str().ok_or_else(|| Error::invalid("The downloads folder has a name that is not Unicode."))?.to_owned())
}

/// Opens message file `key` of those that were named from outside; the window knows numbers only, never paths.
#[tauri::command]
pub async fn open_file(shell: State<'_, Shell>, key: u32, remote: bool) -> Result<OpenedFile> {
    shell.check_at_home()?;
    let path = shell.file(key).ok_or_else(|| Error::gone("This file is not open any more.").mend("Open it again."))?;
    shell.engine().await?.ask(FileOpen { path, remote }).await
}

/// Opens a harmless attachment of a message file with the system's program for it.
#[tauri::command]
pub async fn open_file_attachment(shell: State<'_, Shell>, token: String, part: u32) -> Result<()> {
    shell.check_at_home()?;
    let path = shell.engine().await?.ask(FilePartOpen { token, part }).await?;
    open_outside(path.into()).await
}

/// Saves an attachment of a message file to the downloads folder; answers the path.
#[tauri::command]
pub async fn save_file_attachment(shell: State<'_, Shell>, token: String, part: u32) -> Result<String> {
    shell.check_at_home()?;
    shell.engine().await?.ask(FilePartSave { token, part, dir: downloads()? }).await
}

/// Where message bodies are served.
#[tauri::command]
pub fn frame_origin(shell: State<'_, Shell>) -> Result<String> {
    shell.check_at_home()?;
    Ok(crate::schemes::origin(crate::schemes::MAIL))
}

/// What the person asked to open from outside (`mailto:` links, files), once.
#[tauri::command]
pub fn take_opens(shell: State<'_, Shell>) -> Result<Vec<ToOpen>> {
    shell.check_at_home()?;
    Ok(shell.to_open())
}

async fn open_outside(what: OsString) -> Result<()> {
    let opened = tauri::async_runtime::spawn_blocking(move || opener::open(what)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Error::gone("No program here opens this.").mend("Choose one in the system's settings.")),
        Err(_) => Err(Error::bug("Opening stopped half-way.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::DraftId;
    use godwit_domain::api::{Accounts, DraftAttach, MessageRaw};

    #[test]
    fn the_window_gets_no_paths_and_no_raw_bytes() {
        assert!(is_for_the_window(&Accounts {}.into()));
        assert!(!is_for_the_window(&MessageRaw { id: PlacementId(1) }.into()));
        assert!(!is_for_the_window(&FileOpen { path: "/etc/passwd".into(), remote: false }.into()));
        assert!(!is_for_the_window(&DraftAttach { draft: DraftId(1), path: "/etc/passwd".into() }.into()));
    }

    #[test]
    fn a_choice_reads_as_the_window_writes_it() {
        let read = |text: &str| serde_json::from_str::<Unlock>(text);
        assert!(matches!(read("\"retry\"").unwrap(), Unlock::Retry));
        assert!(matches!(read("\"this_run_only\"").unwrap(), Unlock::ThisRunOnly));
        assert!(matches!(read("{\"passphrase\":\"p\"}").unwrap(), Unlock::Passphrase(p) if p.reveal() == "p"));
        assert!(read("\"plaintext\"").is_err());
    }
}
