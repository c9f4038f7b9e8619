//! The arrows of ARCHITECTURE.md that Cargo can't keep: which room may name which, and where a library is at home.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(dir: &str, ending: &[&str]) -> Vec<(String, String)> {
    let (mut found, mut todo) = (Vec::new(), vec![root().join(dir)]);
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if ending.iter().any(|e| path.to_string_lossy().ends_with(e)) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "nothing to read in {dir}");
    found
}

fn nobody_names(words: &[&str], dir: &str, ending: &[&str], except: &[&str]) {
    for (name, text) in sources(dir, ending) {
        if except.iter().any(|home| name.starts_with(home)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            // A type is no dependency: nothing of it is left when the program runs.
            if code.trim_start().starts_with("import type") {
                continue;
            }
            for word in words {
                assert!(!code.contains(word), "{name}:{} names {word}, whose home is {except:?}", number + 1);
            }
        }
    }
}

#[test]
fn the_store_never_names_the_wire_and_the_wire_never_names_the_store() {
    nobody_names(&["crate::imap", "crate::smtp", "crate::net"], "src-tauri/engine/src/store", &[".rs"], &[]);
    for wire in ["imap", "smtp", "net"] {
        nobody_names(&["crate::store", "crate::sync"], &format!("src-tauri/engine/src/{wire}"), &[".rs"], &[]);
    }
}

#[test]
fn every_library_stays_in_its_home_room() {
    let engine = "src-tauri/engine/src";
    let home = |room: &str| format!("{engine}/{room}");
    nobody_names(&["async_imap"], "src-tauri", &[".rs"], &[&home("imap")]);
    nobody_names(&["rusqlite"], "src-tauri", &[".rs"], &[&home("store")]);
    nobody_names(&["mail_send", "smtp_proto"], "src-tauri", &[".rs"], &[&home("smtp")]);
    nobody_names(&["keyring"], "src-tauri", &[".rs"], &[&home("secrets")]);
    nobody_names(&["rustls::"], "src-tauri", &[".rs"], &[&home("net"), &home("imap"), &home("smtp")]);
    nobody_names(&["mail_parser"], "src-tauri", &[".rs"], &["src-tauri/domain/src/mime"]);
    nobody_names(&["mail_builder"], "src-tauri", &[".rs"], &["src-tauri/domain/src/compose"]);
    nobody_names(&["ammonia::", "css_inline"], "src-tauri", &[".rs"], &["src-tauri/domain/src/html"]);
    nobody_names(&["tauri::"], "src-tauri", &[".rs"], &["src-tauri/src/", "src-tauri/build.rs"]);
    nobody_names(&["@tauri-apps"], "ui/src", &[".ts", ".svelte"], &["ui/src/ipc/tauri.ts"]);
}

#[test]
fn the_domain_has_no_clock_no_socket_and_no_file() {
    let forbidden = ["SystemTime", "Instant::now", "tokio", "std::net", "std::fs", "std::process", "OffsetDateTime::now"];
    for (name, text) in sources("src-tauri/domain/src", &[".rs"]) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
        let is_test = name.contains("test");
        for word in forbidden {
            assert!(is_test || !code.contains(word), "{name} names {word}");
        }
    }
}

#[test]
fn the_wall_clock_is_read_in_one_place() {
    nobody_names(
        &["SystemTime::now"],
        "src-tauri/engine/src",
        &[".rs"],
        &["src-tauri/engine/src/clock.rs", "src-tauri/engine/src/net"],
    );
}

#[test]
fn components_of_the_window_have_no_state_and_no_ipc() {
    nobody_names(&["/ipc/tauri", "/ipc'", "/state/"], "ui/src/components", &[".ts", ".svelte"], &[]);
}
