//! An IMAP server for tests, in memory: it keeps the rules until a test tells it to lie. What a test wants to see is not a
//! transcript but what became of the mail, so every client that follows the RFCs may speak to it in its own order.

mod answers;
mod world;

pub(crate) use world::World;

use answers::Visit;
use godwit_domain::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::Notify;

/// What becomes of a command that a lie is meant for.
pub(crate) enum Lie {
    /// Not done; these lines are said, `TAG` standing for the tag.
    Say(&'static str),
    /// Done, but lines with this text are left out.
    Without(&'static str),
    /// Done, but lines with this text can't be read.
    Garbled(&'static str),
    /// Done, and the line breaks before a word is said.
    Silence,
    /// Not done: the line breaks.
    Cut,
    /// Done or not, and then whatever this makes of the truth.
    Bent(Bend),
    /// The world changes first, then it is done.
    After(Box<dyn FnOnce(&mut World) + Send>),
    /// Done and told as it is.
    Truth,
}

/// How a command is answered that somebody tampers with.
#[derive(Clone, Copy)]
pub(crate) struct Bend {
    /// Whether it is done.
    pub done: bool,
    /// The bytes to say, of the tag and the true answer; empty where it was not done.
    pub bytes: fn(&str, &[String]) -> Vec<u8>,
    /// What follows.
    pub then: Then,
}

/// What becomes of the line after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    GoOn,
    HangUp,
    /// The line stays open, and nothing is said or heard on it any more.
    Stall,
}

/// A lie waits for its command.
pub(super) struct Told {
    text: String,
    /// Only on this connection, counted from 0.
    on: Option<usize>,
    /// Only this command of all that are heard, counted from 0.
    nth: Option<usize>,
    lie: Lie,
    left: u32,
}

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

    /// The `nth` of all commands is, counted from 0.
    pub fn nth(&self, nth: usize, lie: Lie) {
        self.world().told.push(Told { text: String::new(), on: None, nth: Some(nth), lie, left: 1 });
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
        self.world().told.push(Told { text: text.to_owned(), on, nth: None, lie, left });
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
        tokio::spawn(serve(self.clone(), far));
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

async fn serve(server: Pretend, stream: DuplexStream) {
    let mut stream = BufReader::new(stream);
    let number = {
        let mut world = server.world();
        world.connections += 1;
        world.connections - 1
    };
    let mut visit = Visit::default();
    if !say(&mut stream, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello").await {
        return;
    }
    loop {
        let mut line = String::new();
        if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
            return;
        }
        let line = line.trim_end();
        let Some((tag, command)) = line.split_once(' ') else { return };
        let Said { bytes, then, idles } = answer(&server, number, &mut visit, tag, command);
        if stream.write_all(&bytes).await.is_err() || then == Then::HangUp || command == "LOGOUT" {
            return;
        }
        if then == Then::Stall {
            // Until the client has had enough.
            let mut rest = Vec::new();
            drop(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await);
            return;
        }
        if idles && !idle(&server, number, &mut visit, &mut stream, tag).await {
            return;
        }
    }
}

async fn say(stream: &mut BufReader<DuplexStream>, line: &str) -> bool {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.is_ok()
}

/// What is said to a command.
struct Said {
    bytes: Vec<u8>,
    then: Then,
    /// An IDLE began.
    idles: bool,
}

fn answer(server: &Pretend, number: usize, visit: &mut Visit, tag: &str, command: &str) -> Said {
    let mut world = server.world();
    world.heard.push((number, command.to_owned()));
    let lie = take_lie(&mut world, number, command);
    let then = match &lie {
        Lie::Silence | Lie::Cut => Then::HangUp,
        Lie::Bent(bend) => bend.then,
        _ => Then::GoOn,
    };
    if let Lie::Bent(bend) = lie {
        let truth = if bend.done { visit.answer(&mut world, tag, command) } else { Vec::new() };
        return Said { bytes: (bend.bytes)(tag, &truth), then, idles: false };
    }
    let lines = match lie {
        Lie::Say(text) => text.lines().map(|l| l.trim_start().replace("TAG", tag)).collect(),
        Lie::Cut => Vec::new(),
        Lie::Silence => {
            visit.answer(&mut world, tag, command);
            Vec::new()
        }
        Lie::Without(text) => visit.answer(&mut world, tag, command).into_iter().filter(|l| !l.contains(text)).collect(),
        Lie::Garbled(text) => {
            let garble = |line: String| if line.contains(text) { "* 1 FETCH (UID \"".to_owned() } else { line };
            visit.answer(&mut world, tag, command).into_iter().map(garble).collect()
        }
        Lie::After(change) => {
            change(&mut world);
            server.news.notify_waiters();
            visit.answer(&mut world, tag, command)
        }
        Lie::Truth | Lie::Bent(_) => visit.answer(&mut world, tag, command),
    };
    let idles = lines.first().is_some_and(|l| l == "+ idling");
    Said { bytes: lines.into_iter().map(|l| l + "\r\n").collect::<String>().into_bytes(), then, idles }
}

fn take_lie(world: &mut World, number: usize, command: &str) -> Lie {
    let order = world.heard.len() - 1;
    let fits = |t: &Told| {
        t.left > 0 && command.contains(&t.text) && t.on.is_none_or(|on| on == number) && t.nth.is_none_or(|nth| nth == order)
    };
    let Some(at) = world.told.iter().position(fits) else { return Lie::Truth };
    let told = &mut world.told[at];
    told.left -= 1;
    let copy = match &told.lie {
        Lie::Say(text) => Lie::Say(text),
        Lie::Without(text) => Lie::Without(text),
        Lie::Garbled(text) => Lie::Garbled(text),
        Lie::Silence => Lie::Silence,
        Lie::Cut => Lie::Cut,
        Lie::Truth => Lie::Truth,
        Lie::Bent(bend) => Lie::Bent(*bend),
        Lie::After(_) => {
            told.left = 0;
            std::mem::replace(&mut told.lie, Lie::Truth)
        }
    };
    world.told.retain(|t| t.left > 0);
    copy
}

/// Tells news until DONE; false where the client is gone.
async fn idle(server: &Pretend, number: usize, visit: &mut Visit, stream: &mut BufReader<DuplexStream>, tag: &str) -> bool {
    let mut line = String::new();
    loop {
        let news = server.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        if std::mem::take(&mut server.world().cut) {
            return false;
        }
        let lines = visit.news(&server.world());
        for line in lines {
            if !say(stream, &line).await {
                return false;
            }
        }
        tokio::select! {
            read = stream.read_line(&mut line) => {
                if !matches!(read, Ok(n) if n > 0) || matches!(take_lie(&mut server.world(), number, "DONE"), Lie::Cut) {
                    return false;
                }
                let mut last = visit.news(&server.world());
                last.push(format!("{tag} OK done"));
                for line in last {
                    if !say(stream, &line).await {
                        return false;
                    }
                }
                return true;
            }
            () = &mut news => {}
        }
    }
}
