//! Who answers: the process that owns the profile, over its socket, or an engine of our own under the lock.
//! Reads go to the owner too: that way its store is opened once and the keychain asks once.

use godwit_domain::api::Command;
use godwit_domain::{Error, ErrorKind, Result};
use godwit_engine::{Engine, OpenOptions, os::socket::OwnerClient, secrets::KeySource};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long another short `godwitctl` is waited for.
const WAIT_FOR_PROFILE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// One of the two.
pub enum Face {
    /// Another process owns the profile.
    Owner(Box<OwnerClient>),
    /// We do.
    Own(Engine),
}

impl Face {
    /// Finds the owner, or becomes it. `workers`: keep accounts up to date in the background while it is open.
    pub async fn open(dir: &Path, workers: bool) -> Result<Self> {
        let until = Instant::now() + WAIT_FOR_PROFILE;
        loop {
            if let Some(owner) = OwnerClient::connect(dir).await? {
                return Ok(Self::Owner(Box::new(owner)));
            }
            let options = OpenOptions { dir: dir.to_owned(), key: KeySource::from_env()?, run_workers: workers };
            match Engine::open(options).await {
                Ok((engine, report)) => {
                    for note in report.notes {
                        eprintln!("godwitctl: {}", crate::failure::line(&note));
                    }
                    return Ok(Self::Own(engine));
                }
                // The owner may be opening or closing just now, before or after its socket is there.
                Err(error) if error.kind == ErrorKind::ProfileInUse && Instant::now() < until => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks one request.
    pub async fn ask<C: Command>(&mut self, command: C) -> Result<C::Reply> {
        match self {
            Self::Own(engine) => engine.ask(command).await,
            Self::Owner(owner) => {
                let value = owner.call(command.into()).await?;
                serde_json::from_value(value).map_err(|_| {
                    Error::bug(format!("The running Godwit answered {} in a shape that this one does not know.", C::NAME))
                        .mend("They may be of different versions: close the running one and try again.")
                })
            }
        }
    }

    /// Lets go of the profile.
    pub async fn close(self) {
        if let Self::Own(engine) = self {
            engine.close().await;
        }
    }
}
