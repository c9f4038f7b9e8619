//! Mail being written and on its way out: drafts with versions and files, the outbox, attempts, settings, accounts.

use super::*;

pub(super) fn draft(account: AccountId) -> Draft {
    Draft {
        id: DraftId(0),
        account,
        to: vec![Address { name: String::new(), address: "jonas@solheim.example".into() }],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: "The boat".into(),
        html: None,
        text: "Hei".into(),
        quote_html: String::new(),
        quote_text: String::new(),
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        answers: None,
        forwards: false,
        saved_at: 0,
    }
}

fn letter(account: AccountId) -> OutboxRow {
    OutboxRow {
        account,
        state: OutboxState::Held,
        due: 77,
        envelope_from: "marit@fjordlys.example".into(),
        recipients: vec!["jonas@solheim.example".into(), "ada@solheim.example".into()],
        subject: "The boat".into(),
        raw: b"Subject: The boat\r\n\r\nHei\r\n".to_vec(),
        message_id: "1@fjordlys.example".into(),
        draft: Some(DraftId(4)),
        answers: Some(PlacementId(9)),
        forwards: true,
    }
}

#[tokio::test]
async fn a_draft_keeps_its_text_files_and_versions() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let kept = home.write(move |w| w.draft_put(&draft(account))).await;
    assert!(kept.saved_at > 0);
    let id = kept.id;
    let kept = home.write(move |w| w.draft_attach(id, "chart.png", "image/png", vec![1, 2, 3])).await;
    let file = kept.attachments[0].clone();
    assert_eq!((file.name.as_str(), file.size), ("chart.png", 3));
    let changed = Draft { text: "Hei igjen".into(), attachments: Vec::new(), ..kept.clone() };
    let kept = home.write(move |w| w.draft_update(&changed)).await;
    assert_eq!((kept.text.as_str(), kept.attachments.len()), ("Hei igjen", 1));
    let same = kept.clone();
    home.write(move |w| w.draft_update(&same)).await;
    assert_eq!(home.read(move |r| r.draft_version(id)).await, 2, "saving the same again is no new version");
    let part = file.id.clone();
    assert_eq!(home.read(move |r| r.draft_attachment(id, &part)).await, [1, 2, 3]);
    let (home, _) = home.again().await;
    assert_eq!(home.read(move |r| r.draft(id)).await, kept);
    assert!(home.write(move |w| w.draft_detach(id, &file.id)).await.attachments.is_empty());
    home.write(move |w| w.draft_discard(id)).await;
    assert!(home.read(|r| r.drafts()).await.is_empty());
    assert_eq!(home.store.read(move |r| r.draft(id)).await.unwrap_err().kind, ErrorKind::Gone);
}

#[tokio::test]
async fn a_mail_in_the_outbox_is_byte_for_byte_what_was_put_in_across_restarts() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let put = letter(account);
    let id = home.write(move |w| w.outbox_put(&put)).await;
    let error = Error::new(ErrorKind::Busy, "The server says later.");
    home.write(move |w| w.outbox_set(id, OutboxState::Queued, 2, Some(&error), 99)).await;
    let (home, report) = home.again().await;
    assert_eq!(report.unsent, 1);
    let mail = home.read(move |r| r.outbox_item(id)).await;
    assert_eq!(mail.mail, OutboxRow { state: OutboxState::Queued, due: 99, ..letter(account) });
    assert_eq!((mail.item.attempts, mail.item.last_error.map(|e| e.kind)), (2, Some(ErrorKind::Busy)));
    home.write(move |w| w.outbox_set(id, OutboxState::Filed, 3, None, 0)).await;
    assert_eq!(home.read(|r| r.outbox()).await[0].state, OutboxState::Filed);
    let sly = OutboxRow { recipients: vec!["a@b\r\nRCPT TO:<c@d>".into()], ..letter(account) };
    assert_eq!(home.store.write(Lane::User, move |w| w.outbox_put(&sly)).await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn an_attempt_stands_until_its_outcome_is_known() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let sent = home.mailbox(account, "Sent").await;
    let attempt = Attempt {
        account,
        kind: AttemptKind::Append,
        target: sent,
        wire_name: "Sent".into(),
        uidvalidity: Some(1),
        uidnext: Some(12),
        identity: Some([3; 16]),
        message_id: Some("1@fjordlys.example".into()),
        size: 99,
        placement: None,
        copy: None,
        outbox: Some(OutboxId(1)),
        draft: None,
    };
    let begun = attempt.clone();
    let id = home.write(move |w| w.attempt_begin(&begun)).await;
    let (home, _) = home.again().await;
    assert_eq!(home.read(move |r| r.attempts(account)).await, [(id, attempt)]);
    home.write(move |w| w.attempt_end(id)).await;
    assert!(home.read(move |r| r.attempts(account)).await.is_empty());
}

#[tokio::test]
async fn settings_and_accounts_are_kept_and_checked() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let settings = Settings { undo_send_secs: 999, theme: Theme::Dark, ..Settings::default() };
    home.write(move |w| w.settings_set(&settings)).await;
    let (home, _) = home.again().await;
    let kept = home.read(|r| r.settings()).await;
    assert_eq!((kept.theme, kept.undo_send_secs), (Theme::Dark, 60));
    home.write(move |w| w.account_edit(account, "Marit Vik", "-- \nMarit")).await;
    home.write(move |w| w.account_set_password(account, &api::Password::new("ny".into()))).await;
    assert_eq!(home.read(move |r| r.account_secret(account)).await.reveal(), "ny");
    assert_eq!(home.read(move |r| r.account(account)).await.signature, "-- \nMarit");
    let again = home
        .store
        .write(Lane::User, |w| {
            let a = w.accounts()?.remove(0);
            let draft = AccountDraft { email: a.email, name: a.name, user: a.user, imap: a.imap, smtp: a.smtp };
            w.account_add(&draft, &api::Password::new("x".into()))
        })
        .await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_is_answered_in_whatever_order_a_persons_and_others_come() {
    let home = Home::new();
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..400u32 {
        let store = home.store.clone();
        asking.spawn(async move {
            if n.is_multiple_of(3) { store.read_now(|r| r.accounts()).await } else { store.read(|r| r.accounts()).await }
        });
        if n.is_multiple_of(50) {
            tokio::task::yield_now().await;
        }
    }
    while let Some(answered) = asking.join_next().await {
        assert!(answered.unwrap().unwrap().is_empty());
    }
    // After all have gone to sleep again too.
    assert!(home.store.read_now(|r| r.accounts()).await.unwrap().is_empty());
    assert!(home.store.read(|r| r.accounts()).await.unwrap().is_empty());
}
