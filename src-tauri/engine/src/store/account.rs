//! Tables account and meta (settings) of profile.db. The one place that reads a saved password, for the one that signs in.

use super::reader::Reader;
use super::writer::Writer;
use godwit_domain::api::Password;
use godwit_domain::{Account, AccountDraft, AccountId, Error, ErrorKind, Event, Result, Settings};
use rusqlite::Row;

const SELECT: &str = "SELECT id, email, name, user, imap, smtp, color, signature FROM account";

/// Account colours in the order they are given out.
const COLORS: [u8; 7] = [1, 4, 7, 3, 5, 6, 8];

fn from_row(r: &Row<'_>) -> rusqlite::Result<(Account, String, String)> {
    let empty = || godwit_domain::Server { host: String::new(), port: 0, security: godwit_domain::Security::Tls, pin: None };
    let account = Account {
        id: AccountId(r.get(0)?),
        email: r.get(1)?,
        name: r.get(2)?,
        user: r.get(3)?,
        imap: empty(),
        smtp: empty(),
        color: r.get(6)?,
        signature: r.get(7)?,
    };
    Ok((account, r.get(4)?, r.get(5)?))
}

fn with_servers((mut account, imap, smtp): (Account, String, String)) -> Result<Account> {
    let read = |text: &str| {
        serde_json::from_str(text).map_err(|_| {
            Error::new(ErrorKind::Corrupt, "The servers of an account can't be read.")
                .mend("Remove the account and add it again.")
        })
    };
    account.imap = read(&imap)?;
    account.smtp = read(&smtp)?;
    Ok(account)
}

fn no_account() -> Error {
    Error::gone("This account is not there any more.")
}

impl Reader<'_> {
    /// Accounts in their order.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.profile.all(&format!("{SELECT} ORDER BY id"), [], from_row)?.into_iter().map(with_servers).collect()
    }

    /// One account.
    pub fn account(&self, id: AccountId) -> Result<Account> {
        with_servers(self.profile.one(&format!("{SELECT} WHERE id = ?1"), [id.0], from_row)?.ok_or_else(no_account)?)
    }

    /// Its password.
    pub fn account_secret(&self, id: AccountId) -> Result<Password> {
        let secret = self.profile.one("SELECT password FROM account WHERE id = ?1", [id.0], |r| r.get(0))?;
        secret.map(Password::new).ok_or_else(no_account)
    }

    /// The settings; what is missing or unreadable is as it comes.
    pub fn settings(&self) -> Result<Settings> {
        let text = self.profile.one("SELECT settings FROM meta", [], |r| r.get::<_, String>(0))?.unwrap_or_default();
        Ok(serde_json::from_str::<Settings>(&text).unwrap_or_default().clamped())
    }
}

impl Writer<'_> {
    /// Saves a new account.
    pub fn account_add(&mut self, draft: &AccountDraft, password: &Password) -> Result<Account> {
        draft.check()?;
        let profile = self.profile_tx()?;
        let same = "SELECT 1 FROM account WHERE email = ?1 COLLATE NOCASE AND user = ?2 AND imap = ?3";
        let (imap, smtp) = (server_text(&draft.imap)?, server_text(&draft.smtp)?);
        if profile.one(same, (&draft.email, &draft.user, &imap), |_| Ok(()))?.is_some() {
            return Err(Error::invalid("This account is already here.").mend("Change its password or servers in the settings."));
        }
        let count = profile.one("SELECT count(*) FROM account", [], |r| r.get::<_, i64>(0))?.unwrap_or(0);
        let at = usize::try_from(count).unwrap_or(0) % COLORS.len();
        let id = profile.insert(
            "INSERT INTO account (email, name, user, imap, smtp, color, password) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (&draft.email, &draft.name, &draft.user, imap, smtp, COLORS.get(at).copied().unwrap_or(1), password.reveal()),
        )?;
        self.tell(Event::AccountsChanged);
        self.account(AccountId(id))
    }

    /// Changes name and signature.
    pub fn account_edit(&mut self, id: AccountId, name: &str, signature: &str) -> Result<Account> {
        if name.chars().any(char::is_control) {
            return Err(Error::invalid("The name has a line break or another control character.").mend("Write it on one line."));
        }
        let done =
            self.profile_tx()?.run("UPDATE account SET name = ?2, signature = ?3 WHERE id = ?1", (id.0, name, signature))?;
        if done == 0 {
            return Err(no_account());
        }
        self.tell(Event::AccountsChanged);
        self.account(id)
    }

    /// Keeps a new password.
    pub fn account_set_password(&mut self, id: AccountId, password: &Password) -> Result<()> {
        let done = self.profile_tx()?.run("UPDATE account SET password = ?2 WHERE id = ?1", (id.0, password.reveal()))?;
        if done == 0 {
            return Err(no_account());
        }
        self.tell(Event::AccountsChanged);
        Ok(())
    }

    /// Removes an account and all that is kept of it here.
    pub fn account_remove(&mut self, id: AccountId) -> Result<()> {
        let profile = self.profile_tx()?;
        profile.run("DELETE FROM receipt_item WHERE account_id = ?1 OR from_account_id = ?1 OR to_account_id = ?1", [id.0])?;
        profile.run("DELETE FROM copy_intent WHERE target_account_id = ?1", [id.0])?;
        if profile.run("DELETE FROM account WHERE id = ?1", [id.0])? == 0 {
            return Err(no_account());
        }
        self.forget_account(id)?;
        self.tell(Event::AccountsChanged);
        self.tell(Event::MailboxesChanged);
        self.tell(Event::OutboxChanged);
        Ok(())
    }

    /// Empties the cache of an account; open lists are read anew.
    pub(super) fn forget_account(&mut self, id: AccountId) -> Result<()> {
        self.part_accounts(id)?;
        self.settle()?;
        let mine = "SELECT id FROM mailbox WHERE account_id = ?1";
        let threads = "SELECT thread_id FROM message WHERE account_id = ?1";
        for sql in [
            format!("DELETE FROM membership WHERE mailbox_id IN ({mine})"),
            format!("DELETE FROM thread_box WHERE mailbox_id IN ({mine})"),
            "DELETE FROM loose WHERE account_id = ?1".to_owned(),
            "DELETE FROM body WHERE message_id IN (SELECT id FROM message WHERE account_id = ?1)".to_owned(),
            format!("DELETE FROM spool WHERE placement_id IN (SELECT id FROM placement WHERE mailbox_id IN ({mine}))"),
            format!("DELETE FROM placement WHERE mailbox_id IN ({mine})"),
            format!(
                "DELETE FROM thread_ref WHERE thread_id IN ({threads} UNION SELECT id FROM thread_merged WHERE into_id IN ({threads}))"
            ),
            format!("DELETE FROM thread_merged WHERE into_id IN ({threads})"),
            "DELETE FROM message WHERE account_id = ?1".to_owned(),
            "DELETE FROM mailbox WHERE account_id = ?1".to_owned(),
        ] {
            self.cache.run(&sql, [id.0])?;
        }
        self.unbound.forget(id.0);
        self.changes.mailboxes = true;
        Ok(())
    }

    /// What wants into this account stays where it is; what wants out of it is no longer shown elsewhere.
    fn part_accounts(&mut self, id: AccountId) -> Result<()> {
        for row in self.waiting_placements()? {
            let Some(wanted) = row.want_mailbox else { continue };
            let to = self.account_of(wanted)?;
            if to != Some(row.account) && (to == Some(id.0) || row.account == id.0) {
                self.change(&row, super::placement::Placement { want_mailbox: None, ..row.clone() })?;
            }
        }
        Ok(())
    }

    /// Keeps the settings, every number in its range.
    pub fn settings_set(&mut self, settings: &Settings) -> Result<Settings> {
        let settings = settings.clone().clamped();
        let text = serde_json::to_string(&settings).map_err(|_| Error::bug("The settings could not be written down."))?;
        self.profile_tx()?.run("UPDATE meta SET settings = ?1", [text])?;
        Ok(settings)
    }
}

fn server_text(server: &godwit_domain::Server) -> Result<String> {
    serde_json::to_string(server).map_err(|_| Error::bug("A server could not be written down."))
}
