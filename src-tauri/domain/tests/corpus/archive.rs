//! The corpus on disk: `tar.zst` archives read in memory, and plain files.

use std::path::PathBuf;

/// The corpus directory, or `None` and a line that says so.
pub fn corpus(test: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let dir = std::env::var_os("GODWIT_CORPUS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if dir.join("MANIFEST.md").is_file() {
        return Some(dir);
    }
    println!("skipped: no corpus ({test})");
    None
}

/// Every file of an archive: path and bytes.
pub fn files(archive: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let packed = std::fs::read(archive).unwrap_or_else(|e| panic!("{}: {e}", archive.display()));
    let tar = zstd::decode_all(packed.as_slice()).unwrap_or_else(|e| panic!("{}: {e}", archive.display()));
    untar(&tar)
}

/// Regular files of a ustar or GNU archive, with long names.
fn untar(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap_or_default()).into_owned();
    let mut found = Vec::new();
    let mut at = 0;
    let mut long_name: Option<String> = None;
    while let Some(header) = tar.get(at..at + 512).filter(|h| h[0] != 0) {
        let size = usize::from_str_radix(text(&header[124..136]).trim(), 8).unwrap_or(0);
        let content = tar.get(at + 512..at + 512 + size).unwrap_or_default();
        at += 512 + size.div_ceil(512) * 512;
        match header[156] {
            b'L' => long_name = Some(text(content)),
            b'x' => long_name = pax_path(content).or(long_name),
            b'0' | 0 => {
                let prefix =
                    if &header[257..262] == b"ustar" && header[345] != 0 { text(&header[345..500]) + "/" } else { String::new() };
                let name = long_name.take().unwrap_or_else(|| prefix + &text(&header[..100]));
                if !name.contains("_SOURCE-LICENCE") {
                    found.push((name, content.to_vec()));
                }
            }
            _ => long_name = None,
        }
    }
    found
}

fn pax_path(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    text.lines().find_map(|line| line.split_once(" path=").map(|(_, path)| path.to_owned()))
}

/// The messages of an archive: single files, and the ones inside mbox files.
pub fn messages(archive: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for (name, bytes) in files(archive) {
        let file = name.rsplit('/').next().unwrap_or_default().to_lowercase();
        let other = [".json", ".xml", ".out", ".html", ".vcf", ".tnef", ".css", ".asc", ".key", ".md", ".pub", ".gitattributes"];
        if other.iter().any(|e| file.ends_with(e)) {
            continue;
        }
        if bytes.starts_with(b"From ") && memmem(&bytes[1..], b"\nFrom ").is_some() {
            found.extend(split_mbox(&bytes).into_iter().enumerate().map(|(n, m)| (format!("{name}#{n}"), m)));
        } else {
            found.push((name, bytes));
        }
    }
    found
}

/// The messages of an mbox file.
pub fn split_mbox(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut blank = true;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if blank && line.starts_with(b"From ") {
            found.push(Vec::new());
        }
        blank = line.trim_ascii().is_empty();
        if let Some(last) = found.last_mut() {
            last.extend_from_slice(line);
        }
    }
    found
}

pub fn memmem(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|w| w == word)
}

/// The name behind the last slash.
pub fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Words only: blanks collapsed.
pub fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Prints what failed and asserts that at least `floor` passed.
pub fn floor(what: &str, passed: usize, failed: &[String], floor: usize) {
    println!("{what}: {passed} of {} pass", passed + failed.len());
    for line in failed {
        println!("  fails: {line}");
    }
    assert!(passed >= floor, "{what}: {passed} pass, {floor} did before");
}
