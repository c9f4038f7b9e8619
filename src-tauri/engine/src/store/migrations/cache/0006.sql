-- Of mail that is too long to be kept whole the beginning, where its text stands: for reading without a network, and for
-- nothing else. What is restored, carried or saved needs a whole body.
CREATE TABLE beginning (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  size INTEGER NOT NULL,
  zstd BLOB NOT NULL
) STRICT;
