//! The two files: keys, damage, full disks, read-only folders, the schema as it is written down.

use super::*;
use crate::store::error::{Db, File, from_sqlite};
use rusqlite::Connection;

fn reopen(dir: &Path, key: [u8; 32]) -> Result<(Store, OpenReport)> {
    Store::open(dir, &ProfileKey::new(key))
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&p).unwrap()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_wrong_key_is_told_and_changes_nothing() {
    let home = Home::new();
    home.account("marit@fjordlys.example").await;
    home.store.close().await;
    let before = files(home.dir.path());
    let error = reopen(home.dir.path(), [8; 32]).err().unwrap();
    assert_eq!(error.kind, ErrorKind::KeyUnavailable);
    assert!(!error.mend.is_empty());
    assert_eq!(files(home.dir.path()), before);
    // Without the check beside it the file itself still refuses.
    std::fs::remove_file(home.dir.path().join("profile.check")).unwrap();
    assert_eq!(reopen(home.dir.path(), [8; 32]).err().unwrap().kind, ErrorKind::KeyUnavailable);
    let (store, _) = reopen(home.dir.path(), KEY).unwrap();
    assert_eq!(store.read(|r| r.accounts()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_of_a_mail_or_password_can_be_read_on_the_disk() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, mails(1..=20)).await;
    home.store.close().await;
    for (name, bytes) in files(home.dir.path()) {
        for word in [&b"Letter"[..], b"jonas", b"sesam", b"SQLite format"] {
            assert!(memchr::memmem::find(&bytes, word).is_none(), "{} in {name}", String::from_utf8_lossy(word));
        }
    }
}

#[tokio::test]
async fn a_damaged_cache_is_set_aside_and_built_anew() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    home.store.close().await;
    let cache = home.dir.path().join("cache.db");
    for n in 1..=2 {
        std::fs::write(&cache, vec![b'x'; 8192]).unwrap();
        let damaged = std::fs::read(&cache).unwrap();
        let (store, report) = reopen(home.dir.path(), KEY).unwrap();
        let aside = home.dir.path().join(format!("cache.db.damaged-{n}"));
        assert_eq!(report.damaged_cache.as_deref(), Some(aside.as_path()));
        assert_eq!(std::fs::read(aside).unwrap(), damaged);
        assert_eq!(store.read(move |r| r.account(account)).await.unwrap().email, "marit@fjordlys.example");
        assert!(store.read(|r| r.mailboxes()).await.unwrap().is_empty());
        store.close().await;
    }
}

#[tokio::test]
async fn damage_in_the_middle_of_the_cache_is_found_and_mended_by_the_next_start() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    home.deliver(inbox, mails(1..=500)).await;
    home.store.close().await;
    let cache = home.dir.path().join("cache.db");
    let mut bytes = std::fs::read(&cache).unwrap();
    let from = bytes.len() / 3;
    bytes[from..].iter_mut().for_each(|b| *b ^= 0x55);
    std::fs::write(&cache, bytes).unwrap();
    // Whether the start itself or the first read meets the damage, the start after it has mended all.
    if let Ok((store, report)) = reopen(home.dir.path(), KEY) {
        if report.damaged_cache.is_none() {
            let met = store.read(|r| r.audit()).await.unwrap_err();
            assert_eq!(met.kind, ErrorKind::Corrupt);
        }
        store.close().await;
    }
    let (store, _) = reopen(home.dir.path(), KEY).unwrap();
    assert!(store.read(|r| r.audit()).await.unwrap().is_empty());
    assert!(home.dir.path().join("cache.db.damaged-1").exists());
}

#[tokio::test]
async fn a_damaged_profile_is_told_and_left_as_it_is() {
    let home = Home::new();
    home.account("marit@fjordlys.example").await;
    home.store.close().await;
    let profile = home.dir.path().join("profile.db");
    std::fs::write(&profile, vec![b'x'; 8192]).unwrap();
    let error = reopen(home.dir.path(), KEY).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert_eq!(std::fs::read(&profile).unwrap(), vec![b'x'; 8192]);
    assert!(!home.dir.path().join("cache.db.damaged-1").exists());
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let inbox = home.mailbox(account, "INBOX").await;
    let ids = home.deliver(inbox, mails(1..=50)).await;
    let pages = |desk: &mut Desk, file: File, most: &str| {
        let db = if file == File::Cache { desk.cache_db() } else { desk.profile_db() };
        let size = db.one("PRAGMA page_count", [], |r| r.get::<_, i64>(0)).unwrap().unwrap();
        let most = if most == "now" { size } else { 1_000_000 };
        db.one(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(())).map(|_| ())
    };
    home.store.desk(Lane::User, move |d| pages(d, File::Cache, "now")).await.unwrap();
    let many = mails(1_000..=3_000);
    let error = home.store.write(Lane::Sync, move |w| w.insert_new(inbox, 1, many)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StorageFull);
    assert_eq!(home.list(of(inbox)).await.len(), 50);
    home.store.desk(Lane::User, move |d| pages(d, File::Cache, "free")).await.unwrap();
    home.store.desk(Lane::User, move |d| pages(d, File::Profile, "now")).await.unwrap();
    let draft = vec![7u8; 1 << 20];
    let mail = OutboxRow {
        account,
        state: OutboxState::Held,
        due: 0,
        envelope_from: "marit@fjordlys.example".into(),
        recipients: vec!["jonas@solheim.example".into()],
        subject: String::new(),
        raw: draft.iter().enumerate().map(|(n, b)| b.wrapping_mul((n * n % 251) as u8).wrapping_add((n / 7) as u8)).collect(),
        message_id: "a@b".into(),
        draft: None,
        answers: None,
        forwards: false,
    };
    let error = home.store.write(Lane::User, move |w| w.outbox_put(&mail)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StorageFull);
    home.store.desk(Lane::User, move |d| pages(d, File::Profile, "free")).await.unwrap();
    home.store.perform(Action { verb: Verb::Archive, targets: Targets::ids(ids) }).await.unwrap();
    home.audit().await;
}

#[test]
fn a_file_that_can_not_be_written_is_read_only_not_a_bug() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t (x); PRAGMA query_only = ON").unwrap();
    let error = conn.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
    assert_eq!(from_sqlite(File::Profile, &error).kind, ErrorKind::ReadOnly);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_can_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("profile");
    std::fs::create_dir(&inner).unwrap();
    std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere; for it a file in the folder's place does the same.
    let target = if std::fs::write(inner.join("probe"), b"").is_ok() { inner.join("probe") } else { inner };
    assert_eq!(reopen(&target, KEY).err().unwrap().kind, ErrorKind::ReadOnly);
}

#[tokio::test]
async fn a_panic_in_a_write_is_a_bug_and_leaves_nothing() {
    let home = Home::new();
    let account = home.account("marit@fjordlys.example").await;
    let error = home
        .store
        .write(Lane::User, move |w| -> Result<()> {
            w.account_edit(account, "Half", "")?;
            panic!("on purpose")
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Bug);
    assert_eq!(home.read(move |r| r.account(account)).await.name, "Marit");
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let home = Home::new();
    let clone = home.store.clone();
    home.store.close().await;
    assert_eq!(clone.read(|r| r.accounts()).await.unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(clone.write(Lane::User, |_| Ok(())).await.unwrap_err().kind, ErrorKind::Cancelled);
}

#[test]
fn the_written_schema_is_what_the_migrations_make() {
    let mut made = String::from("-- Made from migrations/ by the test of this name. Do not edit.\n");
    for file in [File::Profile, File::Cache] {
        let conn = Connection::open_in_memory().unwrap();
        let db = Db::new(&conn, file);
        assert!(crate::store::migrate::migrate(db).unwrap());
        assert!(!crate::store::migrate::migrate(db).unwrap());
        made.push_str(&format!("\n-- {}\n\n", file.name()));
        let all =
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name";
        for sql in db.all(all, [], |r| r.get::<_, String>(0)).unwrap() {
            made.push_str(&format!("{sql};\n"));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema.sql");
    if std::env::var_os("GODWIT_WRITE_SCHEMA").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == made,
        "run this test with GODWIT_WRITE_SCHEMA=1 and commit schema.sql"
    );
}

#[test]
fn a_profile_of_a_newer_godwit_is_refused() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch("PRAGMA user_version = 999").unwrap();
    assert_eq!(crate::store::migrate::migrate(Db::new(&conn, File::Profile)).unwrap_err().kind, ErrorKind::Unsupported);
}
