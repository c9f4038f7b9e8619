//! What a person does in a case, and what server and engine must look like afterwards.

use crate::lane::{Lane, Line, PATIENCE};
use crate::server;
use crate::world::{Held, Letter, digest, set};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use godwit_domain::api::{Outbox, OutboxRetry, SendRaw, SyncBodies};
use godwit_domain::{OutboxItem, OutboxState, PlacementId, Verb};
use std::collections::BTreeSet;

/// What is done while the line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Flags and keywords set and cleared.
    Flags,
    /// Moves between three folders, one of two equal copies among them.
    Move,
    /// The same on a server without MOVE.
    MoveByCopy,
    /// The same on a server without MOVE and UIDPLUS.
    MoveBlind,
    /// Copies.
    Copy,
    /// To the trash.
    Delete,
    /// Out of the trash, for good.
    Expunge,
    /// Some of each at once.
    Mixed,
    /// A mail is handed in; the line to submission breaks.
    Send,
    /// The same where it goes in chunks (BDAT).
    SendChunks,
    /// A mail is handed in; the line on which its copy is filed breaks.
    Append,
    /// An account's first sync, texts included.
    FirstSync,
    /// Flags wait while the server numbers the folder anew.
    Renumbered,
    /// A move waits while its target is deleted: the server says NO.
    Refused,
    /// Moves and a copy into another account; the line to that one breaks.
    CarryIn,
    /// The same; the line to where they come from breaks.
    CarryOut,
    /// One draft is replaced, one thrown away, one is new.
    Draft,
    /// The same on a server that tells no new place.
    DraftBlind,
    /// A draft that lies on the server is sent.
    DraftSent,
}

/// All of them, with their names.
pub const SCENARIOS: [(Scenario, &str); 19] = [
    (Scenario::Flags, "flags"),
    (Scenario::Move, "move"),
    (Scenario::MoveByCopy, "move-by-copy"),
    (Scenario::MoveBlind, "move-blind"),
    (Scenario::Copy, "copy"),
    (Scenario::Delete, "delete"),
    (Scenario::Expunge, "expunge"),
    (Scenario::Mixed, "mixed"),
    (Scenario::Send, "send"),
    (Scenario::SendChunks, "send-chunks"),
    (Scenario::Append, "append"),
    (Scenario::FirstSync, "first-sync"),
    (Scenario::Renumbered, "renumbered"),
    (Scenario::Refused, "refused"),
    (Scenario::CarryIn, "carry-in"),
    (Scenario::CarryOut, "carry-out"),
    (Scenario::Draft, "draft"),
    (Scenario::DraftBlind, "draft-blind"),
    (Scenario::DraftSent, "draft-sent"),
];

/// The mail of one case, by what part it plays.
pub struct Cast {
    id: String,
    /// All letters, in the order they are put on the server.
    pub letters: Vec<Letter>,
}

impl Cast {
    /// Mail that no other case has.
    pub fn new(id: &str) -> Self {
        let letter = |mailbox, flags: &[&str], name: &str| Letter::new(mailbox, flags, &format!("{id}-{name}"));
        let letters = vec![
            letter("INBOX", &["\\Seen"], "a"),
            letter("INBOX", &[], "b"),
            letter("INBOX", &[], "twin"),
            letter("INBOX", &[], "twin"),
            letter("INBOX", &["\\Flagged", "Work"], "d"),
            letter("Archive", &["\\Seen"], "e"),
            letter("Projects", &[], "f"),
            letter("Projects", &["\\Seen"], "g"),
            letter("Projects", &[], "h"),
            letter("Trash", &[], "old"),
            letter("Trash", &[], "old-twin"),
            letter("Trash", &[], "old-twin"),
        ];
        Self { id: id.to_owned(), letters }
    }

    pub(crate) fn subject(&self, name: &str) -> String {
        format!("Plank {}-{name}", self.id)
    }

    fn is(&self, held: &Held, name: &str) -> bool {
        let subject = self.subject(name);
        self.letters.iter().any(|l| l.subject == subject && digest(&l.raw) == held.digest)
    }
}

/// One edit of the model: the first message of this name in this mailbox.
enum Wish<'a> {
    Flags(&'a str, &'a str, &'a [&'a str], &'a [&'a str]),
    Move(&'a str, &'a str, &'a str),
    Copy(&'a str, &'a str, &'a str),
    Expunge(&'a str, &'a str),
}

use Wish::{Copy, Expunge, Flags, Move};

/// How a mail that was handed in ended.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    /// Where it stands; `None`: none was sent.
    pub item: Option<OutboxItem>,
    /// Digests of what submission took.
    pub taken: Vec<String>,
}

impl Scenario {
    /// By name.
    pub fn named(name: &str) -> Result<Self> {
        let known = SCENARIOS.iter().find(|(_, n)| *n == name);
        let names = || SCENARIOS.map(|(_, name)| name).join(", ");
        Ok(known.with_context(|| format!("no scenario is called {name}. There are: {}", names()))?.0)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        SCENARIOS.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }

    /// On which server it plays.
    pub fn server(self) -> server::Kind {
        match self {
            Self::MoveByCopy | Self::SendChunks => server::Kind::NoMove,
            Self::MoveBlind | Self::DraftBlind => server::Kind::Plain,
            _ => server::Kind::Full,
        }
    }

    /// Which line breaks.
    pub fn line(self) -> Line {
        match self {
            Self::Send | Self::SendChunks => Line::Submission,
            Self::CarryIn => Line::Beside,
            _ => Line::Mail,
        }
    }

    /// Whether it needs a second account.
    pub fn is_across(self) -> bool {
        matches!(self, Self::CarryIn | Self::CarryOut)
    }

    /// Whether a mail is handed in as it stands.
    pub fn sends(self) -> bool {
        matches!(self, Self::Send | Self::SendChunks | Self::Append)
    }

    /// Whether a mail leaves in it.
    pub fn hands_in(self) -> bool {
        self.sends() || self == Self::DraftSent
    }

    /// Whether the engine meets the mail for the first time while the line breaks.
    pub fn is_first(self) -> bool {
        self == Self::FirstSync
    }

    /// Whether a wish may end here in words alone: the server refuses it.
    pub fn may_refuse(self) -> bool {
        self == Self::Refused
    }

    fn wishes(self) -> &'static [Wish<'static>] {
        match self {
            Self::Flags => &[
                Flags("INBOX", "a", &["\\Flagged"], &["\\Seen"]),
                Flags("INBOX", "b", &["\\Seen", "Work"], &[]),
                Flags("INBOX", "d", &[], &["\\Flagged", "Work"]),
                Flags("Projects", "f", &["\\Seen"], &[]),
            ],
            Self::Move | Self::MoveByCopy | Self::MoveBlind => &[
                Move("INBOX", "a", "Projects"),
                Move("INBOX", "twin", "Projects"),
                Move("INBOX", "d", "Archive"),
                Move("Archive", "e", "INBOX"),
            ],
            Self::Copy => &[Copy("INBOX", "a", "Projects"), Copy("INBOX", "twin", "Projects"), Copy("Projects", "g", "Archive")],
            Self::Delete => &[Move("INBOX", "a", "Trash"), Move("INBOX", "twin", "Trash"), Move("Archive", "e", "Trash")],
            Self::Expunge => &[Expunge("Trash", "old"), Expunge("Trash", "old-twin")],
            Self::Mixed => &[
                Flags("INBOX", "a", &["\\Flagged"], &[]),
                Move("INBOX", "a", "Archive"),
                Copy("INBOX", "b", "Projects"),
                Move("INBOX", "twin", "Trash"),
                Expunge("Trash", "old-twin"),
                Flags("Projects", "g", &["Work"], &["\\Seen"]),
            ],
            Self::Renumbered => &[Flags("Projects", "f", &["\\Flagged"], &[]), Flags("Projects", "g", &["Work"], &[])],
            Self::Refused => &[Move("INBOX", "b", "Projects")],
            Self::CarryIn | Self::CarryOut => &[
                Move("INBOX", "a", "beside:INBOX"),
                Move("INBOX", "twin", "beside:Projects"),
                Move("INBOX", "d", "beside:Projects"),
                Copy("Projects", "g", "beside:INBOX"),
                Move("Archive", "e", "INBOX"),
            ],
            Self::Send | Self::SendChunks | Self::Append | Self::FirstSync | Self::Draft | Self::DraftBlind | Self::DraftSent => {
                &[]
            }
        }
    }

    /// What a person does before the line breaks, here; and what happens on the server meanwhile.
    pub async fn act(self, lane: &mut Lane, cast: &Cast) -> Result<()> {
        for wish in self.wishes() {
            let strings = |flags: &[&str]| flags.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
            match wish {
                Flags(path, name, add, remove) => {
                    let verb = Verb::Mark { add: strings(add), remove: strings(remove) };
                    lane.perform(verb, vec![find(lane, cast, path, name).await?]).await?;
                }
                Move(path, name, to) => {
                    let verb = match *to {
                        "Trash" => Verb::Delete,
                        "Archive" => Verb::Archive,
                        to => Verb::Move { to: lane.mailbox(to).await?.id },
                    };
                    lane.perform(verb, vec![find(lane, cast, path, name).await?]).await?;
                }
                Copy(path, name, to) => {
                    let verb = Verb::Copy { to: lane.mailbox(to).await?.id };
                    lane.perform(verb, vec![find(lane, cast, path, name).await?]).await?;
                }
                Expunge(path, name) => {
                    lane.perform(Verb::DeleteForGood, vec![find(lane, cast, path, name).await?]).await?;
                }
            }
        }
        match self {
            Self::Renumbered => {
                let mut mail = cast.in_projects();
                mail.reverse();
                lane.oracle.remake("Projects", &mail)
            }
            Self::Refused => lane.oracle.drop_mailbox("Projects"),
            _ if self.drafts() => Box::pin(self.write(lane, cast)).await,
            _ => Ok(()),
        }
    }

    /// What runs while the line breaks. The error is a hang; what the engine says of a broken line is its own affair.
    pub async fn drive(self, lane: &Lane, cast: &Cast) -> Result<()> {
        match self {
            Self::Send | Self::SendChunks | Self::Append => {
                let message = base64::engine::general_purpose::STANDARD.encode(mail(lane, cast));
                let asked = lane.engine.ask(SendRaw { account: lane.account, message });
                // Where it stands is read out of the outbox afterwards.
                let _ = tokio::time::timeout(PATIENCE, asked).await.context("sending hangs")?;
            }
            Self::FirstSync => drop(lane.sync(SyncBodies::All).await?),
            _ => drop(lane.sync(SyncBodies::None).await?),
        }
        Ok(())
    }

    /// What a person does once the line is whole again: asks for mail, and lets what waits in the outbox go.
    pub async fn go_on(self, lane: &Lane) -> Result<()> {
        if let Err(error) = lane.sync(SyncBodies::None).await? {
            bail!("a sync over a whole line fails: {error}");
        }
        for item in lane.engine.ask(Outbox {}).await? {
            if matches!(item.state, OutboxState::Queued | OutboxState::Sent) {
                let asked = lane.engine.ask(OutboxRetry { id: item.id });
                tokio::time::timeout(PATIENCE, asked).await.context("sending again hangs")??;
            }
        }
        Ok(())
    }

    /// What the server must hold in the end.
    pub fn wanted(self, cast: &Cast, handed: &Handed) -> Vec<Held> {
        let mut held: Vec<Held> = cast.letters.iter().map(Letter::held).collect();
        if self == Self::Refused {
            // The folder went with all that was in it, and what should have gone there stays.
            held.retain(|h| h.mailbox != "Projects");
            return held;
        }
        for wish in self.wishes() {
            apply(cast, &mut held, wish);
        }
        if let Some(digest) = handed.taken.first().filter(|_| handed.item.as_ref().is_some_and(|i| i.state == OutboxState::Filed))
        {
            held.push(Held { mailbox: "Sent".into(), digest: digest.clone(), flags: set(&["\\Seen"]) });
        }
        held
    }

    /// How the mail of this case ended.
    pub async fn handed(self, lane: &Lane, cast: &Cast) -> Result<Handed> {
        if !self.hands_in() {
            return Ok(Handed::default());
        }
        let subject = cast.subject("sent");
        let item = lane.engine.ask(Outbox {}).await?.into_iter().find(|i| i.subject == subject);
        let line = format!("Subject: {subject}\r\n");
        let taken = lane.server.submission.taken_from(&lane.user.address);
        let taken = taken.iter().filter(|mail| mail.data.windows(line.len()).any(|w| w == line.as_bytes()));
        Ok(Handed { item, taken: taken.map(|mail| digest(&mail.data)).collect() })
    }
}

async fn find(lane: &Lane, cast: &Cast, path: &str, name: &str) -> Result<PlacementId> {
    lane.row(path, &cast.subject(name), 0).await
}

/// The mail that is handed in.
pub fn mail(lane: &Lane, cast: &Cast) -> Vec<u8> {
    format!(
        "From: Marit Solheim <{0}>\r\nTo: harbour@test.example\r\nSubject: {1}\r\nDate: Thu, 19 Nov 2026 09:42:00 +0100\r\n\
         Message-ID: <{2}.sent@test.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n.\r\nA line of one dot above.\r\n",
        lane.user.address,
        cast.subject("sent"),
        cast.id
    )
    .into_bytes()
}

fn apply(cast: &Cast, held: &mut Vec<Held>, wish: &Wish<'_>) {
    let (Flags(path, name, ..) | Move(path, name, _) | Copy(path, name, _) | Expunge(path, name)) = wish;
    let Some(at) = held.iter().position(|h| h.mailbox == *path && cast.is(h, name)) else { return };
    match wish {
        Flags(_, _, add, remove) => {
            let flags: BTreeSet<String> = held[at].flags.union(&set(add)).cloned().collect();
            held[at].flags = flags.difference(&set(remove)).cloned().collect();
        }
        Move(_, _, to) => held[at].mailbox = (*to).to_owned(),
        Copy(_, _, to) => held.push(Held { mailbox: (*to).to_owned(), ..held[at].clone() }),
        Expunge(..) => drop(held.remove(at)),
    }
}

impl Cast {
    /// What a window shows of the message with this digest: its subject.
    pub fn subject_of(&self, held: &str) -> String {
        let found = self.letters.iter().find(|l| digest(&l.raw) == held);
        found.map_or_else(|| self.subject("sent"), |l| l.subject.clone())
    }

    /// The letters that lie in Projects, in their order.
    pub fn in_projects(&self) -> Vec<Letter> {
        self.letters.iter().filter(|l| l.mailbox == "Projects").cloned().collect()
    }

    /// What the oracle sees before anything is done.
    pub fn held(&self) -> Vec<Held> {
        self.letters.iter().map(Letter::held).collect()
    }
}
