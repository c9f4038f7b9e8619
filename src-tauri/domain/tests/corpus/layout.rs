//! Honest mail still looks like itself: tables, pictures, links and colours survive.

use crate::archive::{base, corpus, files};
use godwit_domain::Parsed;
use godwit_domain::html::{RenderOptions, render};
use std::time::Duration;

const BASE: &str = "mail://localhost/0/";

#[test]
fn newsletters_keep_their_layout() {
    let Some(dir) = corpus("newsletters_keep_their_layout") else { return };
    let sets = ["antwort-templates", "leemunroe-template", "mailchimp-blueprints", "postmark-templates", "mailspring-quotes"];
    let mut wrong = Vec::new();
    let (mut pages, mut slowest) = (0, Duration::ZERO);
    let mut sums = [(0usize, 0usize); 5];
    for set in sets {
        for (name, bytes) in files(&dir.join(format!("b-html/{set}.tar.zst"))) {
            if !name.ends_with(".html") && !name.ends_with(".htm") {
                continue;
            }
            let html = String::from_utf8_lossy(&bytes).into_owned();
            let parsed = Parsed { html: Some(html.clone()), text: "text".into(), ..Parsed::default() };
            let began = std::time::Instant::now();
            let r = render(&parsed, &RenderOptions { allow_remote: true, base: BASE.into() });
            slowest = slowest.max(began.elapsed());
            pages += 1;
            if r.problems.iter().any(|p| p.contains("text is shown")) {
                wrong.push(format!("{}: {:?}", base(&name), r.problems));
                continue;
            }
            let source = bare(&html.to_ascii_lowercase());
            let count = |text: &str, what: &str| text.matches(what).count();
            let pairs = [
                (count(&source, "<table"), count(&r.html, "<table")),
                (count(&source, "<td"), count(&r.html, "<td")),
                (count(&source, "<img"), count(&r.html, "<img") + count(&source, "<img alt=\"\" src=\"\"")),
                (count(&source, "bgcolor="), count(&r.html, "bgcolor=") + count(&source, "<body")),
                (count(&source, "background-color:"), count(&r.html, "background-color:")),
            ];
            for (sum, (before, after)) in sums.iter_mut().zip(pairs) {
                *sum = (sum.0 + before, sum.1 + after);
            }
            if pairs[0].0 != pairs[0].1 {
                wrong.push(format!("{}: {} tables of {}", base(&name), pairs[0].1, pairs[0].0));
            }
        }
    }
    println!(
        "{pages} pages, slowest {slowest:?}; before and after: tables {:?}, cells {:?}, pictures {:?}, bgcolor {:?}, background-color {:?}",
        sums[0], sums[1], sums[2], sums[3], sums[4]
    );
    for line in &wrong {
        println!("  {line}");
    }
    assert!(pages >= 140, "only {pages} pages were found");
    assert!(wrong.is_empty(), "{} pages lost a table or all of their layout", wrong.len());
    assert!(sums[2].1 * 100 >= sums[2].0 * 94, "pictures were lost");
}

/// Without comments and style sheets, whose words are no layout.
fn bare(html: &str) -> String {
    without(&without(html, "<!--", "-->"), "<style", "</style>")
}

fn without(html: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, tail)) = rest.split_once(open) {
        out.push_str(before);
        rest = tail.split_once(close).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}
