//! Stands in for the engine's facade until it is merged: the same names, no engine behind them.

use godwit_domain::api::{Command, Password, Request};
use godwit_domain::*;
use std::path::{Path, PathBuf};

pub mod secrets {
    use super::*;
    #[derive(Clone)]
    pub enum KeySource {
        Keychain,
        Passphrase(Password),
        ThisRunOnly,
    }
    impl KeySource {
        pub fn from_env() -> Result<Self> {
            match std::env::var("GODWIT_PASSPHRASE") {
                Ok(p) => Ok(Self::Passphrase(Password::new(p))),
                Err(_) => Ok(Self::Keychain),
            }
        }
    }
}
pub mod reading {
    pub struct FrameAnswer {
        pub status: u16,
        pub headers: Vec<(String, String)>,
        pub body: Vec<u8>,
    }
}
pub mod os {
    pub mod dirs {
        use std::path::{Path, PathBuf};
        pub fn profile(asked: Option<&Path>) -> godwit_domain::Result<PathBuf> {
            Ok(asked.map_or_else(|| std::env::temp_dir().join("godwit-shim"), Path::to_path_buf))
        }
        pub fn downloads() -> godwit_domain::Result<PathBuf> {
            Ok(std::env::temp_dir())
        }
    }
    pub mod socket {
        use super::super::*;
        pub struct OwnerClient;
        impl OwnerClient {
            pub async fn connect(_dir: &Path) -> Result<Option<Self>> {
                Ok(None)
            }
            pub async fn call(&mut self, _request: Request) -> Result<serde_json::Value> {
                Err(Error::bug("No engine."))
            }
            pub async fn raise(&mut self, _open: Vec<String>) -> Result<()> {
                Ok(())
            }
        }
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
pub struct Engine(tokio::sync::broadcast::Sender<Event>);
impl Engine {
    pub async fn open(_options: OpenOptions) -> Result<(Engine, OpenReport)> {
        Ok((Engine(tokio::sync::broadcast::channel(16).0), OpenReport { notes: Vec::new() }))
    }
    pub async fn call(&self, request: Request) -> Result<serde_json::Value> {
        match request {
            Request::GetSettings(_) => Ok(serde_json::to_value(Settings::default()).unwrap_or_default()),
            Request::Accounts(_) | Request::Mailboxes(_) => Ok(serde_json::json!([])),
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
    pub async fn serve_owner(&self, _raise: impl Fn(Vec<String>) -> Result<()> + Send + Sync + 'static) -> Result<()> {
        std::future::pending().await
    }
    pub async fn close(self) {}
}
#[allow(dead_code)]
pub async fn discover(_email: &str) -> Vec<Candidate> {
    Vec::new()
}
#[allow(dead_code)]
pub fn render(raw: &[u8], _allow_remote: bool) -> Result<Rendered> {
    let p = godwit_domain::mime::parse(raw);
    Ok(Rendered {
        html: String::new(),
        text: p.text,
        remote: vec![],
        links: vec![],
        attachments: p.attachments,
        verdict: Verdict { level: VerdictLevel::Unknown, reasons: vec![] },
        problems: p.problems,
    })
}
