//! Header vectors that Thunderbird's parser is tested with.

use crate::archive::{corpus, floor};
use godwit_domain::mime::{headers, parse};
use serde_json::Value;

fn vectors(test: &str, group: &str) -> Option<Vec<Value>> {
    let dir = corpus(test)?;
    let text = std::fs::read(dir.join("e-charset-address/jsmime-header-vectors.json")).expect("the vectors");
    let all: Value = serde_json::from_slice(&text).expect("JSON");
    Some(all[format!("headerparser / {group}")].as_array().expect("a group").clone())
}

/// Bytes as the vectors write them: one character per byte where all fit into one.
fn raw(case: &Value) -> Vec<u8> {
    let text = case["input"].as_str().unwrap_or_default();
    if text.chars().all(|c| (c as u32) < 256) { text.chars().map(|c| c as u8).collect() } else { text.as_bytes().to_vec() }
}

fn field(name: &str, case: &Value) -> Vec<u8> {
    let mut out = format!("{name}: ").into_bytes();
    out.extend(raw(case));
    out.push(b'\n');
    out
}

#[test]
fn words_are_decoded() {
    let Some(cases) = vectors("words_are_decoded", "decodeRFC2047Words") else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        let got = headers(&field("Subject", case)).subject;
        let want = case["expected"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        if got == want { passed += 1 } else { failed.push(format!("{} gives {got:?}, wanted {want:?}", case["input"])) }
    }
    floor("encoded words", passed, &failed, WORDS);
}

#[test]
fn addresses_are_read() {
    for (group, at_least) in [("parseAddressingHeader", ADDRESSES), ("parseAddressingHeader (RFC 2047 support)", ADDRESSES_2047)]
    {
        let Some(cases) = vectors("addresses_are_read", group) else { return };
        let (mut passed, mut failed) = (0, Vec::new());
        for case in &cases {
            let text = case["input"].as_str().unwrap_or_default().replace('\n', " ");
            let got: Vec<(String, String)> =
                headers(format!("To: {text}\n").as_bytes()).to.into_iter().map(|a| (a.name, a.address)).collect();
            let one = |v: &Value| {
                (v["name"].as_str().unwrap_or_default().to_owned(), v["email"].as_str().unwrap_or_default().to_owned())
            };
            let want: Vec<(String, String)> = case["expected"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|v| match v["group"].as_array() {
                    Some(members) => members.iter().map(one).collect(),
                    None => vec![one(v)],
                })
                .collect();
            if got == want { passed += 1 } else { failed.push(format!("{} gives {got:?}, wanted {want:?}", case["input"])) }
        }
        floor(group, passed, &failed, at_least);
    }
}

#[test]
fn dates_are_read() {
    let Some(cases) = vectors("dates_are_read", "parseDateHeader") else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        let got = parse(&field("Date", case)).date;
        let want = case["expected"].as_str().map(|w| {
            if w.ends_with('Z') {
                w.to_owned()
            } else {
                let (head, tail) = w.split_at(w.len() - 2);
                format!("{head}:{tail}").replace("+00:00", "Z").replace("-00:00", "Z")
            }
        });
        if got == want { passed += 1 } else { failed.push(format!("{} gives {got:?}, wanted {want:?}", case["input"])) }
    }
    floor("dates", passed, &failed, DATES);
}

#[test]
fn file_names_are_read() {
    let Some(cases) = vectors("file_names_are_read", "parseParameterHeader (2231/2047 support)") else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        let mut message = b"From: a@b.example\nContent-Type: application/x-test\n".to_vec();
        message.extend(field("Content-Disposition", case));
        message.extend_from_slice(b"\nx\n");
        let got = parse(&message).attachments.into_iter().next().map(|a| a.name).unwrap_or_default();
        let want = case["expected"][1]["filename"].as_str().unwrap_or_default();
        let want = godwit_domain::mime::safe_name(want, "application/x-test");
        if got == want { passed += 1 } else { failed.push(format!("{} gives {got:?}, wanted {want:?}", case["input"])) }
    }
    floor("file names", passed, &failed, NAMES);
}

#[test]
fn raw_bytes_in_headers_are_read() {
    let Some(cases) = vectors("raw_bytes_in_headers_are_read", "8-bit header processing") else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for case in &cases {
        let charset = case["extra"][0].as_str().unwrap_or_default();
        let mut message =
            if charset.is_empty() { Vec::new() } else { format!("Content-Type: text/plain; charset={charset}\n").into_bytes() };
        message.extend(field("Subject", case));
        let got = headers(&message).subject;
        let want = case["expected"].as_str().unwrap_or_default();
        // Where they give up on a byte we may do better.
        if got == want || want.contains('\u{fffd}') && !got.contains('\u{fffd}') && !got.is_empty() {
            passed += 1
        } else {
            failed.push(format!("{case} gives {got:?}"))
        }
    }
    floor("raw bytes", passed, &failed, RAW);
}

// What passed when last measured; docs/parsing.md says what the others are.
const WORDS: usize = 58;
const ADDRESSES: usize = 57;
const ADDRESSES_2047: usize = 19;
const DATES: usize = 53;
const NAMES: usize = 56;
const RAW: usize = 15;
