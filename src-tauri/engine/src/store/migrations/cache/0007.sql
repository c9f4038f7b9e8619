-- EMAILID (RFC 8474) stands where X-GM-MSGID did: the same message in several folders has one content.
ALTER TABLE message RENAME COLUMN gm_msgid TO email_id;
DROP INDEX message_gm;
CREATE INDEX message_email_id ON message (account_id, email_id, identity, size) WHERE email_id IS NOT NULL;
