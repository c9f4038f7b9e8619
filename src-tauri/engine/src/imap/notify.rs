//! NOTIFY (RFC 5465): one connection hears of every mailbox. What comes is kept as events, for whoever idles on it.

use super::command::Command;
use super::connection::Connection;
use super::response::Response;
use godwit_domain::sync::StatusItems;
use godwit_domain::{Error, ErrorKind, Result};

/// Without `selected`, Dovecot 2.3 tells of the open mailbox nothing but its HIGHESTMODSEQ, even during IDLE.
const WANTED: &str = "NOTIFY SET STATUS (selected (MessageNew MessageExpunge FlagChange)) \
    (personal (MessageNew MessageExpunge FlagChange MailboxName))";

impl Connection {
    /// From here on the server tells of every mailbox of the person, the open one included. Answers how all the others
    /// stand now, so that nothing that came before is missed. To be asked with a mailbox open, and heard by `idle`.
    pub async fn notify(&self) -> Result<Vec<(String, StatusItems)>> {
        if !self.capabilities().has("NOTIFY") {
            return Err(Error::new(ErrorKind::Unsupported, "The server can't tell of all folders by itself."));
        }
        let answers = self.run(vec![Command::new("tell of all folders", WANTED)]).await?.all_ok()?;
        let standing = answers.responses.into_iter().filter_map(|delivery| match delivery.response {
            Response::MailboxStatus(name, items) => Some((name, items)),
            _ => None,
        });
        Ok(standing.collect())
    }
}
