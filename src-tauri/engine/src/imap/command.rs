//! Commands on their way out: text, strings quoted or as literals, sets. Nothing a stranger wrote can end a line here.

use super::mutf7;
use godwit_domain::labels::{self, Labels};
use godwit_domain::sync::UidSet;
use godwit_domain::{Error, Flags, Result};
use tokio::sync::mpsc;

/// LITERAL- lets literals up to this many bytes go without asking (RFC 7888).
const LITERAL_MINUS: usize = 4096;
/// The longest string that is quoted; longer ones go as literals.
const MOST_QUOTED: usize = 1000;

/// How literals are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Literals {
    /// The server has to agree first.
    #[default]
    Ask,
    /// Small ones go at once.
    Minus,
    /// All go at once.
    Plus,
}

enum Piece {
    Text(String),
    Literal(Vec<u8>),
    /// So many bytes, which come in parts.
    Poured(u64),
}

/// A literal that is never whole in memory.
pub(super) struct Poured {
    /// How many bytes it has.
    pub size: u64,
    /// Its parts in order. Ending early costs the connection, for a literal can't be taken back.
    pub parts: mpsc::Receiver<Vec<u8>>,
}

/// One command, without its tag.
pub(super) struct Command {
    /// What it does, for errors: "open the folder".
    pub doing: &'static str,
    pieces: Vec<Piece>,
    poured: Option<Poured>,
}

impl Command {
    pub fn new(doing: &'static str, text: impl Into<String>) -> Self {
        Self { doing, pieces: vec![Piece::Text(text.into())], poured: None }
    }

    /// Adds text that this program wrote.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text.as_ref()),
            _ => self.pieces.push(Piece::Text(text.as_ref().to_owned())),
        }
        self
    }

    /// Adds a space and a set.
    pub fn set(self, uids: &UidSet) -> Self {
        self.text(format!(" {uids}"))
    }

    /// Adds a space and a string, quoted where it can be.
    pub fn string(mut self, value: &str) -> Result<Self> {
        if value.contains('\0') {
            return Err(Error::invalid("A text for the server has a NUL character in it."));
        }
        let plain = value.len() <= MOST_QUOTED && value.bytes().all(|b| (0x20..0x7f).contains(&b));
        if plain {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            return Ok(self.text(format!(" \"{escaped}\"")));
        }
        self = self.text(" ");
        self.pieces.push(Piece::Literal(value.as_bytes().to_vec()));
        Ok(self)
    }

    /// Adds a space and a mailbox name as the server spells it.
    pub fn mailbox(self, wire_name: &str) -> Result<Self> {
        if wire_name.is_empty() {
            return Err(Error::invalid("The folder has no name."));
        }
        self.string(wire_name)
    }

    /// Adds a space and a path as people write it.
    pub fn path(self, path: &str) -> Result<Self> {
        self.mailbox(&mutf7::encode(path))
    }

    /// Adds a space and a list of flags.
    pub fn flags(self, flags: &Flags) -> Result<Self> {
        let names = flags.names();
        let is_atom = |name: &String| {
            let bare = name.strip_prefix('\\').unwrap_or(name);
            !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\".contains(&b))
        };
        match names.iter().find(|name| !is_atom(name)) {
            Some(_) => Err(Error::invalid("A tag has a character that mail servers can't keep.")
                .mend("Use letters, digits and simple signs.")),
            None => Ok(self.text(format!(" ({})", names.join(" ")))),
        }
    }

    /// Adds a space and a list of labels: system labels as atoms, others quoted in the spelling of mailbox names.
    pub fn labels(self, labels: &Labels) -> Result<Self> {
        let spelled: Option<Vec<String>> = labels.iter().map(|label| spelled(label)).collect();
        match spelled {
            Some(spelled) => Ok(self.text(format!(" ({})", spelled.join(" ")))),
            None => Err(Error::invalid("A label has a character that can't be in one.").mend("Choose another name.")),
        }
    }

    /// Adds a space and a literal.
    pub fn literal(mut self, bytes: Vec<u8>) -> Self {
        self = self.text(" ");
        self.pieces.push(Piece::Literal(bytes));
        self
    }

    /// Ends the command with a space and a literal that comes in parts, before the last step.
    pub fn poured(mut self, poured: Poured) -> Self {
        self = self.text(" ");
        self.pieces.push(Piece::Poured(poured.size));
        self.poured = Some(poured);
        self
    }

    /// The literal that comes in parts.
    pub fn take_poured(&mut self) -> Option<Poured> {
        self.poured.take()
    }

    /// The bytes, in steps: after each but the last the server has to say `+`.
    pub fn encode(self, tag: &str, literals: Literals) -> Vec<Vec<Vec<u8>>> {
        let mut steps = Vec::new();
        let mut step: Vec<Vec<u8>> = Vec::new();
        let mut text = format!("{tag} ").into_bytes();
        for piece in self.pieces {
            match piece {
                Piece::Text(t) => text.extend_from_slice(t.as_bytes()),
                Piece::Poured(size) => {
                    text.extend_from_slice(format!("{{{size}}}\r\n").as_bytes());
                    step.push(std::mem::take(&mut text));
                    steps.push(std::mem::take(&mut step));
                }
                Piece::Literal(bytes) => {
                    let at_once = match literals {
                        Literals::Ask => false,
                        Literals::Minus => bytes.len() <= LITERAL_MINUS,
                        Literals::Plus => true,
                    };
                    text.extend_from_slice(format!("{{{}{}}}\r\n", bytes.len(), if at_once { "+" } else { "" }).as_bytes());
                    step.push(std::mem::take(&mut text));
                    if !at_once {
                        steps.push(std::mem::take(&mut step));
                    }
                    step.push(bytes);
                }
            }
        }
        text.extend_from_slice(b"\r\n");
        step.push(text);
        steps.push(step);
        steps
    }
}

/// One label as STORE takes it; `None`: nothing that can be said.
fn spelled(label: &str) -> Option<String> {
    match label.strip_prefix('\\') {
        Some(system) if !system.is_empty() && system.bytes().all(|b| b.is_ascii_alphanumeric()) => Some(label.to_owned()),
        Some(_) => None,
        None => {
            let wire = mutf7::encode(label);
            let quoted = wire.replace('\\', "\\\\").replace('"', "\\\"");
            (labels::is_label(label) && wire.bytes().all(|b| (0x20..0x7f).contains(&b))).then(|| format!("\"{quoted}\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: Command, literals: Literals) -> Vec<String> {
        command.encode("g1", literals).into_iter().map(|s| String::from_utf8(s.concat()).unwrap()).collect()
    }

    #[test]
    fn strings_are_quoted_or_literals() {
        let c = || Command::new("x", "SELECT").mailbox("a \"b\" \\c").unwrap();
        assert_eq!(sent(c(), Literals::Ask), ["g1 SELECT \"a \\\"b\\\" \\\\c\"\r\n"]);
        let c = || Command::new("x", "X").string("a\r\nb").unwrap().string("ü").unwrap().text(" Y");
        assert_eq!(sent(c(), Literals::Ask), ["g1 X {4}\r\n", "a\r\nb {2}\r\n", "ü Y\r\n"]);
        assert_eq!(sent(c(), Literals::Plus), ["g1 X {4+}\r\na\r\nb {2+}\r\nü Y\r\n"]);
        let big = Command::new("x", "X").literal(vec![b'a'; 5000]);
        assert_eq!(big.encode("g1", Literals::Minus).len(), 2);
        assert!(Command::new("x", "X").string("a\0b").is_err());
        assert!(Command::new("x", "SELECT").mailbox("").is_err());
    }

    #[test]
    fn labels_are_atoms_or_quoted_names() {
        let labels = ["\\Inbox", "Work", "Muy Importante", "a\"b\\c", "Entw\u{fc}rfe", "a)b"].map(str::to_owned).into();
        let ok = Command::new("x", "STORE").labels(&labels).unwrap();
        let want = r#"g1 STORE ("Entw&APw-rfe" "Muy Importante" "Work" \Inbox "a\"b\\c" "a)b")"#;
        assert_eq!(sent(ok, Literals::Ask), [format!("{want}\r\n")]);
        for bad in ["a\r\nb", "", "\\In box", "\\Inbox) x", "\\"] {
            assert!(Command::new("x", "STORE").labels(&[bad.to_owned()].into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_that_are_no_atoms_are_refused() {
        let ok = Command::new("x", "STORE").flags(&Flags::parse(["\\Seen", "a]b", "$Work"])).unwrap();
        assert_eq!(sent(ok, Literals::Ask), ["g1 STORE (\\Seen $Work a]b)\r\n"]);
        for bad in ["a b", "a\r\nb", "(", "ü", "a\"b", "*", "a\\b"] {
            assert!(Command::new("x", "STORE").flags(&Flags::parse([bad])).is_err(), "{bad}");
        }
    }
}
