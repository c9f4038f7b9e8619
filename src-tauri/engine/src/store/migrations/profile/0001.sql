-- profile.db: what nobody can give back.

CREATE TABLE meta (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  cache_generation INTEGER NOT NULL DEFAULT 0,
  settings TEXT NOT NULL DEFAULT '{}'
) STRICT;
INSERT INTO meta (only) VALUES (1);

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

-- What is wanted of one placement. Names it so that it can be found again in a cache that was built anew.
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
) STRICT;

CREATE TABLE copy_intent (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  placement_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  identity BLOB NOT NULL,
  target_path TEXT NOT NULL,
  refusals INTEGER NOT NULL DEFAULT 0
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
) STRICT;
CREATE INDEX receipt_item_receipt ON receipt_item (receipt_id);

-- Written before a command that creates leaves; gone once its outcome is known.
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

CREATE TABLE draft (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  content TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  saved_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE draft_version (
  draft_id INTEGER NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (draft_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_attachment (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  draft_id INTEGER NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX draft_attachment_draft ON draft_attachment (draft_id);
