//! How much room a person has on the server, where it tells (RFC 9208).

use super::command::Command;
use super::connection::Connection;
use super::response::Response;
use super::token::Token;
use godwit_domain::{MessageQuota, Quota, Result, StorageQuota};

/// One limit as the server has it: what is counted, how much is used, how much may be.
pub(super) type Limit = (String, u32, u32);

impl Connection {
    /// The limits that hold for the inbox; of several roots the one with the least room left. Empty where the server has none.
    pub async fn quota(&self) -> Result<Quota> {
        if !self.capabilities().has("QUOTA") {
            return Ok(Quota::default());
        }
        let answers =
            self.run(vec![Command::new("tell how much room there is", "GETQUOTAROOT").mailbox("INBOX")?]).await?.all_ok()?;
        let limits = answers.responses.into_iter().filter_map(|delivery| match delivery.response {
            Response::Quota(limits) => Some(limits),
            _ => None,
        });
        Ok(tightest(limits.flatten()))
    }
}

fn tightest(limits: impl Iterator<Item = Limit>) -> Quota {
    let mut quota = Quota::default();
    for (what, used, limit) in limits {
        let left = limit.saturating_sub(used);
        match what.as_str() {
            "STORAGE" if quota.storage.is_none_or(|s| left < s.limit_kib.saturating_sub(s.used_kib)) => {
                quota.storage = Some(StorageQuota { used_kib: used, limit_kib: limit });
            }
            "MESSAGE" if quota.messages.is_none_or(|m| left < m.limit.saturating_sub(m.used)) => {
                quota.messages = Some(MessageQuota { used, limit });
            }
            _ => {}
        }
    }
    quota
}

/// `QUOTA "root" (STORAGE 16 30 MESSAGE 2 100)`. A number beyond 32 bits is as good as the largest.
pub(super) fn limits(tokens: &[Token<'_>]) -> Option<Vec<Limit>> {
    let number = |t: &Token<'_>| t.number::<u64>().map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let limits = tokens.get(1)?.list()?.chunks_exact(3).filter_map(|three| {
        let [what, used, limit] = three else { return None };
        Some((String::from_utf8_lossy(what.atom()?).to_ascii_uppercase(), number(used)?, number(limit)?))
    });
    Some(limits.collect())
}

#[cfg(test)]
mod tests {
    use crate::imap::scripted::{done, signed_in_to};
    use godwit_domain::{MessageQuota, Quota, StorageQuota};

    #[tokio::test]
    async fn the_root_with_the_least_room_counts() {
        let (connection, server) = signed_in_to(
            "QUOTA",
            r#"C: a GETQUOTAROOT "INBOX"
               S: * QUOTAROOT INBOX "" Archive
               S: * QUOTA "" (STORAGE 100 1000 X-ANNOTATION-STORAGE 1 2 MESSAGE 5 99999999999)
               S: * QUOTA Archive (storage 400 500)
               S: * QUOTA odd (STORAGE)
               S: * QUOTA none ()
               S: a OK done"#,
        )
        .await;
        let quota = connection.quota().await.unwrap();
        drop(connection);
        done(server).await;
        let storage = Some(StorageQuota { used_kib: 400, limit_kib: 500 });
        assert_eq!(quota, Quota { storage, messages: Some(MessageQuota { used: 5, limit: u32::MAX }) });
    }

    #[tokio::test]
    async fn a_server_without_quotas_is_not_asked() {
        let (connection, server) = signed_in_to("UIDPLUS", "").await;
        assert_eq!(connection.quota().await.unwrap(), Quota::default());
        drop(connection);
        done(server).await;
    }
}
