-- STORE and MOVE commands that left and were not answered yet: what a person takes back meanwhile is undone on the server
-- too (rules W2 and W4). Their effect may be repeated, so unlike an attempt a row here never keeps one from being repeated.
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
