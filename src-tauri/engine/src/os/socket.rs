//! How other processes speak to the one that owns the profile: requests of the one list, or "raise your window".
//! Each connection carries one call at a time. A call that was handed over whole is never repeated here: where the owner
//! goes before it answers, the caller is told that nobody knows.

use super::frame;
use super::lock::ProfileLock;
use super::pipe::{self, Listener, Traces};
use godwit_domain::api::{Command, Request};
use godwit_domain::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// How many processes may be connected at once.
const MAX_CONNECTIONS: usize = 32;

/// What one process may ask the owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// A request of the one list.
    Request(Box<Request>),
    /// Show the window, and open these (`mailto:` addresses, paths of .eml files).
    Raise {
        /// What to open.
        open: Vec<String>,
    },
}

#[derive(Serialize, Deserialize)]
struct AskFrame {
    id: u64,
    #[serde(flatten)]
    ask: Ask,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(Value),
    Err(Error),
}

#[derive(Serialize, Deserialize)]
struct AnswerFrame {
    id: u64,
    #[serde(flatten)]
    answer: Answer,
}

/// A call that came in.
pub struct OwnerCall {
    /// What is asked.
    pub ask: Ask,
    /// Where the answer goes.
    pub reply: Reply,
}

/// Where an answer goes. Dropped unused, the caller hears that Godwit failed.
pub struct Reply(oneshot::Sender<Result<Value>>);

impl Reply {
    /// Answers. A caller that has gone meanwhile misses it, and nothing else happens.
    pub fn send(self, answer: Result<Value>) {
        let _ = self.0.send(answer);
    }
}

/// The owner's end. Dropping it closes every connection and takes the socket away.
pub struct Owner {
    calls: mpsc::Receiver<OwnerCall>,
    task: JoinHandle<()>,
    _traces: Traces,
}

impl Owner {
    /// Listens inside the profile. The lock proves that whatever socket lies there is stale. Needs a tokio runtime.
    pub fn listen(lock: &ProfileLock) -> Result<Self> {
        let (listener, traces) = Listener::bind(lock.dir())?;
        let (sender, calls) = mpsc::channel(MAX_CONNECTIONS);
        Ok(Self { calls, task: tokio::spawn(accept_all(listener, sender)), _traces: traces })
    }

    /// The next call; `None` never comes while the owner lives.
    pub async fn accept(&mut self) -> Option<OwnerCall> {
        self.calls.recv().await
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept_all(mut listener: Listener, calls: mpsc::Sender<OwnerCall>) {
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        if open.len() >= MAX_CONNECTIONS {
            open.join_next().await;
        }
        match listener.accept().await {
            Ok(stream) => {
                open.spawn(serve(stream, calls.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "the owner's socket did not accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, calls: mpsc::Sender<OwnerCall>) {
    loop {
        let asked = match frame::read::<AskFrame>(&mut stream).await {
            Ok(Some(asked)) => asked,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "a call on the owner's socket was not understood");
                return;
            }
        };
        let (sender, answer) = oneshot::channel();
        if calls.send(OwnerCall { ask: asked.ask, reply: Reply(sender) }).await.is_err() {
            return;
        }
        let answer = answer.await.unwrap_or_else(|_| Err(Error::bug("Godwit dropped a request unanswered.")));
        let answer = match answer {
            Ok(value) => Answer::Ok(value),
            Err(error) => Answer::Err(error),
        };
        if let Err(error) = reply(&mut stream, asked.id, answer).await {
            tracing::debug!(%error, "a caller left before its answer");
            return;
        }
    }
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), id: u64, answer: Answer) -> io::Result<()> {
    let frame = match frame::encode(&AnswerFrame { id, answer }) {
        Ok(frame) => frame,
        Err(_) => {
            let error = Error::invalid("The answer is too large to hand over.").mend("Ask for less at once.");
            frame::encode(&AnswerFrame { id, answer: Answer::Err(error) })?
        }
    };
    stream.write_all(&frame).await?;
    stream.flush().await
}

/// The other end: speaks to the process that owns the profile.
pub struct OwnerClient {
    stream: pipe::Stream,
    last: u64,
    broken: bool,
}

impl OwnerClient {
    /// Connects to the owner of the profile at `dir`; `None`: nobody owns it.
    pub async fn connect(dir: &Path) -> Result<Option<Self>> {
        Ok(pipe::connect(dir).await?.map(|stream| Self { stream, last: 0, broken: false }))
    }

    /// Asks one request. `Offline`: the owner went before it heard all of it, so nothing was done.
    /// `Uncertain`: it went after that and before its answer.
    pub async fn call(&mut self, request: Request) -> Result<Value> {
        self.ask(Ask::Request(Box::new(request))).await
    }

    /// The same, typed.
    pub async fn request<C: Command>(&mut self, request: C) -> Result<C::Reply> {
        let value = self.call(request.into()).await?;
        serde_json::from_value(value).map_err(|_| {
            Error::bug(format!("The running Godwit answered {} in a shape this one does not know.", C::NAME))
                .mend("They may be of different versions: close the running one and start it again.")
        })
    }

    /// Raises the owner's window.
    pub async fn raise(&mut self, open: Vec<String>) -> Result<()> {
        self.ask(Ask::Raise { open }).await.map(|_| ())
    }

    async fn ask(&mut self, ask: Ask) -> Result<Value> {
        if self.broken {
            return Err(gone_before());
        }
        self.last += 1;
        let frame = frame::encode(&AskFrame { id: self.last, ask })
            .map_err(|_| Error::invalid("The request is too large to hand over.").mend("Hand over less at once."))?;
        // Until the answer is here the connection counts as broken, so that a call given up half-way never mixes with the next.
        self.broken = true;
        if self.stream.write_all(&frame).await.is_err() || self.stream.flush().await.is_err() {
            return Err(gone_before());
        }
        match frame::read::<AnswerFrame>(&mut self.stream).await {
            Ok(Some(answered)) if answered.id == self.last => {
                self.broken = false;
                match answered.answer {
                    Answer::Ok(value) => Ok(value),
                    Answer::Err(error) => Err(error),
                }
            }
            _ => Err(gone_amid()),
        }
    }
}

fn gone_before() -> Error {
    Error::new(ErrorKind::Offline, "The running Godwit went away before it heard the request.")
        .mend("Nothing was done: try again.")
}

fn gone_amid() -> Error {
    Error::new(ErrorKind::Uncertain, "The running Godwit went away before it answered, so it may have done this or not.")
        .mend("Look before you do it again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use godwit_domain::api::{AccountDiscover, Accounts};
    use std::path::PathBuf;

    struct Profile {
        _dir: tempfile::TempDir,
        path: PathBuf,
    }

    fn profile_named(name: &str) -> Profile {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        Profile { _dir: dir, path }
    }

    fn answering(mut owner: Owner) -> JoinHandle<()> {
        tokio::spawn(async move {
            while let Some(call) = owner.accept().await {
                let answer = match &call.ask {
                    Ask::Request(request) => match request.as_ref() {
                        Request::Accounts(_) => Ok(serde_json::json!([])),
                        other => Err(Error::gone(other.name())),
                    },
                    Ask::Raise { open } => Ok(serde_json::json!(open.len())),
                };
                call.reply.send(answer);
            }
        })
    }

    async fn speaks(path: &Path) {
        let lock = ProfileLock::take(path).unwrap();
        let owner = answering(Owner::listen(&lock).unwrap());
        let mut client = OwnerClient::connect(path).await.unwrap().unwrap();
        assert!(client.request(Accounts {}).await.unwrap().is_empty());
        let refused = client.request(AccountDiscover { email: "a@b".into() }).await.unwrap_err();
        assert_eq!((refused.kind, refused.what.as_str()), (ErrorKind::Gone, "account_discover"));
        client.raise(vec!["mailto:a@b".into()]).await.unwrap();
        owner.abort();
        assert!(owner.await.is_err());
        assert!(OwnerClient::connect(path).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_second_process_speaks_to_the_owner() {
        let profile = profile_named("p");
        speaks(&profile.path).await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_profile_deep_down_speaks_too_and_leaves_nothing_behind() {
        let profile = profile_named(&"deep/".repeat(40));
        speaks(&profile.path).await;
        let left: Vec<_> = std::fs::read_dir(&profile.path).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"]);
    }

    #[tokio::test]
    async fn nobody_answers_where_nobody_owns() {
        let profile = profile_named("p");
        std::fs::create_dir(&profile.path).unwrap();
        assert!(OwnerClient::connect(&profile.path).await.unwrap().is_none());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_killed_owners_socket_is_stale_and_the_next_owner_clears_it() {
        let profile = profile_named("p");
        let lock = ProfileLock::take(&profile.path).unwrap();
        drop(std::os::unix::net::UnixListener::bind(profile.path.join("owner.sock")).unwrap());
        assert!(OwnerClient::connect(&profile.path).await.unwrap().is_none());
        let owner = answering(Owner::listen(&lock).unwrap());
        let mut client = OwnerClient::connect(&profile.path).await.unwrap().unwrap();
        assert!(client.request(Accounts {}).await.is_ok());
        owner.abort();
        assert!(owner.await.is_err());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_person_may_open_the_socket() {
        use std::os::unix::fs::PermissionsExt;
        let profile = profile_named("p");
        let lock = ProfileLock::take(&profile.path).unwrap();
        let _owner = Owner::listen(&lock).unwrap();
        let mode = std::fs::metadata(profile.path.join("owner.sock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn an_owner_killed_amid_a_request_leaves_it_uncertain() {
        let profile = profile_named("p");
        let lock = ProfileLock::take(&profile.path).unwrap();
        let mut owner = Owner::listen(&lock).unwrap();
        let mut client = OwnerClient::connect(&profile.path).await.unwrap().unwrap();
        let killed = tokio::spawn(async move {
            let call = owner.accept().await;
            drop(owner);
            drop(call);
        });
        assert_eq!(client.call(Accounts {}.into()).await.unwrap_err().kind, ErrorKind::Uncertain);
        killed.await.unwrap();
        assert_eq!(client.call(Accounts {}.into()).await.unwrap_err().kind, ErrorKind::Offline);
    }

    #[tokio::test]
    async fn a_request_dropped_unanswered_is_told_as_a_fault() {
        let profile = profile_named("p");
        let lock = ProfileLock::take(&profile.path).unwrap();
        let mut owner = Owner::listen(&lock).unwrap();
        let mut client = OwnerClient::connect(&profile.path).await.unwrap().unwrap();
        let task = tokio::spawn(async move {
            drop(owner.accept().await);
            owner
        });
        assert_eq!(client.call(Accounts {}.into()).await.unwrap_err().kind, ErrorKind::Bug);
        drop(task.await.unwrap());
    }

    #[tokio::test]
    async fn a_call_that_makes_no_sense_ends_only_its_own_connection() {
        let profile = profile_named("p");
        let lock = ProfileLock::take(&profile.path).unwrap();
        let owner = answering(Owner::listen(&lock).unwrap());
        let mut rude = OwnerClient::connect(&profile.path).await.unwrap().unwrap();
        rude.stream.write_all(&[255; 64]).await.unwrap();
        let kind = rude.call(Accounts {}.into()).await.unwrap_err().kind;
        assert!(matches!(kind, ErrorKind::Uncertain | ErrorKind::Offline), "{kind:?}");
        let mut polite = OwnerClient::connect(&profile.path).await.unwrap().unwrap();
        assert!(polite.request(Accounts {}).await.is_ok());
        owner.abort();
        assert!(owner.await.is_err());
    }
}
