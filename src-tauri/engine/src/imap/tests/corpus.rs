//! Recorded answers of real servers, out of the shared corpus: all are framed and nearly all are read.

use crate::imap::framer::Framer;
use crate::imap::response::{Response, read};
use std::path::PathBuf;

fn corpus(name: &str) -> Option<Vec<u8>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root = std::env::var_os("GODWIT_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let file = root.join("c-imap").join(name);
    match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            eprintln!("skipped: no corpus ({name})");
            None
        }
    }
}

/// The plain files of a tar archive.
fn untar(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let (mut at, mut out) = (0, Vec::new());
    while let Some(header) = bytes.get(at..at + 512).filter(|h| h[0] != 0) {
        let text =
            |from: usize, len: usize| String::from_utf8_lossy(&header[from..from + len]).trim_matches(['\0', ' ']).to_owned();
        let size = usize::from_str_radix(&text(124, 12), 8).unwrap();
        if header[156] == b'0' || header[156] == 0 {
            out.push((text(0, 100), &bytes[at + 512..at + 512 + size]));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    out
}

/// The corpus keeps lines with LF; the literals in it are counted with CRLF.
fn on_the_wire(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 20);
    for byte in text {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// How many responses there are, and those that can't be read.
fn read_all(mut wire: &[u8]) -> (usize, Vec<String>) {
    let mut framer = Framer::default();
    let (mut count, mut bad) = (0, Vec::new());
    while !wire.is_empty() {
        let Ok((taken, frame)) = framer.feed(wire) else {
            bad.push("no frame".to_owned());
            break;
        };
        wire = &wire[taken..];
        if let Some(frame) = frame {
            count += 1;
            if let Err(e) = read(&frame) {
                bad.push(format!("{e}: {}", String::from_utf8_lossy(frame.head()).chars().take(100).collect::<String>()));
            }
        }
    }
    (count, bad)
}

#[test]
fn recorded_answers_of_real_servers_are_read() {
    let Some(packed) = corpus("mailkit.tar.zst") else { return };
    let tar = zstd::decode_all(packed.as_slice()).unwrap();
    let (mut files, mut all, mut bad) = (0, 0, Vec::new());
    for (name, bytes) in untar(&tar).into_iter().filter(|(n, _)| n.contains("/Imap/") && n.ends_with(".txt")) {
        let (count, unread) = read_all(&on_the_wire(bytes));
        files += 1;
        all += count;
        bad.extend(unread.into_iter().map(|why| format!("{name}: {why}")));
    }
    eprintln!("{files} files, {all} responses, {} unread", bad.len());
    bad.iter().for_each(|b| eprintln!("  {b}"));
    assert!(files >= 300 && all >= 1100, "{files} files, {all} responses");
    // One recorded response is broken over two lines.
    assert!(bad.len() <= 2, "{} of {all} unread", bad.len());
}

#[test]
fn lines_that_other_parsers_are_tested_with_are_read() {
    let Some(json) = corpus("rust-imap-lines.json") else { return };
    let lines: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let cases = lines["cases"].as_array().unwrap();
    let (mut all, mut unread) = (0, Vec::new());
    for wire in cases.iter().filter_map(|c| c["server"].as_str()) {
        // Responses only: the set has fragments of them too.
        if wire.starts_with("* ") || wire.starts_with("+ ") {
            let (count, bad) = read_all(wire.as_bytes());
            all += count;
            unread.extend(bad);
        }
    }
    eprintln!("{all} responses, {} unread: {unread:?}", unread.len());
    assert!(all >= 90, "{all}");
    // Two are VANISHED without its set.
    assert!(unread.len() <= 2, "{unread:?}");
}

#[test]
fn a_body_in_a_recorded_answer_is_whole() {
    let Some(packed) = corpus("mailkit.tar.zst") else { return };
    let tar = zstd::decode_all(packed.as_slice()).unwrap();
    let mut bodies = 0;
    for (_, bytes) in untar(&tar).into_iter().filter(|(n, _)| n.contains("/Imap/") && n.contains("fetch")) {
        let bytes = on_the_wire(bytes);
        let mut wire = bytes.as_slice();
        let mut framer = Framer::default();
        while let Ok((taken, frame)) = framer.feed(wire) {
            wire = &wire[taken..];
            if let Some(Ok(Response::Fetch(fetched))) = frame.as_ref().map(read) {
                bodies += fetched.sections.iter().filter(|s| s.bytes.as_ref().is_some_and(|b| !b.is_empty()) && !s.cut).count();
            }
            if wire.is_empty() {
                break;
            }
        }
    }
    assert!(bodies >= 70, "{bodies}");
}
