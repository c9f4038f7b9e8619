-- What a move into another account left behind: only to be removed, never to be listed among the removed.
ALTER TABLE placement ADD COLUMN departed INTEGER NOT NULL DEFAULT 0;

-- A long message on its way into another account, part by part, so that it is never whole in memory or in clear on the disk.
CREATE TABLE spool (
  placement_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (placement_id, part)
) STRICT;
