//! The way to the oracle: Python's imaplib in a process of its own. It says what the server holds, digest by digest,
//! and plays the other devices of a person. It shares no code with the engine.

use crate::world::{Held, Letter};
use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use godwit_tests::dovecot::{Dovecot, User};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const SCRIPT: &str = include_str!("oracle.py");

/// A signed-in oracle. It ends with this value.
pub struct Oracle {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// A change by another device, to the first message with this digest.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Flags set.
    pub add: Vec<String>,
    /// Flags cleared.
    pub remove: Vec<String>,
    /// Where it is moved.
    pub to: Option<String>,
    /// Whether it is removed for good.
    pub expunge: bool,
}

impl Oracle {
    /// Signs in as this person.
    pub fn sign_in(dovecot: &Dovecot, user: &User) -> Result<Self> {
        let (port, root) = (dovecot.ports.imaps.to_string(), dovecot.root());
        let mut command = Command::new("python3");
        command.args(["-u", "-c", SCRIPT, "localhost", &port]).arg(root).args([&user.address, &user.password]);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("start python3, which the oracle needs")?;
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().context("the oracle has no stdout")?);
        Ok(Self { process, to, from })
    }

    /// Empties every mailbox, makes these where they are missing, and puts this mail into them.
    pub fn fill(&mut self, mailboxes: &[&str], mail: &[Letter]) -> Result<()> {
        self.ask(&json!({ "do": "fill", "mailboxes": mailboxes, "mail": letters(mail) })).map(drop)
    }

    /// Adds mail.
    pub fn put(&mut self, mail: &[Letter]) -> Result<()> {
        self.ask(&json!({ "do": "put", "mail": letters(mail) })).map(drop)
    }

    /// Every message of every mailbox.
    pub fn read(&mut self) -> Result<Vec<Held>> {
        let answer = self.ask(&json!({ "do": "read" }))?;
        let mut held: Vec<Held> = serde_json::from_value::<Vec<(String, String, Vec<String>)>>(answer)?
            .into_iter()
            .map(|(mailbox, digest, flags)| Held { mailbox, digest, flags: flags.into_iter().collect() })
            .collect();
        held.sort();
        Ok(held)
    }

    /// Every message of a mailbox whole, in its order.
    pub fn letters(&mut self, mailbox: &str) -> Result<Vec<Letter>> {
        let answer = self.ask(&json!({ "do": "letters", "mailbox": mailbox }))?;
        let whole: Vec<(String, BTreeSet<String>)> = serde_json::from_value(answer)?;
        whole.into_iter().map(|(raw, flags)| Ok(Letter::read(mailbox, STANDARD.decode(raw)?, flags))).collect()
    }

    /// Deletes a mailbox and makes it anew with this mail: a new UIDVALIDITY, other messages under the old numbers.
    pub fn remake(&mut self, mailbox: &str, mail: &[Letter]) -> Result<()> {
        self.ask(&json!({ "do": "remake", "mailbox": mailbox, "mail": letters(mail) })).map(drop)
    }

    /// Deletes a mailbox with all that is in it.
    pub fn drop_mailbox(&mut self, mailbox: &str) -> Result<()> {
        self.ask(&json!({ "do": "drop", "mailbox": mailbox })).map(drop)
    }

    /// Changes a message as another device would; answers whether it was there.
    pub fn edit(&mut self, mailbox: &str, digest: &str, edit: &Edit) -> Result<bool> {
        let Edit { add, remove, to, expunge } = edit;
        let asked = json!({ "do": "edit", "mailbox": mailbox, "digest": digest, "add": add, "remove": remove, "to": to, "expunge": expunge });
        Ok(self.ask(&asked)?.as_bool().unwrap_or(false))
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        let to = self.to.as_mut().context("the oracle has ended")?;
        to.write_all(format!("{request}\n").as_bytes()).context("ask the oracle")?;
        let mut line = String::new();
        self.from.read_line(&mut line).context("hear the oracle")?;
        let mut answer: Value = serde_json::from_str(&line).context("the oracle ended, or spoke in riddles")?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(anyhow!("the oracle could not {error}")),
            None => Ok(answer["ok"].take()),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        drop(self.to.take());
        let _ = self.process.wait();
    }
}

fn letters(mail: &[Letter]) -> Vec<Value> {
    mail.iter().map(|l| json!({ "mailbox": l.mailbox, "flags": l.flags, "raw": STANDARD.encode(&l.raw) })).collect()
}
