-- A first sync reads newest first: with keys that descend it adds to the end of every tree, and pages are written full
-- and once. References of conversations lose the index that only merging used.

CREATE TABLE membership_new (
  mailbox_id INTEGER NOT NULL,
  sort_key INTEGER NOT NULL,
  placement_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  unread INTEGER NOT NULL DEFAULT 0,
  starred INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mailbox_id, sort_key DESC, placement_id DESC)
) STRICT, WITHOUT ROWID;
INSERT INTO membership_new (mailbox_id, sort_key, placement_id, thread_id, unread, starred)
  SELECT mailbox_id, sort_key, placement_id, thread_id, unread, starred FROM membership;
DROP TABLE membership;
ALTER TABLE membership_new RENAME TO membership;
CREATE INDEX membership_unread ON membership (mailbox_id, sort_key DESC, placement_id DESC, thread_id) WHERE unread = 1;
CREATE INDEX membership_starred ON membership (mailbox_id, sort_key DESC, placement_id DESC, thread_id) WHERE starred = 1;

DROP INDEX placement_uid;
CREATE UNIQUE INDEX placement_uid ON placement (mailbox_id, uidvalidity, uid DESC) WHERE uid IS NOT NULL;

DROP INDEX thread_ref_thread;
CREATE TABLE thread_merged (
  id INTEGER NOT NULL PRIMARY KEY,
  into_id INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_merged_into ON thread_merged (into_id);
