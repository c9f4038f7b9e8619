-- Wants that reach into another account. NULL: the account that the row is about.

ALTER TABLE intent ADD COLUMN target_account_id INTEGER;
ALTER TABLE receipt_item ADD COLUMN from_account_id INTEGER;
ALTER TABLE receipt_item ADD COLUMN to_account_id INTEGER;

-- Not NULL: made by APPEND, in this account; a copy into another account, or a removed message that comes back.
ALTER TABLE copy_intent ADD COLUMN target_account_id INTEGER;
