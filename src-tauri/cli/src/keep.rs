//! `keep` and `disk`: what is kept for reading without a network, and what it takes.

use crate::face::Face;
use crate::failure::Outcome;
use crate::names::{Names, account};
use crate::output::{Output, table};
use godwit_domain::api::{DiskUses, KeepSet, KeepSettings};
use godwit_domain::{DiskUse, KeepPolicy, KeepSetting, KeepText};
use serde::Serialize;

/// What to change.
pub struct Change {
    /// Whose policy.
    pub account: Option<String>,
    /// Only of this mailbox.
    pub mailbox: Option<String>,
    /// Of which mail the text is kept.
    pub text: Option<KeepText>,
    /// Mail with attachments up to so many MB.
    pub attachments: Option<u32>,
    /// Without a policy of its own.
    pub usual: bool,
}

#[derive(Serialize)]
struct KeepRow<'a> {
    account: &'a str,
    mailbox: Option<&'a str>,
    text: KeepText,
    attachments_mb: u32,
}

#[derive(Serialize)]
struct DiskRow<'a> {
    account: &'a str,
    messages: u32,
    whole: u32,
    bytes: u64,
}

/// Changes a policy where something was asked for, then lists all.
pub async fn keep(face: &mut Face, change: Change, out: Output) -> Outcome {
    let mut settings = face.ask(KeepSettings {}).await?;
    if let Some(name) = &change.account {
        let account = account(face, name).await?.id;
        let mailbox = match &change.mailbox {
            Some(mailbox) => Some(Names::read(face).await?.mailbox(mailbox)?.id),
            None => None,
        };
        let of = |mailbox| settings.iter().find(|s| s.account == account && s.mailbox == mailbox).map(|s| s.policy);
        let before = of(mailbox).or_else(|| of(None)).unwrap_or_default();
        let policy = KeepPolicy {
            text: change.text.unwrap_or(before.text),
            attachments_mb: change.attachments.unwrap_or(before.attachments_mb),
        };
        if change.usual || change.text.is_some() || change.attachments.is_some() {
            let policy = (!change.usual).then_some(policy);
            settings = face.ask(KeepSet { account, mailbox, policy }).await?;
        }
        settings.retain(|s| s.account == account);
    }
    let names = Names::read(face).await?;
    let row = |s: &KeepSetting| -> (String, Option<String>, KeepPolicy) {
        (names.address(s.account).to_owned(), s.mailbox.map(|m| names.path(m).to_owned()), s.policy)
    };
    let rows: Vec<_> = settings.iter().map(row).collect();
    let shapes: Vec<KeepRow> = rows
        .iter()
        .map(|(account, mailbox, policy)| KeepRow {
            account,
            mailbox: mailbox.as_deref(),
            text: policy.text,
            attachments_mb: policy.attachments_mb,
        })
        .collect();
    out.answer(&shapes, || {
        let line = |(account, mailbox, policy): &(String, Option<String>, KeepPolicy)| {
            let attachments = match policy.attachments_mb {
                0 => "when opened".to_owned(),
                mb => format!("up to {mb} MB"),
            };
            vec![account.clone(), mailbox.clone().unwrap_or_default(), policy.text.word().to_owned(), attachments]
        };
        table(&["ACCOUNT", "MAILBOX", "TEXT", "ATTACHMENTS"], &rows.iter().map(line).collect::<Vec<_>>(), 72)
    })
}

/// What each account takes.
pub async fn disk(face: &mut Face, out: Output) -> Outcome {
    let uses = face.ask(DiskUses {}).await?;
    let names = Names::read(face).await?;
    let row = |one: &DiskUse| DiskRow {
        account: names.address(one.account),
        messages: one.messages,
        whole: one.whole,
        bytes: one.bytes,
    };
    let shapes: Vec<DiskRow> = uses.iter().map(row).collect();
    out.answer(&shapes, || {
        let line = |one: &DiskRow| {
            let megabytes = format!("{}.{} MB", one.bytes >> 20, (one.bytes % (1 << 20)) * 10 / (1 << 20));
            vec![one.account.to_owned(), one.messages.to_string(), one.whole.to_string(), megabytes]
        };
        table(&["ACCOUNT", "MESSAGES", "WHOLE", "ON DISK"], &shapes.iter().map(line).collect::<Vec<_>>(), 72)
    })
}
