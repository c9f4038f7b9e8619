//! What is kept for reading without a network: policies, what is missing by them, and what is dropped.

use super::*;

const DAY: i64 = 86_400;

/// A mail that came so many days ago, of so many bytes.
fn aged(uid: u32, days: i64, size: u32) -> NewPlacement {
    let mut mail = mail(uid);
    let at = crate::clock::now() - days * DAY;
    (mail.headers.date, mail.internal_date, mail.size) = (Some(at), Some(at), size);
    mail
}

fn policy(text: KeepText, attachments_mb: u32) -> Option<KeepPolicy> {
    Some(KeepPolicy { text, attachments_mb })
}

struct Scene {
    home: Home,
    account: AccountId,
    inbox: MailboxId,
    drafts: MailboxId,
}

async fn scene() -> Scene {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    home.write(move |w| {
        let mut folders = usual_folders();
        folders.push(listed("Drafts", &["\\Drafts"]));
        for state in w.mailboxes_listed(account, &folders)? {
            w.mailbox_selected(state.id, 1)?;
        }
        Ok(())
    })
    .await;
    let (inbox, drafts) = (home.mailbox(account, "INBOX").await, home.mailbox(account, "Drafts").await);
    Scene { home, account, inbox, drafts }
}

impl Scene {
    async fn set(&self, mailbox: Option<MailboxId>, policy: Option<KeepPolicy>) {
        let account = self.account;
        self.home.write(move |w| w.keep_set(account, mailbox, policy)).await;
    }

    async fn missing(&self) -> Vec<u32> {
        let account = self.account;
        let missing = self.home.read(move |r| r.bodies_missing(account, 50, &r.kept(account)?, None, Extent::Whole)).await;
        missing.iter().map(|m| m.2).collect()
    }

    async fn put_all(&self, ids: &[PlacementId]) {
        for id in ids.iter().copied() {
            self.home.write(move |w| w.put_body(w.message_of(id)?.message, b"Subject: x\r\n\r\nHei\r\n".to_vec())).await;
        }
    }

    async fn here(&self, ids: &[PlacementId]) -> Vec<bool> {
        let ids = ids.to_vec();
        let here = move |r: &Reader<'_>| {
            ids.iter().map(|id| Ok(r.body(r.message_of(*id)?.message)?.is_some())).collect::<Result<Vec<bool>>>()
        };
        self.home.read(here).await
    }
}

#[tokio::test]
async fn the_text_of_all_mail_is_wanted_unless_a_policy_says_otherwise() {
    let s = scene().await;
    s.home.deliver(s.inbox, vec![aged(4, 0, 900 << 10), aged(3, 2, 1_000), aged(2, 100, 1_000), aged(1, 900, 1_000)]).await;
    assert_eq!(s.missing().await, [3, 2, 1], "long mail waits until it is opened");
    s.set(None, policy(KeepText::Year, 1)).await;
    assert_eq!(s.missing().await, [4, 3, 2]);
    s.set(None, policy(KeepText::Month, 0)).await;
    assert_eq!(s.missing().await, [3]);
    s.set(Some(s.inbox), policy(KeepText::None, 0)).await;
    assert!(s.missing().await.is_empty());
    s.set(Some(s.inbox), policy(KeepText::All, 99)).await;
    assert_eq!(s.missing().await, [4, 3, 2, 1]);
    let account = s.account;
    let settings = s.home.read(|r| r.keep_settings()).await;
    assert_eq!(
        settings,
        [
            KeepSetting { account, mailbox: None, policy: KeepPolicy { text: KeepText::Month, attachments_mb: 0 } },
            KeepSetting { account, mailbox: Some(s.inbox), policy: KeepPolicy { text: KeepText::All, attachments_mb: 25 } },
        ]
    );
    s.set(Some(s.inbox), None).await;
    assert_eq!(s.missing().await, [3], "as the account has it");
}

#[tokio::test]
async fn of_long_mail_the_beginning_is_wanted_and_goes_with_the_policy_or_when_all_of_it_is_here() {
    let s = scene().await;
    let ids = s.home.deliver(s.inbox, vec![aged(3, 1, 900 << 10), aged(2, 100, 900 << 10), aged(1, 1, 1_000)]).await;
    let account = s.account;
    let missing = async || -> Vec<u32> {
        let missing = s.home.read(move |r| r.bodies_missing(account, 50, &r.kept(account)?, None, Extent::Beginning)).await;
        missing.iter().map(|m| m.2).collect()
    };
    assert_eq!(missing().await, [3, 2]);
    for id in ids[..2].iter().copied() {
        let put = move |w: &mut Writer<'_>| w.put_beginning(w.message_of(id)?.message, Packer::new()?.pack(b"Hei")?);
        s.home.write(put).await;
    }
    let begun = async |id: PlacementId| s.home.read(move |r| r.beginning(r.message_of(id)?.message)).await;
    assert!(missing().await.is_empty());
    assert_eq!(begun(ids[0]).await.as_deref(), Some(&b"Hei"[..]));
    assert_eq!(s.here(&ids).await, [false; 3], "it is no body");
    let disk = s.home.read(|r| r.disk_use()).await;
    assert!(disk[0].whole == 0 && disk[0].bytes > 0, "{disk:?}");
    s.set(None, policy(KeepText::Month, 0)).await;
    assert_eq!(s.home.write(move |w| w.drop_beyond(account)).await, 1);
    assert_eq!((begun(ids[1]).await, begun(ids[0]).await.is_some()), (None, true));
    s.put_all(&ids[..1]).await;
    assert_eq!(begun(ids[0]).await, None, "all of it is here");
    s.home.audit().await;
}

#[tokio::test]
async fn what_is_beyond_the_policy_goes_but_never_what_waits_was_removed_or_is_a_draft() {
    let s = scene().await;
    let mails = vec![aged(6, 1, 1_000), aged(5, 40, 1_000), aged(4, 50, 1_000), aged(3, 60, 1_000), aged(2, 70, 1_000)];
    let ids = s.home.deliver(s.inbox, mails).await;
    let drafts = s.home.deliver(s.drafts, vec![aged(9, 400, 1_000)]).await;
    s.put_all(&ids).await;
    s.put_all(&drafts).await;
    // One waits to be archived, one was removed lately.
    s.home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids([ids[1]]) }).await.unwrap();
    let removed = s
        .home
        .read({
            let id = ids[2];
            move |r| Ok(r.message_of(id)?.message)
        })
        .await;
    let inbox = s.inbox;
    s.home.write(move |w| w.remove_uids(inbox, 1, &UidSet::range(4, 4))).await;
    let before = s.home.read(|r| r.disk_use()).await;
    assert_eq!((before[0].messages, before[0].whole), (6, 6));
    s.set(None, policy(KeepText::Month, 0)).await;
    let account = s.account;
    assert_eq!(s.home.write(move |w| w.drop_beyond(account)).await, 2);
    assert_eq!(s.home.write(move |w| w.drop_beyond(account)).await, 0);
    assert_eq!(s.here(&[ids[0], ids[1], ids[3], ids[4]]).await, [true, true, false, false]);
    assert!(s.home.read(move |r| r.body(removed)).await.is_some());
    assert_eq!(s.here(&drafts).await, [true]);
    let after = s.home.read(|r| r.disk_use()).await;
    assert_eq!(after[0].whole, 4);
    assert!(after[0].bytes < before[0].bytes);
    s.home.audit().await;
}

#[tokio::test]
async fn long_mail_that_was_opened_stays_for_a_while() {
    let s = scene().await;
    let ids = s.home.deliver(s.inbox, vec![aged(1, 3, 5 << 20)]).await;
    s.put_all(&ids).await;
    let account = s.account;
    assert_eq!(s.home.write(move |w| w.drop_beyond(account)).await, 0);
    assert_eq!(s.here(&ids).await, [true]);
}
