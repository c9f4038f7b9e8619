// Made by `cargo xtask bindings` from src-tauri/domain. Do not edit.

export type AccountId = number;
export type MailboxId = number;
export type MessageId = number;
export type PlacementId = number;
export type ThreadId = number;
export type ReceiptId = number;
export type DraftId = number;
export type OutboxId = number;
export type ViewId = number;
export type ErrorKind = "offline" | "host_unknown" | "port_refused" | "timed_out" | "sign_in_needed" | "certificate_expired" | "certificate_name" | "certificate_untrusted" | "tls" | "unsupported" | "refused" | "busy" | "protocol" | "gone" | "invalid" | "storage_full" | "read_only" | "profile_in_use" | "key_unavailable" | "corrupt" | "uncertain" | "cancelled" | "bug";
export type Error = { 
/**
 * What can be done about it.
 */
kind: ErrorKind, 
/**
 * The cause: a short sentence.
 */
what: string, 
/**
 * The mend: a short sentence, or empty where there is none.
 */
mend: string, 
/**
 * The server's own words: plain text, at most 300 characters, to be shown quoted.
 */
server_words: string | null, };
export type Security = "tls" | "starttls";
export type Server = { 
/**
 * Host name or address literal.
 */
host: string, 
/**
 * TCP port.
 */
port: number, 
/**
 * How it is secured.
 */
security: Security, 
/**
 * SHA-256 of the SubjectPublicKeyInfo that the person trusts, in lower-case hex; `None`: the system's roots decide.
 */
pin: string | null, };
export type AccountDraft = { 
/**
 * The address.
 */
email: string, 
/**
 * The person's name as recipients see it; may be empty.
 */
name: string, 
/**
 * Sign-in name; the address unless the provider wants another.
 */
user: string, 
/**
 * Where mail is read.
 */
imap: Server, 
/**
 * Where mail is handed in.
 */
smtp: Server, };
export type Account = { 
/**
 * Its id.
 */
id: AccountId, 
/**
 * The address.
 */
email: string, 
/**
 * The person's name.
 */
name: string, 
/**
 * Sign-in name.
 */
user: string, 
/**
 * Where mail is read.
 */
imap: Server, 
/**
 * Where mail is handed in.
 */
smtp: Server, 
/**
 * Account colour, 1 to 8 (design tokens).
 */
color: number, 
/**
 * Text under new mail.
 */
signature: string, };
export type CandidateSource = "table" | "guess";
export type Candidate = { 
/**
 * Where mail is read.
 */
imap: Server, 
/**
 * Where mail is handed in.
 */
smtp: Server, 
/**
 * Sign-in name.
 */
user: string, 
/**
 * Where this was found.
 */
source: CandidateSource, 
/**
 * Whether a person must confirm the hosts first.
 */
must_confirm: boolean, };
export type ServerCheck = { 
/**
 * `None`: it works.
 */
error: Error | null, 
/**
 * The certificate that was refused, where it was one.
 */
certificate: CertificateSeen | null, };
export type CertificateSeen = { 
/**
 * Names it is for.
 */
names: Array<string>, 
/**
 * Who signed it.
 */
issuer: string, 
/**
 * First and last day, RFC 3339.
 */
not_before: string, 
/**
 * See `not_before`.
 */
not_after: string, 
/**
 * SHA-256 of the SubjectPublicKeyInfo, lower-case hex: what `--pin` takes.
 */
spki_sha256: string, };
export type AccountCheck = { 
/**
 * IMAP.
 */
imap: ServerCheck, 
/**
 * Submission.
 */
smtp: ServerCheck, };
export type Quota = { 
/**
 * By size.
 */
storage: StorageQuota | null, 
/**
 * By number.
 */
messages: MessageQuota | null, };
export type StorageQuota = { 
/**
 * In use.
 */
used_kib: number, 
/**
 * At most.
 */
limit_kib: number, };
export type MessageQuota = { 
/**
 * There are.
 */
used: number, 
/**
 * At most.
 */
limit: number, };
export type Role = "inbox" | "drafts" | "sent" | "archive" | "junk" | "trash" | "all" | "flagged";
export type Mailbox = { 
/**
 * Its id.
 */
id: MailboxId, 
/**
 * The account it belongs to.
 */
account: AccountId, 
/**
 * The whole path in UTF-8 with the server's own delimiter.
 */
path: string, 
/**
 * The last part of the path: what a tree shows.
 */
name: string, 
/**
 * The mailbox above it, where there is one.
 */
parent: MailboxId | null, 
/**
 * The server's delimiter, one character, or empty.
 */
delimiter: string, 
/**
 * What it is for.
 */
role: Role | null, 
/**
 * Whether it can hold messages (`\Noselect` can't).
 */
selectable: boolean, 
/**
 * Whether the account is subscribed to it.
 */
subscribed: boolean, 
/**
 * Messages as shown here (wanted state applied).
 */
messages: number, 
/**
 * Unread ones among them.
 */
unread: number, 
/**
 * Messages deleted here that the server still has, marked `\\Deleted`: it can't remove single messages, and others' marked
 * ones would go with them. Not shown, not counted above.
 */
held_back: number, 
/**
 * When an audit last compared every UID and flag with the server's, seconds since 1970.
 */
verified_at: number | null, 
/**
 * Differences that audits have found and mended.
 */
repaired: number, };
export type Verb = { "verb": "mark", 
/**
 * To be set.
 */
add: Array<string>, 
/**
 * To be cleared.
 */
remove: Array<string>, } | { "verb": "move", 
/**
 * Where to.
 */
to: MailboxId, } | { "verb": "copy", 
/**
 * Where to.
 */
to: MailboxId, } | { "verb": "archive" } | { "verb": "delete" } | { "verb": "delete_for_good" } | { "verb": "junk" } | { "verb": "not_junk" };
export type Targets = { "kind": "ids", 
/**
 * The placements.
 */
ids: Array<PlacementId>, 
/**
 * Whether each stands for its conversation in that mailbox.
 */
threads: boolean, 
/**
 * The open view they were chosen in: where folders are labels, a move takes a message out of that one.
 */
view?: ViewId, } | { "kind": "all_but", 
/**
 * The view.
 */
view: ViewId, 
/**
 * What is left out.
 */
except: Array<PlacementId>, };
export type Action = { 
/**
 * On what.
 */
targets: Targets, } & ({ "verb": "mark", 
/**
 * To be set.
 */
add: Array<string>, 
/**
 * To be cleared.
 */
remove: Array<string>, } | { "verb": "move", 
/**
 * Where to.
 */
to: MailboxId, } | { "verb": "copy", 
/**
 * Where to.
 */
to: MailboxId, } | { "verb": "archive" } | { "verb": "delete" } | { "verb": "delete_for_good" } | { "verb": "junk" } | { "verb": "not_junk" });
export type Performed = { 
/**
 * What undoes it; `None` where nothing changed or nothing can be undone.
 */
receipt: ReceiptId | null, 
/**
 * How many messages it touched.
 */
count: number, 
/**
 * What happened in words: "Archived 3 messages".
 */
said: string, };
export type Undone = { 
/**
 * Brought back.
 */
undone: number, 
/**
 * Left as they are, because they changed since.
 */
skipped: number, 
/**
 * In words: "3 of 5 undone; 2 were changed elsewhere since".
 */
said: string, };
export type Scope = { "kind": "mailbox", 
/**
 * Which.
 */
mailbox: MailboxId, } | { "kind": "role", 
/**
 * Which role.
 */
role: Role, } | { "kind": "everywhere" };
export type Filter = "all" | "unread" | "starred";
export type ViewSpec = { 
/**
 * Where.
 */
scope: Scope, 
/**
 * Which.
 */
filter: Filter, 
/**
 * One row per conversation.
 */
threaded: boolean, 
/**
 * Words that subject, sender, recipients or preview must contain; `None` or blank: no search.
 */
search: string | null, };
export type ViewOpened = { 
/**
 * Its id, for windows and for `Targets::AllBut`.
 */
view: ViewId, 
/**
 * How many rows it has.
 */
len: number, 
/**
 * Its version; `ViewChanged` counts on from here.
 */
version: number, };
export type Address = { 
/**
 * Display name.
 */
name: string, 
/**
 * `local@domain` as written.
 */
address: string, };
export type Row = { 
/**
 * What verbs act on.
 */
id: PlacementId, 
/**
 * Its content.
 */
message: MessageId, 
/**
 * Its conversation.
 */
thread: ThreadId, 
/**
 * Its account.
 */
account: AccountId, 
/**
 * The mailbox it is shown in.
 */
mailbox: MailboxId, 
/**
 * UID in that mailbox, once the server has told it.
 */
uid: number | null, 
/**
 * Decoded subject; may be empty.
 */
subject: string, 
/**
 * Senders.
 */
from: Array<Address>, 
/**
 * First recipients, at most 4: what a Sent or Drafts list shows.
 */
to: Array<Address>, 
/**
 * Seconds since 1970, UTC.
 */
date: number, 
/**
 * System flags and known keywords as shown (wanted state applied).
 */
flags: Array<string>, 
/**
 * Other keywords.
 */
labels: Array<string>, 
/**
 * RFC822.SIZE in bytes.
 */
size: number, 
/**
 * Whether it has attachments, as far as known.
 */
attachments: boolean, 
/**
 * First words of the text; may be empty until fetched.
 */
preview: string, 
/**
 * Messages in the conversation, at least 1. In a threaded list the row is unread or starred if any of them in this list is.
 */
count: number, 
/**
 * Whether something wanted is not yet confirmed by the server.
 */
waiting: boolean, };
export type Splice = { 
/**
 * Index in the view as it stood after the splices before this one.
 */
at: number, 
/**
 * Rows that went.
 */
removed: number, 
/**
 * Rows that came.
 */
inserted: number, };
export type Return = "possible" | "waiting" | "header_only";
export type Removed = { 
/**
 * What `restore` takes.
 */
id: PlacementId, 
/**
 * Its account.
 */
account: AccountId, 
/**
 * Path of the mailbox in which it lay.
 */
mailbox: string, 
/**
 * Decoded subject.
 */
subject: string, 
/**
 * Senders.
 */
from: Array<Address>, 
/**
 * Seconds since 1970, UTC.
 */
date: number, 
/**
 * When it was removed, as far as this machine knows; seconds since 1970.
 */
removed_at: number, 
/**
 * When it is cleared away here too.
 */
kept_until: number, 
/**
 * Its size in bytes.
 */
size: number, 
/**
 * Whether it can come back.
 */
comes_back: Return, };
export type RemovedList = { 
/**
 * How many there are in all.
 */
total: number, 
/**
 * The last removed first.
 */
messages: Array<Removed>, };
export type KeepText = "all" | "year" | "month" | "none";
export type KeepPolicy = { 
/**
 * Of which mail the text is kept.
 */
text: KeepText, 
/**
 * Mail with attachments is fetched ahead up to this many MB; 0: when it is opened.
 */
attachments_mb: number, };
export type KeepSetting = { 
/**
 * The account.
 */
account: AccountId, 
/**
 * The mailbox; `None`: the account, where no mailbox says otherwise.
 */
mailbox: MailboxId | null, 
/**
 * What is kept.
 */
policy: KeepPolicy, };
export type DiskUse = { 
/**
 * The account.
 */
account: AccountId, 
/**
 * Messages whose headers are here.
 */
messages: number, 
/**
 * Those of them that are here whole.
 */
whole: number, 
/**
 * Bytes that these take, packed.
 */
bytes: number, };
export type Event = { "kind": "view_changed", 
/**
 * Which list.
 */
view: ViewId, 
/**
 * Its version after this.
 */
version: number, 
/**
 * Its length after this.
 */
len: number, 
/**
 * What moved; empty where only contents changed.
 */
splices: Array<Splice>, 
/**
 * Whether rows that stay have new contents (flags, preview): read the visible ones again.
 */
contents: boolean, } | { "kind": "mailboxes_changed" } | { "kind": "accounts_changed" } | { "kind": "status_changed" } | { "kind": "outbox_changed" } | { "kind": "messages_changed", 
/**
 * Which.
 */
messages: Array<MessageId>, } | { "kind": "mail_arrived", 
/**
 * The account.
 */
account: AccountId, 
/**
 * The inbox.
 */
mailbox: MailboxId, 
/**
 * The new ones.
 */
placements: Array<PlacementId>, } | { "kind": "told", 
/**
 * What, why, and the mend.
 */
error: Error, };
export type Activity = { "kind": "idle" } | { "kind": "signing_in" } | { "kind": "getting", 
/**
 * So far.
 */
done: number, 
/**
 * Of.
 */
total: number, } | { "kind": "up_to_date", 
/**
 * When.
 */
at: number, } | { "kind": "offline", 
/**
 * Since when.
 */
since: number, 
/**
 * Why.
 */
error: Error, } | { "kind": "stopped", 
/**
 * Why, and the mend.
 */
error: Error, };
export type AccountStatus = { 
/**
 * The account.
 */
account: AccountId, 
/**
 * What it is doing.
 */
activity: Activity, 
/**
 * Changes made here that the server has not confirmed.
 */
waiting: number, };
export type OutboxState = "held" | "queued" | "sending" | "sent" | "filed" | "uncertain" | "refused" | "cancelled";
export type OutboxItem = { 
/**
 * Its id.
 */
id: OutboxId, 
/**
 * The account it goes through.
 */
account: AccountId, 
/**
 * Where it stands.
 */
state: OutboxState, 
/**
 * Its subject.
 */
subject: string, 
/**
 * All recipients' addresses.
 */
to: Array<string>, 
/**
 * How often it was tried.
 */
attempts: number, 
/**
 * Why the last try failed.
 */
last_error: Error | null, 
/**
 * When it may go, seconds since 1970.
 */
due: number, };
export type Attachment = { 
/**
 * Index of the part in the parsed message: how it is asked for.
 */
part: number, 
/**
 * A safe file name, never empty, never with a path or control character.
 */
name: string, 
/**
 * Media type, lower case.
 */
type: string, 
/**
 * Decoded size in bytes.
 */
size: number, 
/**
 * Whether it is shown in place (`Content-Disposition: inline`, or referred to by `cid:`).
 */
inline: boolean, 
/**
 * Content-ID without angle brackets.
 */
content_id: string | null, 
/**
 * Why it must not be opened from here ("invoice.pdf.exe" is a program); `None`: harmless kind.
 */
danger: string | null, };
export type RemoteKind = "image" | "tracker" | "style" | "other";
export type Remote = { 
/**
 * Its address.
 */
url: string, 
/**
 * What it is.
 */
kind: RemoteKind, 
/**
 * Whether it stays out.
 */
blocked: boolean, };
export type Link = { 
/**
 * What the reader sees.
 */
text: string, 
/**
 * Where it goes.
 */
url: string, 
/**
 * Why to be careful (the text names another host, a look-alike, an address literal); `None`: nothing odd.
 */
warning: string | null, };
export type VerdictLevel = "confirmed" | "unknown" | "careful" | "forged";
export type Verdict = { 
/**
 * The level.
 */
level: VerdictLevel, 
/**
 * Why, in plain sentences.
 */
reasons: Array<string>, };
export type OpenedMessage = { 
/**
 * Which placement was opened.
 */
id: PlacementId, 
/**
 * Its content.
 */
message: MessageId, 
/**
 * Its conversation.
 */
thread: ThreadId, 
/**
 * Its account.
 */
account: AccountId, 
/**
 * Its mailbox.
 */
mailbox: MailboxId, 
/**
 * Decoded subject.
 */
subject: string, 
/**
 * From.
 */
from: Array<Address>, 
/**
 * Reply-To, where it differs from From.
 */
reply_to: Array<Address>, 
/**
 * To.
 */
to: Array<Address>, 
/**
 * Cc.
 */
cc: Array<Address>, 
/**
 * Seconds since 1970, UTC.
 */
date: number, 
/**
 * Flags as shown.
 */
flags: Array<string>, 
/**
 * Labels.
 */
labels: Array<string>, 
/**
 * Random token: the body is at `<scheme>://localhost/<token>/body`, parts at `/part/<n>`.
 */
token: string, 
/**
 * Whether remote images are loaded in this rendering.
 */
remote_loaded: boolean, 
/**
 * Remote things it wanted.
 */
remote: Array<Remote>, 
/**
 * Links, by index as the frame reports them.
 */
links: Array<Link>, 
/**
 * Attachments that are not shown in place.
 */
attachments: Array<Attachment>, 
/**
 * The sender's verdict.
 */
verdict: Verdict, 
/**
 * What was broken.
 */
problems: Array<string>, };
export type OpenedFile = { 
/**
 * The file's name, without its folders.
 */
name: string, 
/**
 * Decoded subject.
 */
subject: string, 
/**
 * From.
 */
from: Array<Address>, 
/**
 * Reply-To, where it differs from From.
 */
reply_to: Array<Address>, 
/**
 * To.
 */
to: Array<Address>, 
/**
 * Cc.
 */
cc: Array<Address>, 
/**
 * Seconds since 1970, UTC; `None` where it says none.
 */
date: number | null, 
/**
 * Random token: the body is at `<scheme>://localhost/<token>/body`, parts at `/part/<n>`.
 */
token: string, 
/**
 * Whether remote images are loaded in this rendering.
 */
remote_loaded: boolean, 
/**
 * Remote things it wanted.
 */
remote: Array<Remote>, 
/**
 * Links, by index as the frame reports them.
 */
links: Array<Link>, 
/**
 * Attachments that are not shown in place.
 */
attachments: Array<Attachment>, 
/**
 * The sender's verdict.
 */
verdict: Verdict, 
/**
 * What was broken.
 */
problems: Array<string>, };
export type ConversationItem = { 
/**
 * A placement of it; the one in the asked mailbox where there are several.
 */
id: PlacementId, 
/**
 * Its content.
 */
message: MessageId, 
/**
 * Its mailbox.
 */
mailbox: MailboxId, 
/**
 * Senders.
 */
from: Array<Address>, 
/**
 * Seconds since 1970, UTC.
 */
date: number, 
/**
 * First words.
 */
preview: string, 
/**
 * Flags as shown.
 */
flags: Array<string>, 
/**
 * Whether it was sent from this account's address.
 */
own: boolean, 
/**
 * Whether it has attachments, as far as known.
 */
attachments: boolean, };
export type ComposeFrom = { "kind": "nothing", 
/**
 * The account, or the first.
 */
account: AccountId | null, } | { "kind": "reply", 
/**
 * To what.
 */
id: PlacementId, 
/**
 * To all.
 */
all: boolean, } | { "kind": "forward", 
/**
 * Which.
 */
id: PlacementId, } | { "kind": "mailto", 
/**
 * The whole URL.
 */
url: string, } | { "kind": "draft", 
/**
 * Which.
 */
draft: DraftId, } | { "kind": "message", 
/**
 * Which.
 */
id: PlacementId, };
export type DraftAttachment = { 
/**
 * Its id within the draft.
 */
id: string, 
/**
 * Safe file name.
 */
name: string, 
/**
 * Media type.
 */
type: string, 
/**
 * Bytes.
 */
size: number, };
export type Draft = { 
/**
 * Its id.
 */
id: DraftId, 
/**
 * The account (and so the identity) it goes out from.
 */
account: AccountId, 
/**
 * To.
 */
to: Array<Address>, 
/**
 * Cc.
 */
cc: Array<Address>, 
/**
 * Bcc.
 */
bcc: Array<Address>, 
/**
 * Subject.
 */
subject: string, 
/**
 * The person's text as HTML out of the composer (sanitised again here); `None`: a plain-text mail.
 */
html: string | null, 
/**
 * The person's text as plain text.
 */
text: string, 
/**
 * The quoted original as sanitised HTML (rich) and text (plain), a sealed block until edited; empty for none.
 */
quote_html: string, 
/**
 * See `quote_html`.
 */
quote_text: string, 
/**
 * Attachments.
 */
attachments: Array<DraftAttachment>, 
/**
 * Message-ID of what it answers, without angle brackets.
 */
in_reply_to: string | null, 
/**
 * References, oldest first.
 */
references: Array<string>, 
/**
 * The placement it answers or hands on: marked `\Answered` or `$Forwarded` once sent.
 */
answers: PlacementId | null, 
/**
 * Whether `answers` is handed on instead of answered.
 */
forwards: boolean, 
/**
 * Seconds since 1970 of the last save; 0: never.
 */
saved_at: number, };
export type Contact = { 
/**
 * Name and address.
 */
address: Address, 
/**
 * How many mails went either way.
 */
mails: number, };
export type Theme = "system" | "light" | "dark";
export type Density = "roomy" | "cosy" | "compact";
export type Ahead = "unmetered" | "always" | "never";
export type Fetching = { 
/**
 * Whether the line is metered; `None`: the system does not say.
 */
metered: boolean | null, 
/**
 * Whether what is to be kept here is fetched now.
 */
ahead: boolean, };
export type Settings = { 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * Row height.
 */
density: Density, 
/**
 * One row per conversation.
 */
threaded: boolean, 
/**
 * Seconds a mail is held for undo; 0 to 60.
 */
undo_send_secs: number, 
/**
 * Notify of new mail in inboxes.
 */
notify: boolean, 
/**
 * When mail that is to be kept here comes of itself.
 */
ahead: Ahead, 
/**
 * Width of the folder pane in css px, 184 to 320.
 */
folders_width: number, 
/**
 * Width of the list pane in css px, 288 to 560.
 */
list_width: number, };
export type Password = string;
export type SyncBodies = "policy" | "all" | "none";
export type MailboxSynced = { 
/**
 * The account's address.
 */
account: string, 
/**
 * Path.
 */
mailbox: string, 
/**
 * Messages that came.
 */
added: number, 
/**
 * Messages whose flags changed.
 */
changed: number, 
/**
 * Messages that went.
 */
removed: number, 
/**
 * Changes of ours that the server took.
 */
pushed: number, 
/**
 * Why it is not up to date.
 */
error: Error | null, };
export type Coverage = { 
/**
 * Messages whose headers are here.
 */
messages: number, 
/**
 * Messages whose text is here.
 */
bodies: number, 
/**
 * Mailboxes wholly here.
 */
mailboxes_complete: number, 
/**
 * Mailboxes.
 */
mailboxes_total: number, };
export type Found = { 
/**
 * How many in all.
 */
total: number, 
/**
 * How much was looked at.
 */
coverage: Coverage, 
/**
 * The first ones.
 */
rows: Array<Row>, };
export type DoctorLine = { 
/**
 * What was checked.
 */
check: string, 
/**
 * Whether it passed.
 */
pass: boolean, 
/**
 * What was seen, or why it failed.
 */
detail: string, 
/**
 * The mend; empty where it passed.
 */
mend: string, };

export type Accounts = Record<symbol, never>;
export type AccountDiscover = { email: string, };
export type AccountTry = { account: AccountDraft, password: Password, };
export type AccountAdd = { account: AccountDraft, password: Password, };
export type AccountTest = { account: AccountId, };
export type AccountQuota = { account: AccountId, };
export type AccountPassword = { account: AccountId, password: Password, };
export type AccountEdit = { account: AccountId, name: string, signature: string, };
export type AccountRemove = { account: AccountId, };
export type Status = Record<symbol, never>;
export type Sync = { account: AccountId | null, bodies: SyncBodies, };
export type NetworkBack = Record<symbol, never>;
export type Mailboxes = Record<symbol, never>;
export type MailboxCreate = { account: AccountId, path: string, };
export type MailboxRename = { mailbox: MailboxId, path: string, };
export type MailboxDelete = { mailbox: MailboxId, };
export type MailboxSubscribe = { mailbox: MailboxId, on: boolean, };
export type ViewOpen = { spec: ViewSpec, };
export type ViewWindow = { view: ViewId, from: number, count: number, };
export type ViewPosition = { view: ViewId, id: PlacementId, };
export type ViewClose = { view: ViewId, };
export type Rows = { ids: Array<PlacementId>, };
export type Search = { query: string, limit: number, };
export type MessageOpen = { id: PlacementId, remote: boolean, };
export type MessageClose = { token: string, };
export type Conversation = { id: PlacementId, };
export type MessageRaw = { id: PlacementId, };
export type AttachmentSave = { id: PlacementId, part: number | null, dir: string, };
export type AttachmentOpen = { id: PlacementId, part: number, };
export type FileOpen = { path: string, remote: boolean, };
export type FilePartSave = { token: string, part: number, dir: string, };
export type FilePartOpen = { token: string, part: number, };
export type LinkTarget = { token: string, index: number, };
export type Perform = { action: Action, };
export type Undo = { receipt: ReceiptId | null, };
export type RemovedMessages = { account: AccountId, limit: number, };
export type Restore = { ids: Array<PlacementId>, };
export type MailboxEmpty = { mailbox: MailboxId, };
export type Compose = { from: ComposeFrom, };
export type Drafts = Record<symbol, never>;
export type DraftSave = { draft: Draft, };
export type DraftRest = { draft: DraftId, };
export type DraftDiscard = { draft: DraftId, };
export type DraftAttach = { draft: DraftId, path: string, };
export type DraftDetach = { draft: DraftId, attachment: string, };
export type DraftSend = { draft: DraftId, };
export type SendRaw = { account: AccountId, message: string, };
export type Outbox = Record<symbol, never>;
export type OutboxRetry = { id: OutboxId, };
export type OutboxCancel = { id: OutboxId, };
export type Contacts = { prefix: string, limit: number, };
export type KeepSettings = Record<symbol, never>;
export type KeepSet = { account: AccountId, mailbox: MailboxId | null, policy: KeepPolicy | null, };
export type DiskUses = Record<symbol, never>;
export type GetSettings = Record<symbol, never>;
export type SetSettings = { settings: Settings, };
export type GetFetching = Record<symbol, never>;
export type Doctor = Record<symbol, never>;
export type DoctorBundle = Record<symbol, never>;

/** Every command: what it takes and what it answers. */
export interface Commands {
  accounts: { request: Accounts; reply: Array<Account> };
  account_discover: { request: AccountDiscover; reply: Array<Candidate> };
  account_check: { request: AccountTry; reply: AccountCheck };
  account_add: { request: AccountAdd; reply: Account };
  account_test: { request: AccountTest; reply: AccountCheck };
  account_quota: { request: AccountQuota; reply: Quota };
  account_password: { request: AccountPassword; reply: AccountCheck };
  account_edit: { request: AccountEdit; reply: Account };
  account_remove: { request: AccountRemove; reply: null };
  status: { request: Status; reply: Array<AccountStatus> };
  sync: { request: Sync; reply: Array<MailboxSynced> };
  network_back: { request: NetworkBack; reply: null };
  mailboxes: { request: Mailboxes; reply: Array<Mailbox> };
  mailbox_create: { request: MailboxCreate; reply: Mailbox };
  mailbox_rename: { request: MailboxRename; reply: Mailbox };
  mailbox_delete: { request: MailboxDelete; reply: null };
  mailbox_subscribe: { request: MailboxSubscribe; reply: null };
  view_open: { request: ViewOpen; reply: ViewOpened };
  view_window: { request: ViewWindow; reply: Array<Row> };
  view_position: { request: ViewPosition; reply: number | null };
  view_close: { request: ViewClose; reply: null };
  rows: { request: Rows; reply: Array<Row> };
  search: { request: Search; reply: Found };
  message_open: { request: MessageOpen; reply: OpenedMessage };
  message_close: { request: MessageClose; reply: null };
  conversation: { request: Conversation; reply: Array<ConversationItem> };
  message_raw: { request: MessageRaw; reply: string };
  attachment_save: { request: AttachmentSave; reply: Array<string> };
  attachment_open: { request: AttachmentOpen; reply: string };
  file_open: { request: FileOpen; reply: OpenedFile };
  file_part_save: { request: FilePartSave; reply: string };
  file_part_open: { request: FilePartOpen; reply: string };
  link: { request: LinkTarget; reply: string };
  perform: { request: Perform; reply: Performed };
  undo: { request: Undo; reply: Undone };
  removed: { request: RemovedMessages; reply: RemovedList };
  restore: { request: Restore; reply: Performed };
  mailbox_empty: { request: MailboxEmpty; reply: Performed };
  compose: { request: Compose; reply: Draft };
  drafts: { request: Drafts; reply: Array<Draft> };
  draft_save: { request: DraftSave; reply: Draft };
  draft_rest: { request: DraftRest; reply: null };
  draft_discard: { request: DraftDiscard; reply: null };
  draft_attach: { request: DraftAttach; reply: Draft };
  draft_detach: { request: DraftDetach; reply: Draft };
  draft_send: { request: DraftSend; reply: OutboxItem };
  send_raw: { request: SendRaw; reply: OutboxItem };
  outbox: { request: Outbox; reply: Array<OutboxItem> };
  outbox_retry: { request: OutboxRetry; reply: OutboxItem };
  outbox_cancel: { request: OutboxCancel; reply: DraftId | null };
  contacts: { request: Contacts; reply: Array<Contact> };
  keep: { request: KeepSettings; reply: Array<KeepSetting> };
  keep_set: { request: KeepSet; reply: Array<KeepSetting> };
  disk_use: { request: DiskUses; reply: Array<DiskUse> };
  settings: { request: GetSettings; reply: Settings };
  settings_set: { request: SetSettings; reply: Settings };
  fetching: { request: GetFetching; reply: Fetching };
  doctor: { request: Doctor; reply: Array<DoctorLine> };
  doctor_bundle: { request: DoctorBundle; reply: string };
}
