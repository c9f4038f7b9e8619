-- Where folders are labels (Gmail), `home` names the mailbox whose rows a folder shows, and `label` which of them.
ALTER TABLE mailbox ADD COLUMN home INTEGER;
ALTER TABLE mailbox ADD COLUMN label TEXT NOT NULL DEFAULT '';
-- X-GM-MSGID: the same message in several folders has one content.
ALTER TABLE message ADD COLUMN gm_msgid INTEGER;
CREATE INDEX message_gm ON message (account_id, gm_msgid) WHERE gm_msgid IS NOT NULL;
