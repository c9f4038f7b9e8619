//! The outbox's rows in the store: each step is one transaction in profile.db, on the disk before anything leaves.

use super::{Going, Rows};
use crate::smtp::Outgoing;
use crate::store::{Lane, Store};
use godwit_domain::sending::{self, Effect, Happened, Sending};
use godwit_domain::{AccountId, Error, Event, OutboxId, OutboxItem, OutboxState, Result};

/// The store, as the outbox sees it.
#[derive(Clone)]
pub struct StoredRows(pub Store);

impl Rows for StoredRows {
    async fn step(&self, id: OutboxId, happened: Happened) -> Result<(Sending, Vec<Effect>)> {
        self.0
            .write(Lane::User, move |w| {
                let now = standing(&w.outbox_head(id)?.item);
                let (then, effects) = sending::next(now.clone(), happened, crate::clock::now());
                if then != now {
                    w.outbox_set(id, then.state, then.attempts, then.error.as_ref(), then.due)?;
                }
                Ok((then, effects))
            })
            .await
    }

    async fn going(&self, id: OutboxId) -> Result<Going> {
        let mail = self.0.read(move |r| r.outbox_item(id)).await?.mail;
        Ok(Going {
            account: mail.account,
            outgoing: Outgoing { envelope_from: mail.envelope_from, recipients: mail.recipients, raw: mail.raw },
            message_id: mail.message_id,
        })
    }

    async fn due(&self) -> Result<Vec<(AccountId, OutboxId)>> {
        let now = crate::clock::now();
        self.open(move |item| waits(item) && sending::wait_secs(item.due, now) == Some(0)).await
    }

    async fn next_due_secs(&self) -> Result<Option<u64>> {
        let now = crate::clock::now();
        let open = self.0.read(|r| r.outbox_open()).await?;
        Ok(open.iter().filter(|item| waits(item)).filter_map(|item| sending::wait_secs(item.due, now)).min())
    }

    async fn unsettled(&self) -> Result<Vec<(AccountId, OutboxId)>> {
        self.open(|item| matches!(item.state, OutboxState::Sending | OutboxState::Uncertain | OutboxState::Sent)).await
    }

    async fn waiting(&self, account: Option<AccountId>) -> Result<Vec<(AccountId, OutboxId)>> {
        let waits = |item: &OutboxItem| matches!(item.state, OutboxState::Queued | OutboxState::Sent);
        self.open(move |item| waits(item) && account.is_none_or(|account| item.account == account)).await
    }

    async fn went(&self, id: OutboxId) -> Result<()> {
        self.0.write(Lane::User, move |w| w.outbox_went(id)).await
    }

    async fn return_draft(&self, _: OutboxId) -> Result<()> {
        // The draft has stayed beside the mail all the time: only lists have to be drawn anew.
        self.0.emit(Event::OutboxChanged);
        Ok(())
    }

    async fn tell(&self, _: OutboxId, error: Error) {
        self.0.emit(Event::Told { error });
    }
}

impl StoredRows {
    async fn open(&self, keep: impl Fn(&OutboxItem) -> bool + Send + 'static) -> Result<Vec<(AccountId, OutboxId)>> {
        let open = self.0.read(|r| r.outbox_open()).await?;
        Ok(open.iter().filter(|item| keep(item)).map(|item| (item.account, item.id)).collect())
    }
}

/// Where a mail stands.
fn standing(item: &OutboxItem) -> Sending {
    Sending { state: item.state, attempts: item.attempts, due: item.due, error: item.last_error.clone() }
}

fn waits(item: &OutboxItem) -> bool {
    matches!(item.state, OutboxState::Held | OutboxState::Queued | OutboxState::Sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{OutboxRow, ProfileKey};
    use godwit_domain::api::Password;
    use godwit_domain::sending::Files;
    use godwit_domain::{AccountDraft, ErrorKind, Security, Server};

    async fn with_mail(due: i64) -> (tempfile::TempDir, StoredRows, OutboxId) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path(), &ProfileKey::new([7; 32])).unwrap();
        let id = store
            .write(Lane::User, move |w| {
                let server = Server { host: "mx.example".into(), port: 465, security: Security::Tls, pin: None };
                let email = "marit@fjordlys.example".to_owned();
                let user = email.clone();
                let draft = AccountDraft { email, name: String::new(), user, imap: server.clone(), smtp: server };
                let account = w.account_add(&draft, &Password::new("x".into()))?.id;
                w.outbox_put(&OutboxRow {
                    account,
                    state: OutboxState::Held,
                    due,
                    envelope_from: "marit@fjordlys.example".into(),
                    recipients: vec!["sigrid@vik.example".into()],
                    subject: "x".into(),
                    raw: b"Subject: x\r\n\r\ny\r\n".to_vec(),
                    message_id: "m@fjordlys.example".into(),
                    draft: None,
                    answers: None,
                    forwards: false,
                })
            })
            .await
            .unwrap();
        (dir, StoredRows(store), id)
    }

    #[tokio::test]
    async fn a_mails_steps_are_kept_and_found_again() {
        let (_dir, rows, id) = with_mail(0).await;
        assert_eq!(rows.due().await.unwrap().len(), 1);
        assert_eq!(rows.next_due_secs().await.unwrap(), Some(0));
        let (_, effects) = rows.step(id, Happened::Due).await.unwrap();
        assert_eq!(effects, [Effect::Submit]);
        assert!(rows.due().await.unwrap().is_empty());
        assert_eq!(rows.unsettled().await.unwrap().len(), 1);
        assert_eq!(rows.going(id).await.unwrap().outgoing.raw, b"Subject: x\r\n\r\ny\r\n");
        rows.step(id, Happened::Accepted(Files::Us)).await.unwrap();
        rows.went(id).await.unwrap();
        let (then, _) = rows.step(id, Happened::Filed).await.unwrap();
        assert_eq!((then.state, then.attempts), (OutboxState::Filed, 1));
        assert!(rows.unsettled().await.unwrap().is_empty());
        rows.0.close().await;
    }

    #[tokio::test]
    async fn a_held_mail_is_not_due_and_its_time_is_known() {
        let (_dir, rows, id) = with_mail(crate::clock::now() + 30).await;
        assert!(rows.due().await.unwrap().is_empty());
        assert!((1..=30).contains(&rows.next_due_secs().await.unwrap().unwrap()));
        let (then, effects) = rows.step(id, Happened::Cancel).await.unwrap();
        assert_eq!((then.state, effects), (OutboxState::Cancelled, vec![Effect::ReturnDraft]));
        assert_eq!(rows.next_due_secs().await.unwrap(), None);
        assert_eq!(rows.step(OutboxId(99), Happened::Due).await.unwrap_err().kind, ErrorKind::Gone);
        rows.0.close().await;
    }
}
