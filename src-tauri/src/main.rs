//! The window of Godwit: the only code that says `tauri`. It opens the engine, shows the interface and carries requests, events
//! and message bodies between them; it knows nothing of IMAP, SQL or MIME.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod args;
mod commands;
mod events;
mod leave;
mod os;
mod schemes;
mod shell;
mod window;

use args::{Asked, Open};
use godwit_domain::{Error, ErrorKind, Result};
use godwit_engine::os::{dirs, socket::OwnerClient};
use shell::{Shell, Unlock};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tauri::{RunEvent, WindowEvent};

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("GODWIT_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => println!("{}", args::USAGE),
        Ok(Asked::Version) => println!("godwit {}", env!("CARGO_PKG_VERSION")),
        Ok(Asked::Window { profile, opens }) => {
            if let Err(error) = start(profile, opens) {
                eprintln!("godwit: {error}");
                return ExitCode::FAILURE;
            }
        }
        Err(error) => {
            eprintln!("godwit: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn start(profile: Option<PathBuf>, opens: Vec<Open>) -> Result<()> {
    let profile = dirs::profile(profile.as_deref())?;
    if tauri::async_runtime::block_on(raise_other(&profile, &opens))? {
        return Ok(());
    }
    run(profile, opens)
}

/// Hands over to a `godwit` that has this profile. `false`: there is none.
async fn raise_other(profile: &Path, opens: &[Open]) -> Result<bool> {
    let Some(mut owner) = OwnerClient::connect(profile).await? else { return Ok(false) };
    match owner.raise(opens.iter().cloned().map(Open::into_text).collect()).await {
        Ok(()) => Ok(true),
        // It was closing just then: this start takes its place once it has let go, and opens the same things.
        Err(error) if matches!(error.kind, ErrorKind::Uncertain | ErrorKind::Offline | ErrorKind::Cancelled) => Ok(false),
        Err(error) => Err(error),
    }
}

fn run(profile: PathBuf, opens: Vec<Open>) -> Result<()> {
    // Without a display the toolkit panics instead of answering; every other panic is a panic still.
    os::check_display()?;
    let failed = |error: tauri::Error| Error::bug(format!("The window can't be made: {error}."));
    let app = tauri::Builder::default()
        .manage(Shell::new(profile.clone(), opens))
        .register_asynchronous_uri_scheme_protocol(schemes::MAIL, schemes::mail)
        .register_asynchronous_uri_scheme_protocol(schemes::ATTACH, schemes::attach)
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::start_state,
            commands::unlock,
            commands::open_link,
            commands::open_attachment,
            commands::save_attachment,
            commands::open_file,
            commands::open_file_attachment,
            commands::save_file_attachment,
            commands::frame_origin,
            commands::take_opens,
        ])
        .setup(move |app| {
            let app = app.handle();
            shell::open(app, Unlock::Retry, true);
            tauri::async_runtime::spawn(leave::on_signal(app.clone()));
            window::make(app, &profile)?;
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(failed)?;
    app.run(|app, event| match event {
        RunEvent::WindowEvent { event: WindowEvent::CloseRequested { api, .. }, .. } => {
            api.prevent_close();
            leave::leave(app);
        }
        RunEvent::ExitRequested { code: None, api, .. } => {
            api.prevent_exit();
            leave::leave(app);
        }
        _ => {}
    });
    Ok(())
}
