//! What the shell keeps while it runs: the profile, how far the start has come, and what is still to be opened.
//! It holds no mail and decides nothing about mail.

use crate::args::Open;
use crate::{args, events, leave};
use godwit_domain::api::Password;
use godwit_domain::{Error, ErrorKind, Result};
use godwit_engine::{Engine, OpenOptions, OpenReport, os::socket::OwnerClient, secrets::KeySource};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::watch;

/// How long a profile that a `godwitctl` holds for a moment is waited for.
const WAIT_FOR_PROFILE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How far the start has come, as the window hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartState {
    /// The engine answers.
    Ready {
        /// What a person should know of how it opened: a damaged cache that was set aside, say.
        notes: Vec<Error>,
    },
    /// The profile's key can't be had: the person chooses.
    KeyUnavailable {
        /// Why.
        error: Error,
    },
    /// It can't open.
    Failed {
        /// Why, and the mend.
        error: Error,
    },
}

/// The person's answer to "the key can't be had".
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlock {
    /// Ask the keychain again.
    Retry,
    /// Keep nothing beyond this run.
    ThisRunOnly,
    /// A passphrase opens it.
    Passphrase(Password),
}

impl Unlock {
    fn source(&self) -> Result<KeySource> {
        match self {
            Self::Retry => KeySource::from_env(),
            Self::ThisRunOnly => Ok(KeySource::ThisRunOnly),
            Self::Passphrase(password) => Ok(KeySource::Passphrase(password.clone())),
        }
    }
}

#[derive(Clone)]
enum Start {
    Opening,
    Open(Engine, Vec<Error>),
    NotOpen(Error),
}

/// What the window is to open: a file by its number only, so that no page ever names a path.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ToOpen {
    /// A `mailto:` address: starts a mail.
    Mailto {
        /// The whole URL.
        url: String,
    },
    /// A message in a file.
    File {
        /// Its number, for `open_file`.
        key: u32,
    },
}

/// Message files that are remembered; a window that opens one again asks by its number.
const MAX_FILES: usize = 1_000;

/// The shell's one piece of state.
pub struct Shell {
    /// Where everything of this profile lives.
    pub profile: PathBuf,
    start: watch::Sender<Start>,
    opens: Mutex<Vec<Open>>,
    files: Mutex<Vec<String>>,
    at_home: AtomicBool,
}

impl Shell {
    /// A shell whose engine is not opened yet.
    pub fn new(profile: PathBuf, opens: Vec<Open>) -> Self {
        Self {
            profile,
            start: watch::Sender::new(Start::Opening),
            opens: Mutex::new(opens),
            files: Mutex::default(),
            at_home: AtomicBool::new(false),
        }
    }

    /// Notes whether the window's own document is the app's. Nothing is answered while it is not.
    pub fn set_at_home(&self, at_home: bool) {
        self.at_home.store(at_home, Ordering::SeqCst);
    }

    /// Refuses a caller whose top-level document is not the app.
    pub fn check_at_home(&self) -> Result<()> {
        if self.at_home.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Refused, "Only Godwit's own page may ask this."))
    }

    /// The engine, as soon as it is open; the reason where it is not.
    pub async fn engine(&self) -> Result<Engine> {
        match self.settled().await? {
            Start::Open(engine, _) => Ok(engine),
            Start::NotOpen(error) => Err(error),
            Start::Opening => Err(Error::bug("The start ended without an answer.")),
        }
    }

    /// The engine, if it is open now.
    pub fn engine_now(&self) -> Option<Engine> {
        match &*self.start.borrow() {
            Start::Open(engine, _) => Some(engine.clone()),
            _ => None,
        }
    }

    /// How the start ended; waits until it did.
    pub async fn start_state(&self) -> Result<StartState> {
        Ok(match self.settled().await? {
            Start::Open(_, notes) => StartState::Ready { notes },
            Start::NotOpen(error) if error.kind == ErrorKind::KeyUnavailable => StartState::KeyUnavailable { error },
            Start::NotOpen(error) => StartState::Failed { error },
            Start::Opening => return Err(Error::bug("The start ended without an answer.")),
        })
    }

    async fn settled(&self) -> Result<Start> {
        let mut seen = self.start.subscribe();
        let settled = seen.wait_for(|start| !matches!(start, Start::Opening)).await;
        settled.map(|start| start.clone()).map_err(|_| Error::bug("The start was given up."))
    }

    /// Whether an opening may begin: not while one runs, and not over an open engine.
    fn begin(&self, first: bool) -> bool {
        self.start.send_if_modified(|start| {
            let may = matches!((&*start, first), (Start::Opening, true) | (Start::NotOpen(_), false));
            *start = if may { Start::Opening } else { start.clone() };
            may
        })
    }

    /// Takes what is still to be opened.
    pub fn take_opens(&self) -> Vec<Open> {
        self.opens.lock().map(|mut opens| std::mem::take(&mut *opens)).unwrap_or_default()
    }

    /// The same for the window.
    pub fn to_open(&self) -> Vec<ToOpen> {
        let Ok(mut files) = self.files.lock() else { return Vec::new() };
        let mut number = |path: String| {
            let known = files.iter().position(|one| *one == path);
            let key = known.or_else(|| (files.len() < MAX_FILES).then_some(files.len()))?;
            if known.is_none() {
                files.push(path);
            }
            u32::try_from(key).ok()
        };
        let opens = self.take_opens().into_iter();
        opens
            .filter_map(|open| match open {
                Open::Mailto { url } => Some(ToOpen::Mailto { url }),
                Open::File { path } => number(path).map(|key| ToOpen::File { key }),
            })
            .collect()
    }

    /// The path of a message file that the window was told of.
    pub fn file(&self, key: u32) -> Option<String> {
        self.files.lock().ok()?.get(key as usize).cloned()
    }

    /// Adds something to be opened and tells the window.
    pub fn add_opens(&self, app: &AppHandle, more: Vec<Open>) {
        if more.is_empty() {
            return;
        }
        if let Ok(mut opens) = self.opens.lock() {
            opens.extend(more);
            opens.truncate(64);
        }
        if let Err(error) = app.emit("opens", ()) {
            tracing::warn!(%error, "the window can't be told what to open");
        }
    }
}

/// Opens the engine in the background, so that the window paints at once. `first`: at start; else after a choice.
pub fn open(app: &AppHandle, unlock: Unlock, first: bool) {
    if !app.state::<Shell>().begin(first) {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        match open_engine(&shell, &unlock).await {
            Ok(Some((engine, report))) => {
                tauri::async_runtime::spawn(events::forward(app.clone(), engine.clone()));
                tauri::async_runtime::spawn(answer_others(app.clone(), engine.clone()));
                shell.start.send_replace(Start::Open(engine, report.notes));
            }
            Ok(None) => leave::leave(&app),
            Err(error) => {
                shell.start.send_replace(Start::NotOpen(error));
            }
        }
    });
}

/// Opens the profile. `None`: another window has it and was raised.
async fn open_engine(shell: &Shell, unlock: &Unlock) -> Result<Option<(Engine, OpenReport)>> {
    let until = tokio::time::Instant::now() + WAIT_FOR_PROFILE;
    loop {
        let options = OpenOptions { dir: shell.profile.clone(), key: unlock.source()?, run_workers: true };
        match Engine::open(options).await {
            Ok(open) => return Ok(Some(open)),
            Err(error) if error.kind == ErrorKind::ProfileInUse && tokio::time::Instant::now() < until => {
                if let Some(mut owner) = OwnerClient::connect(&shell.profile).await? {
                    owner.raise(shell.take_opens().into_iter().map(Open::into_text).collect()).await?;
                    return Ok(None);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Answers `godwitctl` and a second `godwit` until the engine closes.
async fn answer_others(app: AppHandle, engine: Engine) {
    let raise = move |open: Vec<String>| {
        crate::window::raise(&app);
        // Handed over by another process: read as hostile as a command line. What can't be opened is told there, not here.
        let opens = open.iter().filter_map(|text| args::open(text.as_ref()).ok()).collect();
        app.state::<Shell>().add_opens(&app, opens);
        Ok(())
    };
    if let Err(error) = engine.serve_owner(raise).await {
        tracing::warn!(kind = ?error.kind, "other processes can't reach this one: {error}");
    }
}
