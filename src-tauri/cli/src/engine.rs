//! Stands in for the engine's facade until it is merged: real lock, socket and key, no mail behind them.

use godwit_domain::api::{Command, Request};
use godwit_domain::*;
pub use godwit_engine::{os, reading, secrets};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub mod smtp {
    pub fn discover(_email: &str) -> Vec<godwit_domain::Candidate> {
        Vec::new()
    }
}
pub struct OpenOptions {
    pub dir: PathBuf,
    pub key: secrets::KeySource,
    pub run_workers: bool,
}
pub struct OpenReport {
    pub notes: Vec<Error>,
}
#[derive(Clone)]
pub struct Engine(tokio::sync::broadcast::Sender<Event>, Arc<Mutex<Option<os::lock::ProfileLock>>>);
impl Engine {
    pub async fn open(options: OpenOptions) -> Result<(Engine, OpenReport)> {
        let lock = os::lock::ProfileLock::take(&options.dir)?;
        secrets::profile_key(&options.dir, &options.key).await?;
        let _ = options.run_workers;
        Ok((Engine(tokio::sync::broadcast::channel(16).0, Arc::new(Mutex::new(Some(lock)))), OpenReport { notes: Vec::new() }))
    }
    pub async fn call(&self, request: Request) -> Result<serde_json::Value> {
        match request {
            Request::GetSettings(_) => Ok(serde_json::to_value(Settings::default()).unwrap_or_default()),
            Request::Accounts(_) | Request::Mailboxes(_) | Request::Sync(_) => Ok(serde_json::json!([])),
            _ => Err(Error::bug("No engine.")),
        }
    }
    pub async fn ask<C: Command>(&self, command: C) -> Result<C::Reply> {
        let value = self.call(command.into()).await?;
        serde_json::from_value(value).map_err(|e| Error::bug(e.to_string()))
    }
    pub fn events(&self) -> tokio::sync::broadcast::Receiver<Event> {
        self.0.subscribe()
    }
    pub fn frame(&self, path: &str) -> reading::FrameAnswer {
        reading::FrameAnswer {
            status: 200,
            headers: vec![("content-type".into(), "text/plain".into())],
            body: path.as_bytes().to_vec(),
        }
    }
    pub async fn attach_bytes(&self, _d: DraftId, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Draft> {
        let sum: u64 = bytes.iter().map(|b| u64::from(*b)).sum();
        Err(Error::bug(format!("{name} {media_type} {} {sum}", bytes.len())))
    }
    pub async fn serve_owner(&self, raise: impl Fn(Vec<String>) -> Result<()> + Send + Sync + 'static) -> Result<()> {
        let owner = self.1.lock().ok().and_then(|l| l.as_ref().map(os::socket::Owner::listen));
        let Some(owner) = owner else { return Ok(()) };
        let mut owner = owner?;
        while let Some(call) = owner.accept().await {
            match call.ask {
                os::Ask::Raise { open } => call.reply.send(raise(open).map(|()| serde_json::Value::Null)),
                os::Ask::Request(request) => {
                    let engine = self.clone();
                    tokio::spawn(async move { call.reply.send(engine.call(*request).await) });
                }
            }
        }
        Ok(())
    }
    pub async fn close(self) {
        if let Ok(mut lock) = self.1.lock() {
            lock.take();
        }
    }
}
