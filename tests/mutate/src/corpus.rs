//! Seeds out of the developers' corpus, which lies outside the repository: read where it is there, skipped by name where not.

use std::path::PathBuf;

fn file(name: &str) -> Option<Vec<u8>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root = std::env::var_os("GODWIT_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    match std::fs::read(root.join(name)) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            eprintln!("skipped: no corpus ({name})");
            None
        }
    }
}

/// At most `most` files of an archive (`a-mail/x.tar.zst`), spread over all of it, none longer than `longest` bytes.
pub fn archive(name: &str, most: usize, longest: usize) -> Vec<Vec<u8>> {
    let Some(packed) = file(name) else { return Vec::new() };
    let Ok(tar) = zstd::decode_all(packed.as_slice()) else { return Vec::new() };
    let all: Vec<Vec<u8>> = untar(&tar).into_iter().filter(|b| !b.is_empty() && b.len() <= longest).collect();
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(step).collect()
}

/// The strings of one member in a file of cases, whatever else it holds: `"server": "…"`.
pub fn line_cases(name: &str, member: &str) -> Vec<Vec<u8>> {
    let Some(bytes) = file(name) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mark = format!("\"{member}\"");
    let behind = |part: &str| part.trim_start().strip_prefix(':').and_then(|p| string(p.trim_start().strip_prefix('"')?));
    text.split(&mark).skip(1).filter_map(behind).map(String::into_bytes).collect()
}

/// A JSON string up to its closing quote; escapes beyond the usual ones stay as they are.
fn string(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(out),
            '\\' => match chars.next()? {
                'r' => out.push('\r'),
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    None
}

/// The plain files of a tar archive.
fn untar(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut out) = (0, Vec::new());
    while let Some(header) = bytes.get(at..at + 512).filter(|h| h.first() != Some(&0)) {
        let digits = header.get(124..136).unwrap_or_default();
        let digits: String = digits.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect();
        let size = usize::from_str_radix(digits.trim(), 8).unwrap_or(0);
        if matches!(header.get(156), Some(b'0' | 0)) {
            out.extend(bytes.get(at + 512..at + 512 + size).map(<[u8]>::to_vec));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    out
}
