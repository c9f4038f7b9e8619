//! One table of journeys, run on a table of servers: what a person does must end the same on each of them.
//! The oracle is a client of its own; where servers differ, `Server` says how, not the journey.

mod bad_input;
mod folders;
mod moves;
mod reading;
mod waiting;

use anyhow::{Context, Result, ensure};
use godwit_tests::dovecot::User;
use godwit_tests::gate::Gate;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::mailbox::Mailbox;
use godwit_tests::servers::{Kind, Server};
use serde_json::Value;

/// The journeys, each on the server of the module it is called in.
macro_rules! journeys {
    ($kind:expr; $($room:ident :: $journey:ident,)*) => {
        $(#[test]
        fn $journey() -> anyhow::Result<()> {
            crate::servers::$room::$journey($kind)
        })*
    };
}

macro_rules! servers {
    ($($name:ident = $kind:ident,)*) => {
        $(mod $name {
            use godwit_tests::servers::Kind;
            journeys! { Kind::$kind;
                reading::a_first_sync_brings_every_folder_and_every_byte,
                reading::flags_travel_both_ways,
                reading::a_copy_made_elsewhere_is_the_same_message,
                reading::a_message_deleted_elsewhere_goes_here,
                reading::mail_is_found_again_when_the_server_numbers_it_anew,
                moves::a_moved_message_is_in_one_place,
                moves::a_copy_is_in_both_places,
                moves::what_is_deleted_is_in_the_trash_and_then_gone,
                moves::an_archive_made_offline_reaches_the_server_once,
                moves::killed_during_moves_nothing_is_lost_or_doubled,
                folders::folders_are_made_renamed_and_deleted,
                folders::a_sent_mail_has_its_copy_in_sent,
                folders::a_folder_renamed_elsewhere_keeps_its_mail,
                folders::a_folder_deleted_elsewhere_goes_and_mail_goes_on,
                waiting::new_mail_comes_while_somebody_waits,
            }
        })*
    };
}

servers! {
    dovecot = Dovecot,
    dovecot_without_qresync = DovecotWithoutQresync,
    dovecot_without_condstore = DovecotWithoutCondstore,
    dovecot_without_uidplus = DovecotWithoutUidplus,
    dovecot_without_move = DovecotWithoutMove,
    dovecot_without_idle = DovecotWithoutIdle,
    dovecot_without_list_extended = DovecotWithoutListExtended,
    like_microsoft = LikeMicrosoft,
    cyrus = Cyrus,
    courier = Courier,
}

/// A person on some server, and a profile of theirs.
struct At {
    server: &'static Server,
    marit: User,
    ctl: Godwitctl,
    gate: Gate,
}

impl At {
    /// Nothing is synced yet.
    fn new(kind: Kind) -> Result<Self> {
        let server = Server::shared(kind)?;
        let marit = server.user("marit");
        // The first sign-in makes the inbox where a server makes it only then.
        server.mailbox(&marit)?.select("INBOX")?;
        Ok(Self { server, ctl: Godwitctl::trusting(server.root())?, gate: Gate::before(server.imaps)?, marit })
    }

    /// With these in the inbox, synced.
    fn with(kind: Kind, subjects: &[&str]) -> Result<Self> {
        let at = Self::new(kind)?;
        let mut mailbox = at.oracle()?;
        for subject in subjects {
            mailbox.append("INBOX", "", &letter(subject))?;
        }
        at.add()?;
        Ok(at)
    }

    /// Adds the account and syncs it.
    fn add(&self) -> Result<()> {
        self.ctl.add_at(&self.marit, self.gate.port, self.server.submission.port)?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        self.ctl.ok(&["sync"]).map(drop)
    }

    fn oracle(&self) -> Result<Mailbox> {
        self.server.mailbox(&self.marit)
    }

    /// A folder as this server spells it.
    fn path(&self, parts: &[&str]) -> String {
        if parts == ["INBOX"] { "INBOX".into() } else { self.server.path(parts) }
    }

    /// The same for the command line.
    fn named(&self, parts: &[&str]) -> String {
        format!("{}/{}", self.marit.address, self.path(parts))
    }

    /// The subjects in a folder of the server, sorted, without what is marked as deleted.
    fn there(&self, folder: &str) -> Result<Vec<String>> {
        let mail = self.oracle()?.messages(&self.path(&[folder])).with_context(|| format!("read {folder} on the server"))?;
        let mut subjects: Vec<String> = mail.into_iter().filter(|m| !m.has("\\Deleted")).map(|m| m.subject).collect();
        subjects.sort();
        Ok(subjects)
    }

    /// The subjects in a folder here, sorted.
    fn here(&self, folder: &str) -> Result<Vec<String>> {
        let mut subjects = self.ctl.subjects(&self.marit, &self.path(&[folder]))?;
        subjects.sort();
        Ok(subjects)
    }

    /// Fails unless server and profile both show just these.
    fn both_have(&self, folder: &str, subjects: &[&str]) -> Result<()> {
        let (there, here) = (self.there(folder)?, self.here(folder)?);
        ensure!(there == subjects, "{folder} on the server: {there:?}, not {subjects:?}");
        ensure!(here == subjects, "{folder} here: {here:?}, not {subjects:?}");
        Ok(())
    }

    fn id(&self, folder: &str, subject: &str) -> Result<String> {
        self.ctl.id(&self.marit, &self.path(&[folder]), subject)
    }

    /// What is known here of a folder.
    fn mailbox(&self, path: &str) -> Result<Option<Value>> {
        let all = self.ctl.json(&["mailboxes"])?;
        Ok(all.as_array().and_then(|all| all.iter().find(|m| m["path"] == path)).cloned())
    }
}

/// A short message with this subject.
fn letter(subject: &str) -> Vec<u8> {
    crate::journeys::letter(subject)
}
