//! `mailboxes` and `mailbox …`.

use crate::face::Face;
use crate::failure::Outcome;
use crate::names::Names;
use crate::output::{Output, table};
use crate::shapes::MailboxRow;
use godwit_domain::Mailbox;
use godwit_domain::api::{MailboxCreate, MailboxDelete, MailboxRename};
use serde_json::json;

/// All mailboxes.
pub async fn list(face: &mut Face, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let rows: Vec<MailboxRow> = names.mailboxes.iter().map(|m| MailboxRow::new(m, names.address(m.account))).collect();
    out.answer(&rows, || {
        let row = |m: &Mailbox| {
            let role = m.role.map_or("", |role| role.word()).to_owned();
            let name = format!("{}/{}", names.address(m.account), m.path);
            vec![m.id.to_string(), name, role, m.messages.to_string(), m.unread.to_string()]
        };
        table(&["ID", "MAILBOX", "ROLE", "MESSAGES", "UNREAD"], &names.mailboxes.iter().map(row).collect::<Vec<_>>(), 80)
    })
}

/// Creates a mailbox.
pub async fn create(face: &mut Face, name: &str, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let (account, path) = names.split(name)?;
    let made = face.ask(MailboxCreate { account: account.id, path: path.to_owned() }).await?;
    out.answer(&MailboxRow::new(&made, &account.email), || format!("Created {}/{} ({}).", account.email, made.path, made.id))
}

/// Renames a mailbox; `to` is a path, or `ACCOUNT/PATH` of the same account.
pub async fn rename(face: &mut Face, name: &str, to: &str, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let mailbox = names.mailbox(name)?;
    let path = match names.split(to) {
        Ok((account, path)) if account.id == mailbox.account => path,
        _ => to,
    };
    let renamed = face.ask(MailboxRename { mailbox: mailbox.id, path: path.to_owned() }).await?;
    let account = names.address(renamed.account);
    out.answer(&MailboxRow::new(&renamed, account), || format!("Renamed {} to {}.", mailbox.path, renamed.path))
}

/// Deletes a mailbox.
pub async fn delete(face: &mut Face, name: &str, out: Output) -> Outcome {
    let names = Names::read(face).await?;
    let mailbox = names.mailbox(name)?;
    face.ask(MailboxDelete { mailbox: mailbox.id }).await?;
    out.answer(&json!({ "id": mailbox.id, "deleted": mailbox.path }), || format!("Deleted {}.", mailbox.path))
}
