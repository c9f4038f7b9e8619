//! One client's line to the pretended server: what is heard on it, and what is said. The greeting, the leave for a literal
//! and the end of idling are heard and lied about like commands, as `GREETING`, `LITERAL` and `DONE`.

use super::answers::Visit;
use super::lie::{self, Lie, Then};
use super::{Pretend, World};
use std::cell::Cell;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// How long a line stays silent faster than the clock, and in which steps.
const SILENCE: u32 = 20;
const STEP: Duration = Duration::from_secs(20);

struct Line {
    server: Pretend,
    number: usize,
    visit: Visit,
    stream: BufReader<DuplexStream>,
}

/// What is said to a command, and what follows.
struct Said {
    bytes: Vec<u8>,
    then: Then,
}

impl Said {
    /// Whether the client is told to go on.
    fn asks_for_more(&self) -> bool {
        self.then == Then::GoOn && (self.bytes.starts_with(b"+") || self.bytes.windows(2).any(|w| w == b"\n+"))
    }
}

pub(super) async fn serve(server: Pretend, stream: DuplexStream) {
    let number = {
        let mut world = server.world();
        world.connections += 1;
        world.connections - 1
    };
    let mut line = Line { server, number, visit: Visit::default(), stream: BufReader::new(stream) };
    let hello = |_: &mut Visit, _: &mut World| vec!["* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello".to_owned()];
    let greeting = line.answer("*", "GREETING", hello);
    if line.tell(&greeting).await {
        while line.serve_one().await {}
    }
}

impl Line {
    /// Hears and answers one command; false where the line has ended.
    async fn serve_one(&mut self) -> bool {
        let Some(heard) = self.hear().await else { return false };
        let Some((tag, command)) = heard.split_once(' ') else { return false };
        if let Some((size, asks)) = literal(command) {
            if asks {
                let leave = self.answer(tag, "LITERAL", |_, _| vec!["+ go on".to_owned()]);
                if !self.tell(&leave).await {
                    return false;
                }
                if !leave.asks_for_more() {
                    return true;
                }
            }
            let mut bytes = vec![0; size];
            if self.stream.read_exact(&mut bytes).await.is_err() || self.hear().await.is_none() {
                return false;
            }
            self.visit.literal = bytes;
        }
        let said = self.answer(tag, command, |visit, world| visit.answer(world, tag, command));
        if !self.tell(&said).await || command == "LOGOUT" {
            return false;
        }
        if command == "IDLE" && said.asks_for_more() { self.idle(tag).await } else { true }
    }

    async fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        let heard = self.stream.read_line(&mut line).await.ok().filter(|n| *n > 0);
        heard.map(|_| line.trim_end().to_owned())
    }

    /// What is said to it, by the truth or by a lie.
    fn answer(&mut self, tag: &str, command: &str, truth: impl FnOnce(&mut Visit, &mut World) -> Vec<String>) -> Said {
        let visit = &mut self.visit;
        let mut world = self.server.world();
        world.heard.push((self.number, command.to_owned()));
        let lie = lie::take(&mut world, self.number, command);
        let then = match &lie {
            Lie::Silence | Lie::Cut => Then::HangUp,
            Lie::Bent(bend) => bend.then,
            _ => Then::GoOn,
        };
        let lines = match lie {
            Lie::Say(text) => text.lines().map(|l| l.trim_start().replace("TAG", tag)).collect(),
            Lie::Cut => Vec::new(),
            Lie::Silence => {
                truth(visit, &mut world);
                Vec::new()
            }
            Lie::Without(text) => truth(visit, &mut world).into_iter().filter(|l| !l.contains(text)).collect(),
            Lie::Garbled(text) => {
                let garble = |line: String| if line.contains(text) { "* 1 FETCH (UID \"".to_owned() } else { line };
                truth(visit, &mut world).into_iter().map(garble).collect()
            }
            Lie::After(change) => {
                change(&mut world);
                self.server.news.notify_waiters();
                truth(visit, &mut world)
            }
            Lie::Truth => truth(visit, &mut world),
            Lie::Bent(bend) => {
                let truth = if bend.done { truth(visit, &mut world) } else { Vec::new() };
                return Said { bytes: (bend.bytes)(tag, &truth), then };
            }
        };
        Said { bytes: lines.into_iter().map(|l| l + "\r\n").collect::<String>().into_bytes(), then }
    }

    /// Says it; false where the line has ended.
    async fn tell(&mut self, said: &Said) -> bool {
        if self.stream.write_all(&said.bytes).await.is_err() {
            return false;
        }
        match said.then {
            Then::GoOn => return true,
            Then::HangUp => {}
            Then::Stall => self.stall(SILENCE, b"").await,
            Then::Chatter => self.stall(u32::MAX, b"* OK still here\r\n").await,
        }
        false
    }

    /// Hears everything and answers nothing, until the client has had enough.
    async fn stall(&mut self, steps: u32, word: &[u8]) {
        let mut rest = [0; 4096];
        for step in 0.. {
            let read = tokio::select! {
                biased;
                read = self.stream.read(&mut rest) => read,
                // Whoever works on what came is not to be overtaken by much.
                () = tokio::time::sleep(Duration::from_millis(1)), if step < steps => {
                    hurry().await;
                    match self.stream.write_all(word).await {
                        Ok(()) => continue,
                        Err(_) => return,
                    }
                }
            };
            if !matches!(read, Ok(n) if n > 0) {
                return;
            }
        }
    }

    /// Tells news until DONE; false where the line has ended.
    async fn idle(&mut self, tag: &str) -> bool {
        let mut line = String::new();
        loop {
            let news = self.server.news.clone();
            let news = news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            if std::mem::take(&mut self.server.world().cut) {
                return false;
            }
            let lines: String = self.visit.news(&self.server.world()).into_iter().map(|l| l + "\r\n").collect();
            if self.stream.write_all(lines.as_bytes()).await.is_err() {
                return false;
            }
            tokio::select! {
                read = self.stream.read_line(&mut line) => {
                    if !matches!(read, Ok(n) if n > 0) {
                        return false;
                    }
                    let end = |visit: &mut Visit, world: &mut World| {
                        let mut last = visit.news(world);
                        last.push(format!("{tag} OK done"));
                        last
                    };
                    let said = self.answer(tag, "DONE", end);
                    return self.tell(&said).await;
                }
                () = &mut news => {}
            }
        }
    }
}

/// Lets some time go by at once. Must not be dropped half-way, or the clock would stand still; only one line turns it at a time.
async fn hurry() {
    thread_local!(static TURNS: Cell<bool> = const { Cell::new(false) });
    if !TURNS.replace(true) {
        tokio::time::pause();
        tokio::time::advance(STEP).await;
        tokio::time::resume();
        TURNS.set(false);
    }
}

/// The length of the literal that ends a command, and whether it waits for leave.
fn literal(command: &str) -> Option<(usize, bool)> {
    let number = command.strip_suffix('}')?.rsplit_once('{')?.1;
    Some((number.trim_end_matches('+').parse().ok()?, !number.ends_with('+')))
}
