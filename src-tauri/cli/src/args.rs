//! The command line as shared with scripts: names and flags are a contract, so they change only with a reason.

use crate::values::{Bodies, HostPort, KeepTextArg, SecurityArg, host_port, label, message, pin, receipt};
use clap::{Args as ClapArgs, Parser, Subcommand};
use godwit_domain::{PlacementId, ReceiptId};
use std::path::PathBuf;

/// Godwit on the command line. MESSAGE is an id that list and search print; MAILBOX is ACCOUNT/PATH or an id; ACCOUNT is an
/// address or an id.
#[derive(Parser)]
#[command(name = "godwitctl", version, propagate_version = true)]
pub struct Args {
    /// Where everything of this profile lives; else GODWIT_PROFILE, else the platform's data folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Bring the cache up to date and push what is waiting.
    Sync {
        /// Only this account.
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Stay, and tell of every change; with --json one document per line.
        #[arg(long)]
        watch: bool,
        /// Which message bodies to fetch.
        #[arg(long, value_enum, default_value_t = Bodies::Policy)]
        bodies: Bodies,
    },
    /// List all mailboxes.
    Mailboxes,
    /// Create, rename or delete a mailbox.
    #[command(subcommand)]
    Mailbox(MailboxCommand),
    /// List the messages of a mailbox, newest first.
    List {
        /// Which mailbox.
        mailbox: String,
        /// Which part of it.
        #[command(flatten)]
        page: Page,
        /// One row per conversation.
        #[arg(long)]
        threads: bool,
    },
    /// Show a message.
    Show {
        /// Which.
        #[arg(value_parser = message)]
        message: PlacementId,
        /// What of it.
        #[command(flatten)]
        part: ShowPart,
    },
    /// Attachments.
    #[command(subcommand)]
    Attachment(AttachmentCommand),
    /// Search.
    Search {
        /// Words.
        query: String,
        /// At most so many rows.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Set and clear flags and labels.
    Mark {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
        /// What to set and clear.
        #[command(flatten)]
        marks: Marks,
    },
    /// Move messages to a mailbox.
    Move {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
        /// Where to.
        #[arg(long, value_name = "MAILBOX")]
        to: String,
    },
    /// Copy messages to a mailbox.
    Copy {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
        /// Where to.
        #[arg(long, value_name = "MAILBOX")]
        to: String,
    },
    /// Move messages to the archive.
    Archive {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
    },
    /// Move messages to the trash.
    Delete {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
        /// Delete them from the server at once; this can't be undone.
        #[arg(long)]
        for_good: bool,
    },
    /// Move messages to junk.
    Junk {
        /// Which messages.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
        /// They are no junk: move them to the inbox.
        #[arg(long)]
        not: bool,
    },
    /// Take back the last action, or the one with this receipt.
    Undo {
        /// The receipt that the action printed.
        #[arg(long, value_parser = receipt)]
        receipt: Option<ReceiptId>,
    },
    /// Show or change what is kept for reading without a network.
    Keep {
        /// Which account; without one all policies are listed.
        account: Option<String>,
        /// Only this mailbox of it.
        #[arg(long, value_name = "MAILBOX", requires = "account")]
        mailbox: Option<String>,
        /// Of which mail the text is kept.
        #[arg(long, value_enum, requires = "account")]
        text: Option<KeepTextArg>,
        /// Mail with attachments is kept up to this many MB; 0: only once it was opened.
        #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(0..=25), requires = "account")]
        attachments: Option<u32>,
        /// Back to what holds without a policy of its own.
        #[arg(long, conflicts_with_all = ["text", "attachments"], requires = "account")]
        usual: bool,
    },
    /// Show what each account takes on this machine's disk.
    Disk,
    /// List what was removed from an account within the last week.
    Removed {
        /// Which account.
        account: String,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Put removed messages back into their folders.
    Restore {
        /// Which, by the ids that removed prints.
        #[arg(required = true, value_parser = message, value_name = "MESSAGE")]
        messages: Vec<PlacementId>,
    },
    /// Send a ready message.
    Send {
        /// The message file (RFC 5322), or - for standard input.
        file: PathBuf,
        /// Through which account.
        #[arg(long)]
        account: String,
    },
    /// What waits to be sent, and what went out lately.
    Outbox {
        /// What to do; list where nothing is said.
        #[command(subcommand)]
        command: Option<OutboxCommand>,
    },
    /// Show how a message file reads. Needs no profile.
    Parse {
        /// The message file, or - for standard input.
        file: PathBuf,
    },
    /// Show what the reading pane would make of a message file. Needs no profile.
    Render {
        /// The message file, or - for standard input.
        file: PathBuf,
        /// As if remote images were allowed.
        #[arg(long)]
        allow_remote: bool,
    },
    /// Check keychain, store, and each account's DNS, TLS, capabilities and sign-in.
    Doctor {
        /// Write what helps others to find a fault into a new text file, with everything private left out; - prints it.
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
}

/// `account …`
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Propose servers for an address. Needs no profile and never signs in.
    Discover {
        /// The address.
        email: String,
    },
    /// Test both servers, then save the account. Nothing is saved when a test fails.
    Add(Box<AccountAddArgs>),
    /// List accounts.
    List,
    /// Test a saved account.
    Test {
        /// Which.
        account: String,
    },
    /// Show how much room there is on the server, where it tells.
    Quota {
        /// Which.
        account: String,
    },
    /// Remove an account and all that is kept of it here. The server keeps everything.
    Remove {
        /// Which.
        account: String,
    },
}

/// `account add`
#[derive(ClapArgs)]
pub struct AccountAddArgs {
    /// The address.
    #[arg(long)]
    pub email: String,
    /// The name that recipients see.
    #[arg(long, default_value = "")]
    pub name: String,
    /// Where mail is read.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_port)]
    pub imap: HostPort,
    /// How that connection is secured.
    #[arg(long, value_enum)]
    pub imap_security: SecurityArg,
    /// Where mail is handed in.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_port)]
    pub smtp: HostPort,
    /// How that connection is secured.
    #[arg(long, value_enum)]
    pub smtp_security: SecurityArg,
    /// The sign-in name, where it is not the address.
    #[arg(long)]
    pub user: Option<String>,
    /// Read the password from the first line of standard input.
    #[arg(long, required = true)]
    pub password_stdin: bool,
    /// Trust exactly this key: SHA-256 of the certificate's SubjectPublicKeyInfo, in hex.
    #[arg(long, value_name = "SPKI-SHA256", value_parser = pin)]
    pub pin: Option<String>,
    /// The same for the SMTP server, where its key is another.
    #[arg(long, value_name = "SPKI-SHA256", value_parser = pin)]
    pub smtp_pin: Option<String>,
}

/// `mailbox …`
#[derive(Subcommand)]
pub enum MailboxCommand {
    /// Create a mailbox.
    Create {
        /// ACCOUNT/PATH
        mailbox: String,
    },
    /// Rename a mailbox.
    Rename {
        /// Which.
        mailbox: String,
        /// The new path.
        to: String,
    },
    /// Delete all that lies in a trash or junk mailbox for good.
    Empty {
        /// Which.
        mailbox: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Delete a mailbox with all that is in it.
    Delete {
        /// Which.
        mailbox: String,
    },
}

/// `attachment …`
#[derive(Subcommand)]
pub enum AttachmentCommand {
    /// Save all attachments under safe names, never over a file.
    Save {
        /// Of which message.
        #[arg(value_parser = message)]
        message: PlacementId,
        /// Where to.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

/// `outbox …`
#[derive(Clone, Copy, Subcommand)]
pub enum OutboxCommand {
    /// List.
    List,
    /// Let a mail go now.
    Retry {
        /// Its id.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        id: i64,
    },
    /// Take back a mail that has not left.
    Cancel {
        /// Its id.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        id: i64,
    },
}

/// Which part of a list.
#[derive(Clone, Copy, ClapArgs)]
pub struct Page {
    /// At most so many rows.
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Without the first so many.
    #[arg(long, default_value_t = 0)]
    pub offset: u32,
}

/// What of a message to show.
#[derive(ClapArgs)]
#[group(multiple = false)]
pub struct ShowPart {
    /// Byte for byte what the server has.
    #[arg(long)]
    raw: bool,
    /// Its header as it came.
    #[arg(long)]
    headers: bool,
    /// Its text.
    #[arg(long)]
    text: bool,
    /// Its HTML as the sender wrote it.
    #[arg(long)]
    html: bool,
    /// What it is made of.
    #[arg(long)]
    structure: bool,
}

/// What of a message to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Header fields and text, as a person reads them.
    Message,
    /// Every byte.
    Raw,
    /// The header.
    Headers,
    /// The text.
    Text,
    /// The HTML.
    Html,
    /// The parts.
    Structure,
}

impl ShowPart {
    /// The one that was asked for.
    pub const fn what(&self) -> Shown {
        match self {
            Self { raw: true, .. } => Shown::Raw,
            Self { headers: true, .. } => Shown::Headers,
            Self { text: true, .. } => Shown::Text,
            Self { html: true, .. } => Shown::Html,
            Self { structure: true, .. } => Shown::Structure,
            _ => Shown::Message,
        }
    }
}

/// What to set and clear.
#[derive(ClapArgs)]
#[group(required = true, multiple = true)]
pub struct Marks {
    /// Read.
    #[arg(long, conflicts_with = "unseen")]
    pub seen: bool,
    /// Unread.
    #[arg(long)]
    pub unseen: bool,
    /// Starred.
    #[arg(long, conflicts_with = "unflagged")]
    pub flagged: bool,
    /// Not starred.
    #[arg(long)]
    pub unflagged: bool,
    /// Add a label (an IMAP keyword; on Gmail one of its labels).
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub label: Vec<String>,
    /// Take a label off.
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub unlabel: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_told_before_anything_is_opened() {
        let check = |line: &str, ok: bool| {
            assert_eq!(Args::try_parse_from(line.split(' ')).is_ok(), ok, "{line}");
        };
        check("godwitctl --json list a@b.example/INBOX --limit 5 --offset 2 --threads", true);
        check("godwitctl list a@b.example/INBOX --json --profile /p", true);
        check("godwitctl list", false);
        check("godwitctl show 12 --raw", true);
        check("godwitctl show 12 --raw --text", false);
        check("godwitctl show twelve", false);
        check("godwitctl mark 1 2 --seen --label Work --unlabel Later", true);
        check("godwitctl mark 1", false);
        check("godwitctl mark --seen", false);
        check("godwitctl mark 1 --seen --unseen", false);
        check("godwitctl mark 1 --label \\Deleted", false);
        check("godwitctl move 1", false);
        check("godwitctl move 1 --to 4", true);
        check("godwitctl sync --bodies some", false);
        check("godwitctl sync --account a@b.example --watch --bodies none", true);
        check("godwitctl outbox", true);
        check("godwitctl outbox retry 3", true);
        check("godwitctl undo", true);
        check("godwitctl keep", true);
        check("godwitctl keep a@b.example --text month --attachments 5", true);
        check("godwitctl keep --text month", false);
        check("godwitctl keep a@b.example --text some", false);
        check("godwitctl removed a@b.example --limit 3", true);
        check("godwitctl restore", false);
        check("godwitctl mailbox empty a@b.example/Trash --yes", true);
        check("godwitctl send m.eml", false);
        let add = "godwitctl account add --email a@b.example --imap h:993 --imap-security tls --smtp h:465 --smtp-security";
        check(&format!("{add} starttls --password-stdin"), true);
        check(&format!("{add} none --password-stdin"), false);
        check(&format!("{add} tls"), false);
    }
}
