//! Messages that are broken, empty or enormous: they are listed, the rest is unharmed, and memory stays small.

use super::letter;
use anyhow::{Context, Result};
use godwit_tests::dovecot::{Dovecot, Setup, Stored};
use godwit_tests::godwitctl::Godwitctl;
use std::fs;
use std::time::{Duration, Instant};

fn stored(raw: impl Into<Vec<u8>>, minutes: i64) -> Stored {
    Stored { raw: raw.into(), date: 1_795_000_000 + minutes * 60, ..Stored::default() }
}

#[test]
fn messages_without_headers_or_sense_are_listed_beside_good_ones() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(300);
    let deep = (0..300).fold("Subject: deep\r\n".to_owned(), |out, n| {
        format!("{out}Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")
    });
    let strange = [
        "just a line, no header at all\r\n".to_owned(),
        "\r\nonly a body\r\n".to_owned(),
        "Subject: =?utf-8?B?////?= =?x?Q?=zz?=\r\nFrom: \"unclosed <a@\r\nDate: yesterday\r\n\r\n\r\n".to_owned(),
        format!("Subject: nested\r\n{nested}end\r\n"),
        deep,
        format!("Subject: {}\r\n\r\nlong subject\r\n", "x".repeat(60_000)),
        "Subject: nul\u{0}here\r\n\r\nbody\u{0}\r\n".to_owned(),
        "Content-Type: multipart/mixed\r\nSubject: no boundary\r\n\r\n--\r\n".to_owned(),
    ];
    let mut mail: Vec<Stored> = strange.iter().enumerate().map(|(n, raw)| stored(raw.as_bytes(), n as i64)).collect();
    mail.push(stored([0xff, 0xfe, b'\r', b'\n', b'\r', b'\n', 0x80, b'\r', b'\n'], 50));
    mail.push(stored(letter("a good one"), 60));
    dovecot.import(&marit, "INBOX", &mail)?;
    let ctl = Godwitctl::new(dovecot)?;
    ctl.add(dovecot, &marit)?;
    ctl.ok(&["sync", "--bodies", "all"])?;
    let rows = ctl.list(&marit, "INBOX")?;
    assert_eq!(rows.len(), mail.len());
    assert!(rows.iter().any(|r| r["subject"] == "a good one"));
    for row in &rows {
        let id = row["id"].to_string();
        ctl.ok(&["show", &id, "--text"]).with_context(|| format!("{row}"))?;
    }
    Ok(())
}

#[test]
fn a_200_mb_message_is_listed_and_costs_no_memory_to_sync() -> Result<()> {
    let dovecot = Dovecot::start(&Setup { extra: "default_vsz_limit = 1G\n".into(), ..Setup::default() })?;
    let marit = dovecot.user("marit");
    let mut raw = b"From: jonas@x.example\r\nSubject: all photos at once\r\nDate: Thu, 19 Nov 2026 09:42:00 +0100\r\nMessage-ID: <huge@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=photos.zip\r\n\r\n".to_vec();
    let line = [b"UEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAAAAAAUEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAA".as_slice(), b"\r\n"].concat();
    while raw.len() < 200 * 1024 * 1024 {
        raw.extend_from_slice(&line);
    }
    raw.extend_from_slice(b"--b--\r\n");
    let size = raw.len();
    dovecot.import(&marit, "INBOX", &[stored(raw, 0), stored(letter("a small one"), 1)])?;
    let ctl = Godwitctl::new(&dovecot)?;
    ctl.add(&dovecot, &marit)?;
    let mut child = ctl.spawn(&["sync"])?;
    let (start, mut peak) = (Instant::now(), 0);
    while child.try_wait()?.is_none() {
        peak = peak.max(resident_kib(child.id()));
        assert!(start.elapsed() < Duration::from_secs(120), "the sync hangs on the large message");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait()?.success());
    assert!(peak < 200 * 1024, "{} MiB were needed", peak / 1024);
    let rows = ctl.list(&marit, "INBOX")?;
    let huge = rows.iter().find(|r| r["subject"] == "all photos at once").context("the large message is missing")?;
    assert_eq!(huge["size"], size);
    assert_eq!(rows.len(), 2);
    assert!(ctl.ok(&["show", &ctl.id(&marit, "INBOX", "a small one")?, "--text"])?.contains("winch"));
    Ok(())
}

/// The most memory a process has held, where the system tells (Linux).
fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
