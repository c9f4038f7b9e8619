//! A sender names the files; where they land is decided here.

use super::letter;
use anyhow::Result;
use godwit_tests::dovecot::{Dovecot, Stored};
use godwit_tests::godwitctl::Godwitctl;
use std::fs;

const NAMES: [&str; 7] =
    ["../../escape.txt", "/etc/godwit-was-here", "..", "plan.txt", "plan.txt", "a\u{202e}txt.exe", "C:\\windows\\x.txt"];

#[test]
fn saved_files_never_leave_the_folder_or_replace_another() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mut raw = "From: a@b.example\r\nSubject: files\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        .to_owned();
    for (number, name) in NAMES.iter().enumerate() {
        let name = name.replace('\\', "\\\\");
        raw += &format!(
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\nfile {number}\r\n"
        );
    }
    raw += "--b--\r\n";
    dovecot.import(&marit, "INBOX", &[Stored { raw: raw.into_bytes(), date: 1_795_000_000, ..Stored::default() }])?;
    dovecot.deliver(&marit, &letter("another"))?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync"])?;
    let top = tempfile::Builder::new().prefix("godwit-files-").tempdir()?;
    let dir = top.path().join("deep/down");
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("plan.txt"), "mine")?;
    let id = ctl.id(&marit, "INBOX", "files")?;
    ctl.ok(&["attachment", "save", &id, "--to", &dir.to_string_lossy()])?;
    assert_eq!(fs::read_to_string(dir.join("plan.txt"))?, "mine", "a file was replaced");
    let mut texts = Vec::new();
    for entry in fs::read_dir(&dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.contains(['\u{202e}', '/', '\\', '\n']) && !name.starts_with('.'), "{name}");
        texts.push(fs::read_to_string(entry.path())?.trim().to_owned());
    }
    texts.sort();
    let mut wanted: Vec<String> = (0..NAMES.len()).map(|n| format!("file {n}")).chain(["mine".to_owned()]).collect();
    wanted.sort();
    assert_eq!(texts, wanted);
    assert_eq!(fs::read_dir(top.path())?.count(), 1, "something was written beside the folder");
    assert!(!std::path::Path::new("/etc/godwit-was-here").exists());
    Ok(())
}
