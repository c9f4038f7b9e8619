//! What a person does, over the command line, against a real server. The oracle shares no code with the engine.

mod a_broken_profile_says_so_and_heals;
mod a_key_that_is_not_there;
#[cfg(target_os = "linux")]
mod a_metered_line;
mod a_slow_line;
mod archive_offline_then_online;
mod attachments_stay_where_they_belong;
mod bad_servers_are_told_apart;
mod between_accounts;
mod changes_elsewhere_are_heard;
mod drafts_on_every_device;
mod first_sync;
mod json_shapes_stay;
mod kept_offline;
mod kill_during_a_move;
mod one_profile_many_hands;
mod recently_removed;
mod search_asks_the_server;
mod sending;
mod strange_messages;
mod the_protocol_log;
mod two_devices_converge;
mod uidvalidity_reset;
mod undo_brings_it_back;

use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::godwitctl::Godwitctl;

/// A short message with this subject.
pub(crate) fn letter(subject: &str) -> Vec<u8> {
    let id = subject.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    format!(
        "Date: Thu, 19 Nov 2026 09:42:00 +0100\r\nFrom: Jonas Lindqvist <jonas@lindqvist-dahl.example>\r\nTo: marit@test.example\r\n\
         Message-ID: <{id}@lindqvist-dahl.example>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nThe winch sits 40 cm further back.\r\n"
    )
    .into_bytes()
}

/// A person whose inbox holds these, and a profile that has synced them.
pub(crate) fn synced(dovecot: &'static Dovecot, subjects: &[&str]) -> Result<(User, Godwitctl)> {
    let marit = dovecot.user("marit");
    for subject in subjects {
        dovecot.deliver(&marit, &letter(subject))?;
    }
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    Ok((marit, ctl))
}

/// How often each subject lies in these mailboxes of the server, taken together.
pub(crate) fn copies(dovecot: &Dovecot, user: &User, mailboxes: &[&str], subject: &str) -> Result<usize> {
    let mut mailbox = dovecot.mailbox(user)?;
    let mut count = 0;
    for path in mailboxes {
        count += mailbox.messages(path)?.iter().filter(|m| m.subject == subject).count();
    }
    Ok(count)
}
