//! Everything a face can ask of the engine: one request in, one reply out.
//! The window (over IPC), the command line (in process or over the owner's socket) and the tests use this same list,
//! which is also what the TypeScript side is generated from.

use crate::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ts_rs::TS;

/// A request that knows its name and the type of its reply.
pub trait Command: Serialize + DeserializeOwned + Into<Request> {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What comes back.
    type Reply: Serialize + DeserializeOwned;
}

macro_rules! api {
    ($($(#[$doc:meta])* $name:literal $variant:ident { $($(#[$fdoc:meta])* $field:ident : $ty:ty),* } -> $reply:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
            // What a request does and takes stands in its own doc line; its fields are named after what they hold.
            #[allow(missing_docs)]
            pub struct $variant { $($(#[$fdoc])* pub $field: $ty),* }

            impl Command for $variant {
                const NAME: &'static str = $name;
                type Reply = $reply;
            }

            impl From<$variant> for Request {
                fn from(request: $variant) -> Self { Self::$variant(request) }
            }
        )*

        /// Any request.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "command", content = "args")]
        pub enum Request {
            $(#[doc = $name] #[serde(rename = $name)] $variant($variant),)*
        }

        impl Request {
            /// Its name on the wire.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }
        }

        /// The TypeScript side: declarations of every request, and the map from a command's name to request and reply.
        pub fn typescript(config: &ts_rs::Config) -> String {
            let mut out = String::new();
            $(out.push_str(&format!("export {}\n", <$variant as TS>::decl(config)));)*
            out.push_str("\n/** Every command: what it takes and what it answers. */\nexport interface Commands {\n");
            $(out.push_str(&format!("  {}: {{ request: {}; reply: {} }};\n", $name, <$variant as TS>::name(config), <$reply as TS>::name(config)));)*
            out.push_str("}\n");
            out
        }
    };
}

api! {
    /// Accounts in their order.
    "accounts" Accounts {} -> Vec<Account>;
    /// Proposals for the servers behind an address. Never authenticates.
    "account_discover" AccountDiscover { email: String } -> Vec<Candidate>;
    /// Tests both servers with one sign-in each. Saves nothing.
    "account_check" AccountTry { account: AccountDraft, password: Password } -> AccountCheck;
    /// Tests both servers, then saves. Nothing is saved when a test fails.
    "account_add" AccountAdd { account: AccountDraft, password: Password } -> Account;
    /// Tests a saved account.
    "account_test" AccountTest { account: AccountId } -> AccountCheck;
    /// How much room there is on the server, where it tells. Needs the server.
    "account_quota" AccountQuota { account: AccountId } -> Quota;
    /// A new password for a saved account; tested before it is kept.
    "account_password" AccountPassword { account: AccountId, password: Password } -> AccountCheck;
    /// Changes name and signature.
    "account_edit" AccountEdit { account: AccountId, name: String, signature: String } -> Account;
    /// Removes an account and all that is kept of it here. The server keeps everything.
    "account_remove" AccountRemove { account: AccountId } -> ();
    /// What each account is doing.
    "status" Status {} -> Vec<AccountStatus>;
    /// Brings the cache up to date and pushes what waits; answers when it is done. `account: None`: all of them.
    "sync" Sync { account: Option<AccountId>, bodies: SyncBodies } -> Vec<MailboxSynced>;
    /// The system says that there is a network again, or another one: lines are looked at, and who waited tries at once.
    "network_back" NetworkBack {} -> ();

    /// All mailboxes of all accounts, in tree order per account.
    "mailboxes" Mailboxes {} -> Vec<Mailbox>;
    /// Creates a mailbox; `path` with the server's delimiter. Needs the server.
    "mailbox_create" MailboxCreate { account: AccountId, path: String } -> Mailbox;
    /// Renames a mailbox. Needs the server.
    "mailbox_rename" MailboxRename { mailbox: MailboxId, path: String } -> Mailbox;
    /// Deletes a mailbox with all that is in it. Needs the server.
    "mailbox_delete" MailboxDelete { mailbox: MailboxId } -> ();
    /// Subscribes or unsubscribes. Needs the server.
    "mailbox_subscribe" MailboxSubscribe { mailbox: MailboxId, on: bool } -> ();

    /// Opens a list.
    "view_open" ViewOpen { spec: ViewSpec } -> ViewOpened;
    /// Rows `from .. from + count` of an open list, at most 500; short at the end.
    "view_window" ViewWindow { view: ViewId, from: u32, count: u32 } -> Vec<Row>;
    /// Where a placement stands in an open list.
    "view_position" ViewPosition { view: ViewId, id: PlacementId } -> Option<u32>;
    /// Closes a list.
    "view_close" ViewClose { view: ViewId } -> ();
    /// Rows by id, in the order asked, without those that are gone.
    "rows" Rows { ids: Vec<PlacementId> } -> Vec<Row>;
    /// Searches; the server too where the cache has a gap and it can be reached.
    "search" Search { query: String, limit: u32 } -> Found;

    /// Opens a message: fetches its body if need be, renders it, hands out a token for the message scheme.
    "message_open" MessageOpen { id: PlacementId, remote: bool } -> OpenedMessage;
    /// A token is no longer needed.
    "message_close" MessageClose { token: String } -> ();
    /// The conversation of a placement, oldest first, at most 10,000.
    "conversation" Conversation { id: PlacementId } -> Vec<ConversationItem>;
    /// The raw bytes, as base64, fetched if need be. For the command line; the window never asks this.
    "message_raw" MessageRaw { id: PlacementId } -> String;
    /// Saves attachments below `dir` under safe names, never over a file; `part: None`: all. Answers the paths.
    "attachment_save" AttachmentSave { id: PlacementId, part: Option<u32>, dir: String } -> Vec<String>;
    /// Puts a harmless attachment into the private temp folder, for opening. Answers the path.
    "attachment_open" AttachmentOpen { id: PlacementId, part: u32 } -> String;
    /// Opens a message file (.eml), of which at most 64 MB are read. For the shell, which knows the path from the command line or the
    /// desktop; the window never names one.
    "file_open" FileOpen { path: String, remote: bool } -> OpenedFile;
    /// Saves an attachment of an open message file below `dir`, as `attachment_save` does. Answers the path.
    "file_part_save" FilePartSave { token: String, part: u32, dir: String } -> String;
    /// Puts a harmless attachment of an open message file into the private temp folder. Answers the path.
    "file_part_open" FilePartOpen { token: String, part: u32 } -> String;
    /// The target of link `index` under `token`; only http, https and mailto.
    "link" LinkTarget { token: String, index: u32 } -> String;

    /// Does something to messages: here at once, on the server as soon as it can.
    "perform" Perform { action: Action } -> Performed;
    /// Takes back a receipt, or the newest one.
    "undo" Undo { receipt: Option<ReceiptId> } -> Undone;

    /// What was removed from an account within the last week, last removed first, at most 1,000.
    "removed" RemovedMessages { account: AccountId, limit: u32 } -> RemovedList;
    /// Asks removed messages back; they are put into their folder again as soon as the server can be reached.
    "restore" Restore { ids: Vec<PlacementId> } -> Performed;
    /// Deletes all that lies in a trash or junk folder for good. The face has asked the person.
    "mailbox_empty" MailboxEmpty { mailbox: MailboxId } -> Performed;

    /// Starts a draft.
    "compose" Compose { from: ComposeFrom } -> Draft;
    /// Drafts kept here that are not on their way out, last saved first, at most 100.
    "drafts" Drafts {} -> Vec<Draft>;
    /// Saves a draft; attachments are not touched by this.
    "draft_save" DraftSave { draft: Draft } -> Draft;
    /// Nobody writes on this draft now: what was changed goes to the account's Drafts at once instead of after some seconds.
    "draft_rest" DraftRest { draft: DraftId } -> ();
    /// Throws a draft away, here and in the account's Drafts.
    "draft_discard" DraftDiscard { draft: DraftId } -> ();
    /// Attaches a file by path (command line, drag from the desktop).
    "draft_attach" DraftAttach { draft: DraftId, path: String } -> Draft;
    /// Takes an attachment off.
    "draft_detach" DraftDetach { draft: DraftId, attachment: String } -> Draft;
    /// Checks a draft and puts it into the outbox, held for the undo time.
    "draft_send" DraftSend { draft: DraftId } -> OutboxItem;
    /// Sends a ready message (RFC 5322 bytes, base64) through an account; answers when it is filed, refused or uncertain.
    "send_raw" SendRaw { account: AccountId, message: String } -> OutboxItem;
    /// What waits, and what went out lately.
    "outbox" Outbox {} -> Vec<OutboxItem>;
    /// Lets a held, waiting, refused or uncertain mail go now.
    "outbox_retry" OutboxRetry { id: OutboxId } -> OutboxItem;
    /// Takes a mail back that has not left; answers the draft it became again, where it had one.
    "outbox_cancel" OutboxCancel { id: OutboxId } -> Option<DraftId>;
    /// Completes an address out of own mail.
    "contacts" Contacts { prefix: String, limit: u32 } -> Vec<Contact>;

    /// What is kept for reading without a network: each account's policy, and mailboxes that differ.
    "keep" KeepSettings {} -> Vec<KeepSetting>;
    /// Changes a policy; what it does not cover is dropped at once. `mailbox: None`: the account's own; `policy: None`: as the
    /// account has it, or for an account as Godwit has it.
    "keep_set" KeepSet { account: AccountId, mailbox: Option<MailboxId>, policy: Option<KeepPolicy> } -> Vec<KeepSetting>;
    /// What each account takes on this machine's disk.
    "disk_use" DiskUses {} -> Vec<DiskUse>;
    /// The settings.
    "settings" GetSettings {} -> Settings;
    /// Changes the settings.
    "settings_set" SetSettings { settings: Settings } -> Settings;
    /// Whether mail comes of itself, and why. `StatusChanged` tells of a change.
    "fetching" GetFetching {} -> Fetching;
    /// Checks keychain, store, and per account DNS, TLS, capabilities and sign-in.
    "doctor" Doctor {} -> Vec<DoctorLine>;
    /// What helps to find out why something went wrong, as plain text: the doctor's findings without names, and what was said
    /// on the wire with everything private left out. Nothing is sent anywhere; the person reads it first.
    "doctor_bundle" DoctorBundle {} -> String;
}

/// A password on its way in. It has no Debug, no Display and is never sent back: `Serialize` is for the way to the owner's socket only.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct Password(String);

impl Password {
    /// Wraps what a person typed.
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// The bytes, for the one place that signs in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Which bodies a sync brings along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SyncBodies {
    /// As the account and its mailboxes have it (`KeepPolicy`).
    #[default]
    Policy,
    /// All.
    All,
    /// None.
    None,
}

/// What a sync changed in one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MailboxSynced {
    /// The account's address.
    pub account: String,
    /// Path.
    pub mailbox: String,
    /// Messages that came.
    pub added: u32,
    /// Messages whose flags changed.
    pub changed: u32,
    /// Messages that went.
    pub removed: u32,
    /// Changes of ours that the server took.
    pub pushed: u32,
    /// Why it is not up to date.
    pub error: Option<Error>,
}

/// How much of the mail a search could see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Coverage {
    /// Messages whose headers are here.
    pub messages: u32,
    /// Messages whose text is here.
    pub bodies: u32,
    /// Mailboxes wholly here.
    pub mailboxes_complete: u32,
    /// Mailboxes.
    pub mailboxes_total: u32,
}

/// What a search found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Found {
    /// How many in all.
    pub total: u32,
    /// How much was looked at.
    pub coverage: Coverage,
    /// The first ones.
    pub rows: Vec<Row>,
}

/// One line of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorLine {
    /// What was checked.
    pub check: String,
    /// Whether it passed.
    pub pass: bool,
    /// What was seen, or why it failed.
    pub detail: String,
    /// The mend; empty where it passed.
    pub mend: String,
}
