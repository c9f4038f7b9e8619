-- Drafts in an account's Drafts mailbox.

-- The Message-ID that a draft has there, and when what was changed last has rested; NULL: nothing waits to go there.
ALTER TABLE draft ADD COLUMN message_id TEXT;
ALTER TABLE draft ADD COLUMN due INTEGER;
ALTER TABLE draft ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
-- When another device took away the copy of a draft that had nothing new here: it is kept a week and listed no more.
ALTER TABLE draft ADD COLUMN let_go_at INTEGER;
-- What was written before and changed by somebody goes there too.
UPDATE draft SET due = 0 WHERE version > 1;

-- A draft's copies on servers. Outlives its draft: what is over waits for its row in the cache, and is wanted gone then.
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

ALTER TABLE attempt ADD COLUMN draft_id INTEGER;
ALTER TABLE attempt ADD COLUMN draft_version INTEGER;
