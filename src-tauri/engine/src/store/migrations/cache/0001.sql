-- cache.db: all that the servers can give again. May be deleted at any time.

CREATE TABLE meta (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL
) STRICT;

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
) STRICT;
CREATE UNIQUE INDEX mailbox_path ON mailbox (account_id, path) WHERE removed_at IS NULL;

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
) STRICT;
CREATE INDEX message_thread ON message (thread_id);

-- A message's presence in a mailbox. mailbox_id, uidvalidity, uid and base_* are what the server last confirmed;
-- kept_* is what it would not take; add_*, del_* and want_* are what the person asked for.
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
) STRICT;
CREATE UNIQUE INDEX placement_uid ON placement (mailbox_id, uidvalidity, uid) WHERE uid IS NOT NULL;
CREATE INDEX placement_message ON placement (message_id);
CREATE INDEX placement_waiting ON placement (id) WHERE waiting = 1;
CREATE INDEX placement_kept ON placement (id) WHERE kept_bits != 0 OR kept_keywords != '';
CREATE INDEX placement_removed ON placement (removed_at) WHERE removed_at IS NOT NULL;

-- Placements without a UID, by what could link them again: an orphan of an old UIDVALIDITY, one moved here whose UID the
-- server did not tell, one that left its mailbox lately.
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

-- What lists read: shown state, wants applied.
CREATE TABLE membership (
  mailbox_id INTEGER NOT NULL,
  sort_key INTEGER NOT NULL,
  placement_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  unread INTEGER NOT NULL DEFAULT 0,
  starred INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mailbox_id, sort_key, placement_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_unread ON membership (mailbox_id, sort_key, placement_id, thread_id) WHERE unread = 1;
CREATE INDEX membership_starred ON membership (mailbox_id, sort_key, placement_id, thread_id) WHERE starred = 1;

-- Message-IDs seen as own id or reference, hashed together with the account, and the conversation they belong to.
-- A conversation's id is the id of the message that began it.
CREATE TABLE thread_ref (
  hash INTEGER NOT NULL PRIMARY KEY,
  thread_id INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_ref_thread ON thread_ref (thread_id);

-- Per conversation and mailbox, shown state: how many, how many unread, how many starred.
CREATE TABLE thread_box (
  thread_id INTEGER NOT NULL,
  mailbox_id INTEGER NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0,
  starred INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (thread_id, mailbox_id)
) STRICT, WITHOUT ROWID;

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
