-- When a mailbox was last compared with the server message by message, and how many differences that ever mended.
ALTER TABLE mailbox ADD COLUMN audited_at INTEGER;
ALTER TABLE mailbox ADD COLUMN repaired INTEGER NOT NULL DEFAULT 0;
