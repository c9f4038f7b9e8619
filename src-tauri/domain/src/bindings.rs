//! The one file of TypeScript types, made from the Rust ones. `cargo xtask bindings` writes it; a test keeps it true.

use crate::*;
use ts_rs::TS;

/// The whole text of `ui/src/ipc/bindings.ts`.
pub fn typescript() -> String {
    let config = ts_rs::Config::new().with_large_int("number");
    let mut out = String::from("// Made by `cargo xtask bindings` from src-tauri/domain. Do not edit.\n\n");
    macro_rules! declare {
        ($($ty:ty),* $(,)?) => {$(
            out.push_str(&format!("export {}\n", <$ty as TS>::decl(&config)));
        )*};
    }
    declare!(
        AccountId,
        MailboxId,
        MessageId,
        PlacementId,
        ThreadId,
        ReceiptId,
        DraftId,
        OutboxId,
        ViewId,
        ErrorKind,
        Error,
        Security,
        Server,
        AccountDraft,
        Account,
        CandidateSource,
        Candidate,
        ServerCheck,
        CertificateSeen,
        AccountCheck,
        Quota,
        StorageQuota,
        MessageQuota,
        Role,
        Mailbox,
        Verb,
        Targets,
        Action,
        Performed,
        Undone,
        Scope,
        Filter,
        ViewSpec,
        ViewOpened,
        Address,
        Row,
        Splice,
        Return,
        Removed,
        RemovedList,
        KeepText,
        KeepPolicy,
        KeepSetting,
        DiskUse,
        Event,
        Activity,
        AccountStatus,
        OutboxState,
        OutboxItem,
        Attachment,
        RemoteKind,
        Remote,
        Link,
        VerdictLevel,
        Verdict,
        OpenedMessage,
        OpenedFile,
        ConversationItem,
        ComposeFrom,
        DraftAttachment,
        Draft,
        Contact,
        Theme,
        Density,
        Ahead,
        Fetching,
        Settings,
        api::Password,
        api::SyncBodies,
        api::MailboxSynced,
        api::Coverage,
        api::Found,
        api::DoctorLine,
    );
    out.push('\n');
    out.push_str(&api::typescript(&config));
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_bindings_are_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/ipc/bindings.ts");
        let made = super::typescript();
        if std::env::var_os("GODWIT_WRITE_BINDINGS").is_some() {
            std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == made, "run `cargo xtask bindings` and commit ui/src/ipc/bindings.ts");
    }
}
