-- What is kept for reading without a network; an empty path is the account itself.
CREATE TABLE keep (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  mailbox_path TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT 'all',
  attachments_mb INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, mailbox_path)
) STRICT, WITHOUT ROWID;
