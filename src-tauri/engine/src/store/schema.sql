-- Made from migrations/ by the test of this name. Do not edit.

-- profile.db

CREATE TABLE account (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  user TEXT NOT NULL,
  imap TEXT NOT NULL,
  smtp TEXT NOT NULL,
  color INTEGER NOT NULL,
  signature TEXT NOT NULL DEFAULT '',
  password TEXT NOT NULL
) STRICT;
CREATE TABLE attempt (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('copy', 'move', 'append')),
  target_path TEXT NOT NULL,
  wire_name TEXT NOT NULL,
  uidvalidity INTEGER,
  uidnext INTEGER,
  identity BLOB,
  message_id TEXT,
  size INTEGER NOT NULL DEFAULT 0,
  placement_id INTEGER,
  copy_id INTEGER,
  outbox_id INTEGER,
  at INTEGER NOT NULL
, draft_id INTEGER, draft_version INTEGER) STRICT;
CREATE TABLE copy_intent (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  placement_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  identity BLOB NOT NULL,
  target_path TEXT NOT NULL,
  refusals INTEGER NOT NULL DEFAULT 0
, target_account_id INTEGER) STRICT;
CREATE TABLE draft (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  content TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  saved_at INTEGER NOT NULL DEFAULT 0
, message_id TEXT, due INTEGER, refused INTEGER NOT NULL DEFAULT 0, let_go_at INTEGER) STRICT;
CREATE TABLE draft_attachment (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  draft_id INTEGER NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX draft_attachment_draft ON draft_attachment (draft_id);
CREATE TABLE draft_copy (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  draft_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  mailbox_path TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  identity BLOB NOT NULL,
  own INTEGER NOT NULL,
  over INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX draft_copy_draft ON draft_copy (draft_id);
CREATE TABLE draft_version (
  draft_id INTEGER NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (draft_id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE intent (
  placement_id INTEGER NOT NULL PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  mailbox_path TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL DEFAULT 0,
  uid INTEGER,
  identity BLOB NOT NULL,
  message_id TEXT,
  kept_bits INTEGER NOT NULL DEFAULT 0,
  kept_keywords TEXT NOT NULL DEFAULT '',
  add_bits INTEGER NOT NULL DEFAULT 0,
  add_keywords TEXT NOT NULL DEFAULT '',
  del_bits INTEGER NOT NULL DEFAULT 0,
  del_keywords TEXT NOT NULL DEFAULT '',
  target_path TEXT,
  gone INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0
, target_account_id INTEGER) STRICT;
CREATE TABLE keep (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  mailbox_path TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT 'all',
  attachments_mb INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, mailbox_path)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  cache_generation INTEGER NOT NULL DEFAULT 0,
  settings TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE on_wire (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  mailbox_path TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  placements TEXT NOT NULL,
  add_bits INTEGER NOT NULL DEFAULT 0,
  add_keywords TEXT NOT NULL DEFAULT '',
  del_bits INTEGER NOT NULL DEFAULT 0,
  del_keywords TEXT NOT NULL DEFAULT '',
  target_path TEXT,
  uidnext INTEGER
) STRICT;
CREATE TABLE outbox (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  due INTEGER NOT NULL DEFAULT 0,
  envelope_from TEXT NOT NULL,
  recipients TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  message_id TEXT NOT NULL,
  draft_id INTEGER,
  answers INTEGER,
  forwards INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  changed_at INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0,
  zstd BLOB NOT NULL
) STRICT;
CREATE TABLE receipt (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  said TEXT NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE receipt_item (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  receipt_id INTEGER NOT NULL REFERENCES receipt (id) ON DELETE CASCADE,
  placement_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  from_path TEXT,
  to_path TEXT,
  set_bits INTEGER NOT NULL DEFAULT 0,
  set_keywords TEXT NOT NULL DEFAULT '',
  cleared_bits INTEGER NOT NULL DEFAULT 0,
  cleared_keywords TEXT NOT NULL DEFAULT '',
  copy_id INTEGER
, from_account_id INTEGER, to_account_id INTEGER) STRICT;
CREATE INDEX receipt_item_receipt ON receipt_item (receipt_id);

-- cache.db

CREATE TABLE beginning (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  size INTEGER NOT NULL,
  zstd BLOB NOT NULL
) STRICT;
CREATE TABLE body (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  size INTEGER NOT NULL,
  zstd BLOB NOT NULL
) STRICT;
CREATE TABLE contact (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  address TEXT NOT NULL UNIQUE,
  shown TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  words TEXT NOT NULL DEFAULT '',
  mails INTEGER NOT NULL DEFAULT 0,
  newest INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE loose (
  placement_id INTEGER NOT NULL PRIMARY KEY REFERENCES placement (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL,
  mailbox_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('orphan', 'moved', 'removed')),
  identity BLOB NOT NULL,
  old_uid INTEGER NOT NULL DEFAULT 0,
  since INTEGER NOT NULL
) STRICT;
CREATE INDEX loose_identity ON loose (account_id, identity);
CREATE INDEX loose_mailbox ON loose (mailbox_id, state);
CREATE TABLE mailbox (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  wire_name TEXT NOT NULL DEFAULT '',
  path TEXT NOT NULL,
  delimiter TEXT NOT NULL DEFAULT '',
  role TEXT,
  selectable INTEGER NOT NULL DEFAULT 1,
  subscribed INTEGER NOT NULL DEFAULT 0,
  on_server INTEGER NOT NULL DEFAULT 1,
  uidvalidity INTEGER,
  uidnext INTEGER,
  highestmodseq INTEGER,
  synced_down_to INTEGER,
  uids_unstable INTEGER NOT NULL DEFAULT 0,
  verified_at INTEGER,
  listed INTEGER NOT NULL DEFAULT 0,
  listed_messages INTEGER,
  listed_uidnext INTEGER,
  listed_uidvalidity INTEGER,
  listed_unseen INTEGER,
  listed_modseq INTEGER,
  base_messages INTEGER NOT NULL DEFAULT 0,
  messages INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0,
  removed_at INTEGER
, audited_at INTEGER, repaired INTEGER NOT NULL DEFAULT 0, home INTEGER, label TEXT NOT NULL DEFAULT '') STRICT;
CREATE UNIQUE INDEX mailbox_path ON mailbox (account_id, path) WHERE removed_at IS NULL;
CREATE TABLE "membership" (
  mailbox_id INTEGER NOT NULL,
  sort_key INTEGER NOT NULL,
  placement_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  unread INTEGER NOT NULL DEFAULT 0,
  starred INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mailbox_id, sort_key DESC, placement_id DESC)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_starred ON membership (mailbox_id, sort_key DESC, placement_id DESC, thread_id) WHERE starred = 1;
CREATE INDEX membership_unread ON membership (mailbox_id, sort_key DESC, placement_id DESC, thread_id) WHERE unread = 1;
CREATE TABLE message (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  sort_key INTEGER NOT NULL,
  date INTEGER NOT NULL,
  size INTEGER NOT NULL DEFAULT 0,
  has_attachment INTEGER NOT NULL DEFAULT 0,
  identity BLOB NOT NULL,
  message_id TEXT,
  subject TEXT NOT NULL DEFAULT '',
  sender TEXT NOT NULL DEFAULT '',
  reply_to TEXT NOT NULL DEFAULT '',
  recipients TEXT NOT NULL DEFAULT '',
  cc TEXT NOT NULL DEFAULT '',
  preview TEXT,
  search_text TEXT NOT NULL DEFAULT ''
, email_id INTEGER) STRICT;
CREATE INDEX message_email_id ON message (account_id, email_id, identity, size) WHERE email_id IS NOT NULL;
CREATE INDEX message_thread ON message (thread_id);
CREATE TABLE meta (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL
) STRICT;
CREATE TABLE placement (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  message_id INTEGER NOT NULL REFERENCES message (id),
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
  uidvalidity INTEGER NOT NULL DEFAULT 0,
  uid INTEGER,
  sort_key INTEGER NOT NULL,
  internal_date INTEGER,
  modseq INTEGER,
  base_bits INTEGER NOT NULL DEFAULT 0,
  base_keywords TEXT NOT NULL DEFAULT '',
  kept_bits INTEGER NOT NULL DEFAULT 0,
  kept_keywords TEXT NOT NULL DEFAULT '',
  add_bits INTEGER NOT NULL DEFAULT 0,
  add_keywords TEXT NOT NULL DEFAULT '',
  del_bits INTEGER NOT NULL DEFAULT 0,
  del_keywords TEXT NOT NULL DEFAULT '',
  want_mailbox INTEGER REFERENCES mailbox (id),
  want_gone INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  removed_at INTEGER,
  refusals INTEGER NOT NULL DEFAULT 0
, departed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX placement_kept ON placement (id) WHERE kept_bits != 0 OR kept_keywords != '';
CREATE INDEX placement_message ON placement (message_id);
CREATE INDEX placement_removed ON placement (removed_at) WHERE removed_at IS NOT NULL;
CREATE UNIQUE INDEX placement_uid ON placement (mailbox_id, uidvalidity, uid DESC) WHERE uid IS NOT NULL;
CREATE INDEX placement_waiting ON placement (id) WHERE waiting = 1;
CREATE TABLE spool (
  placement_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (placement_id, part)
) STRICT;
CREATE TABLE thread_box (
  thread_id INTEGER NOT NULL,
  mailbox_id INTEGER NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0,
  starred INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (thread_id, mailbox_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE thread_merged (
  id INTEGER NOT NULL PRIMARY KEY,
  into_id INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_merged_into ON thread_merged (into_id);
CREATE TABLE thread_ref (
  hash INTEGER NOT NULL PRIMARY KEY,
  thread_id INTEGER NOT NULL
) STRICT;
