//! An IMAP server for tests, in memory: it keeps the rules until a test tells it to lie. What a test wants to see is not a
//! transcript but what became of the mail, so every client that follows the RFCs may speak to it in its own order.

mod answers;
mod gmail;
mod lie;
mod line;
mod world;

pub(crate) use lie::{Bend, Lie, Then};
pub(crate) use world::World;

use godwit_domain::Result;
use lie::Told;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The server. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Pretend {
    world: Arc<Mutex<World>>,
    news: Arc<Notify>,
}

impl Pretend {
    /// A server that offers these capabilities and has an INBOX and an Archive.
    pub fn offering(capabilities: &str) -> Self {
        let mut world = World { capabilities: capabilities.to_owned(), ..World::default() };
        world.add("INBOX");
        world.add("Archive");
        Self { world: Arc::new(Mutex::new(world)), news: Arc::default() }
    }

    /// What is there.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is there, as another client would; whoever idles is told.
    pub fn change(&self, f: impl FnOnce(&mut World)) {
        f(&mut self.world());
        self.news.notify_waiters();
    }

    /// The next command that contains `text` is answered with a lie.
    pub fn once(&self, text: &str, lie: Lie) {
        self.lie(text, None, 1, lie);
    }

    /// One command of this kind is, after so many that were answered with the truth.
    pub fn later(&self, kind: impl Fn(&str) -> bool + Send + 'static, after: usize, lie: Lie) {
        self.later_and_again(kind, after, 1, lie);
    }

    /// The same, and so often in a row.
    pub fn later_and_again(&self, kind: impl Fn(&str) -> bool + Send + 'static, after: usize, times: u32, lie: Lie) {
        self.world().told.push(Told { text: String::new(), on: None, kind: Box::new(kind), after, lie, left: times });
    }

    /// Every command of this kind is.
    pub fn whenever(&self, kind: impl Fn(&str) -> bool + Send + 'static, lie: Lie) {
        self.world().told.push(Told { text: String::new(), on: None, kind: Box::new(kind), after: 0, lie, left: u32::MAX });
    }

    /// How many lies it is still to tell.
    pub fn lies_left(&self) -> u32 {
        self.world().told.iter().fold(0, |sum, told| sum.saturating_add(told.left))
    }

    /// Every command that contains `text` is.
    pub fn always(&self, text: &str, lie: Lie) {
        self.lie(text, None, u32::MAX, lie);
    }

    /// The same, on connection `on` only.
    pub fn always_on(&self, on: usize, text: &str, lie: Lie) {
        self.lie(text, Some(on), u32::MAX, lie);
    }

    fn lie(&self, text: &str, on: Option<usize>, left: u32, lie: Lie) {
        self.world().told.push(Told { text: text.to_owned(), on, kind: Box::new(|_| true), after: 0, lie, left });
    }

    /// Nothing but the truth from now on.
    pub fn repent(&self) {
        self.world().told.clear();
    }

    /// How many commands were heard that contain `text`.
    pub fn heard(&self, text: &str) -> usize {
        self.world().heard.iter().filter(|(_, command)| command.contains(text)).count()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.world().connections
    }

    /// A signed-in connection to it.
    pub async fn connect(&self) -> Result<crate::imap::Connection> {
        let (near, far) = tokio::io::duplex(1 << 20);
        tokio::spawn(line::serve(self.clone(), far));
        let host = self.world().host.clone();
        crate::imap::over(&host, near).await
    }

    /// The same, with the server in a thread of its own: what it takes to tell its lies is not the client's memory.
    pub async fn connect_from_afar(&self) -> Result<crate::imap::Connection> {
        let (near, far) = tokio::io::duplex(1 << 16);
        let server = self.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(line::serve(server, far));
        });
        let host = self.world().host.clone();
        crate::imap::over(&host, near).await
    }

    /// Opens connections to it.
    pub fn dial(&self) -> crate::imap::Dial {
        let server = self.clone();
        Arc::new(move || {
            let server = server.clone();
            Box::pin(async move { server.connect().await })
        })
    }
}
