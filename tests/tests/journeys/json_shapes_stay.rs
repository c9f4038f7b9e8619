//! What `--json` prints has a shape that scripts hold on to. The shapes stand in shapes.json; GODWIT_WRITE_SHAPES=1 writes
//! them anew, and the difference is then read by a person.

use super::synced;
use anyhow::{Context, Result};
use godwit_tests::dovecot::Dovecot;
use serde_json::{Map, Value, json};
use std::path::Path;

/// A value's shape: names and kinds, one element standing for a list.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(all) => Value::Array(all.first().map(shape).into_iter().collect()),
        Value::Object(fields) => Value::Object(fields.iter().map(|(k, v)| (k.clone(), shape(v))).collect()),
    }
}

#[test]
fn every_shape_is_as_it_was() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let (marit, ctl) = synced(dovecot, &["Slipway", "Winch"])?;
    let inbox = format!("{}/INBOX", marit.address);
    let archive = format!("{}/Archive", marit.address);
    let new = format!("{}/Tide", marit.address);
    let id = ctl.id(&marit, "INBOX", "Winch")?;
    let file = ctl.profile().join("../winch.eml");
    std::fs::write(&file, super::letter("from a file"))?;
    let file = file.to_string_lossy().into_owned();
    let mut shapes = Map::new();
    let mut note = |name: &str, args: &[&str]| -> Result<()> {
        let printed = ctl.json(args).with_context(|| name.to_owned())?;
        shapes.insert(name.to_owned(), shape(&printed));
        Ok(())
    };
    note("account list", &["account", "list"])?;
    note("account test", &["account", "test", &marit.address])?;
    note("account quota", &["account", "quota", &marit.address])?;
    note("mailboxes", &["mailboxes"])?;
    note("mailbox create", &["mailbox", "create", &new])?;
    note("sync", &["sync"])?;
    note("list", &["list", &inbox])?;
    note("list --threads", &["list", &inbox, "--threads"])?;
    note("show", &["show", &id])?;
    note("show --headers", &["show", &id, "--headers"])?;
    note("show --text", &["show", &id, "--text"])?;
    note("show --structure", &["show", &id, "--structure"])?;
    note("search", &["search", "winch"])?;
    note("mark", &["mark", &id, "--flagged"])?;
    note("copy", &["copy", &id, "--to", &archive])?;
    note("move", &["move", &id, "--to", &new])?;
    note("undo", &["undo"])?;
    note("archive", &["archive", &id])?;
    note("send", &["send", &file, "--account", &marit.address])?;
    note("outbox", &["outbox"])?;
    note("parse", &["parse", &file])?;
    note("render", &["render", &file])?;
    note("account remove", &["account", "remove", &marit.address])?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journeys/shapes.json");
    let text = serde_json::to_string_pretty(&shapes)? + "\n";
    if std::env::var_os("GODWIT_WRITE_SHAPES").is_some() {
        std::fs::write(&path, &text)?;
    }
    let kept = std::fs::read_to_string(&path).context("read shapes.json")?;
    assert_eq!(text, kept);
    Ok(())
}

#[test]
fn wrong_usage_exits_with_two_and_says_nothing_on_stdout() -> Result<()> {
    let ctl = godwit_tests::godwitctl::Godwitctl::new(Dovecot::shared()?)?;
    for args in
        [&["list"][..], &["no-such-command"], &["show", "twelve"], &["mark", "1"], &["account", "add", "--email", "nobody"]]
    {
        let ended = ctl.run(args)?;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?}: {}", ended.stderr);
    }
    Ok(())
}

#[test]
fn what_is_not_there_exits_with_one_and_one_line() -> Result<()> {
    let (marit, ctl) = synced(Dovecot::shared()?, &[])?;
    for args in
        [&["show", "999999"][..], &["list", "nobody@nowhere.example/INBOX"], &["list", &format!("{}/Nowhere", marit.address)]]
    {
        let told = ctl.fails(args)?;
        assert_eq!(told.trim().lines().count(), 1, "{args:?}: {told}");
    }
    Ok(())
}
