//! Every message of the corpus is read whole: no panic inside, every part can be had, the rendering passes the verifier.

use crate::archive::{corpus, messages};
use godwit_domain::html::{RenderOptions, render, verify};
use godwit_domain::mime;
use std::time::{Duration, Instant};

const BASE: &str = "mail://localhost/0/";

#[test]
fn every_message_is_read_and_rendered() {
    let Some(dir) = corpus("every_message_is_read_and_rendered") else { return };
    let mut archives: Vec<_> = ["a-mail", "e-crypto-auth", "e-threading"]
        .iter()
        .flat_map(|d| std::fs::read_dir(dir.join(d)).expect("a folder of archives"))
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "zst"))
        .collect();
    archives.sort();
    let (mut count, mut bytes, mut with_html, mut empty) = (0, 0, 0, 0);
    let (mut parsing, mut rendering, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut wrong = Vec::new();
    for archive in archives {
        for (name, raw) in messages(&archive) {
            let began = Instant::now();
            let parsed = mime::parse(&raw);
            parsing += began.elapsed();
            let began = Instant::now();
            let rendered = render(&parsed, &RenderOptions { allow_remote: false, base: BASE.into() });
            rendering += began.elapsed();
            slowest = slowest.max(began.elapsed());
            count += 1;
            bytes += raw.len();
            with_html += usize::from(parsed.html.is_some());
            empty += usize::from(parsed.text.trim().is_empty() && parsed.attachments.is_empty());
            let mut problem = |what: &str| wrong.push(format!("{name}: {what}"));
            if verify(&rendered.html, BASE).is_err() {
                problem("the verifier says no to what is shown");
            }
            for said in ["could not be made safe", "too tangled", "parts of the message can't be read"] {
                if rendered.problems.iter().any(|p| p.contains(said)) {
                    problem(said);
                }
            }
            if rendered.remote.iter().any(|r| !r.blocked) {
                problem("something remote is let in");
            }
            for attachment in &parsed.attachments {
                match mime::part(&raw, attachment.part) {
                    Some((_, found)) if found.len() as u32 == attachment.size => {}
                    _ => problem("a part can't be had"),
                }
                if attachment.name.is_empty() || attachment.name.contains(['/', '\\', '\0']) {
                    problem("a name is not safe");
                }
            }
            let head = raw.get(..raw.len().min(8_192)).unwrap_or_default();
            mime::headers(head);
            mime::preview(head, head);
        }
    }
    println!("{count} messages, {} MB, {with_html} with HTML, {empty} without any content", bytes >> 20);
    println!("parse {parsing:?}, render {rendering:?}, slowest rendering {slowest:?}");
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    assert!(count >= 5_500, "only {count} messages were found");
}
