//! Attacks that others collected: nothing runs, nothing loads, the verifier agrees, in the frame and in the composer.

use crate::archive::{corpus, files};
use godwit_domain::Parsed;
use godwit_domain::html::{RenderOptions, render, sanitise_for_composer, verify};
use serde_json::Value;
use std::path::Path;

const BASE: &str = "mail://localhost/0/";

fn payloads(dir: &Path) -> Vec<(String, String)> {
    let json = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(dir.join("b-html").join(name)).expect(name)).expect("JSON")
    };
    let mut found: Vec<(String, String)> = Vec::new();
    let take = |found: &mut Vec<(String, String)>, from: &str, list: &Value, key: &str| {
        for (n, case) in list.as_array().expect("a list").iter().enumerate() {
            found.extend(case[key].as_str().map(|html| (format!("{from} {n}"), html.to_owned())));
        }
    };
    take(&mut found, "owasp", &json("owasp-xss-filter-evasion.json")["cases"], "html");
    take(&mut found, "dompurify", &json("dompurify-expect.json"), "payload");
    take(&mut found, "ammonia", &json("ammonia-cases.json"), "html");
    take(&mut found, "washtml", &json("roundcube-washtml.json")["cases"], "html");
    for (name, bytes) in files(&dir.join("b-html/loofah.tar.zst")) {
        if name.ends_with(".dat") {
            // Not quite JSON: it has comments. The inputs stand on lines of their own.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let inputs = text.lines().filter_map(|l| l.trim().strip_prefix("\"input\": ")).map(|l| l.trim_end_matches(','));
            found.extend(inputs.filter_map(|l| Some((format!("loofah {l:.40}"), serde_json::from_str::<String>(l).ok()?))));
        } else {
            found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    for (name, bytes) in files(&dir.join("a-mail/roundcube.tar.zst")) {
        if name.contains("/src/") && (name.ends_with(".txt") || name.ends_with(".html")) {
            found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    for (name, bytes) in files(&dir.join("b-html/caniemail-tests.tar.zst")) {
        found.push((name, String::from_utf8_lossy(&bytes).into_owned()));
    }
    found
}

#[test]
fn attacks_of_others_come_to_nothing() {
    let Some(dir) = corpus("attacks_of_others_come_to_nothing") else { return };
    let payloads = payloads(&dir);
    let mut wrong = Vec::new();
    for (name, html) in &payloads {
        let parsed = Parsed { html: Some(html.clone()), text: "text".into(), ..Parsed::default() };
        for allow_remote in [false, true] {
            let r = render(&parsed, &RenderOptions { allow_remote, base: BASE.into() });
            if let Err(why) = verify(&r.html, BASE) {
                wrong.push(format!("{name}: {why}"));
            }
            if r.problems.iter().any(|p| p.contains("made safe")) {
                wrong.push(format!("{name}: the verifier fired"));
            }
            if !allow_remote && r.remote.iter().any(|r| !r.blocked) {
                wrong.push(format!("{name}: something remote is let in"));
            }
            wrong.extend(dangers(&r.html, true).into_iter().map(|d| format!("{name}: {d}")));
            if r.links.iter().any(|l| !["http:", "https:", "mailto:"].iter().any(|s| l.url.starts_with(s))) {
                wrong.push(format!("{name}: a link that may not be"));
            }
        }
        wrong.extend(dangers(&sanitise_for_composer(html), false).into_iter().map(|d| format!("{name}, composer: {d}")));
    }
    println!("{} payloads", payloads.len());
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    assert!(payloads.len() >= 500, "only {} payloads were found", payloads.len());
}

/// A third look, by plain means: every tag of the output with its attributes.
fn dangers(html: &str, frame: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, tail)) = rest.split_once('<') {
        let Some((tag, after)) = tail.split_once('>') else {
            found.push("a tag without end".into());
            break;
        };
        let lower = tag.to_ascii_lowercase();
        let name = lower.trim_start_matches('/').split(' ').next().unwrap_or_default().to_owned();
        for bad in [
            "script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "meta", "link", "base", "video",
            "audio", "template",
        ] {
            if name == bad {
                found.push(format!("<{bad}>"));
            }
        }
        for part in lower.split('"').step_by(2) {
            if part.trim_start().starts_with("on") && part.trim_end().ends_with('=') {
                found.push(format!("a handler in <{tag}>"));
            }
        }
        for (at, value) in
            lower.split('"').collect::<Vec<_>>().windows(2).filter(|w| w[0].ends_with('=')).map(|w| (w[0].trim(), w[1]))
        {
            let loads = matches!(
                at,
                "src=" | "background=" | "srcset=" | "poster=" | "data=" | "action=" | "formaction=" | "ping=" | "longdesc="
            );
            let own = value.starts_with(BASE) || value.starts_with("data:image/");
            if loads && !own {
                found.push(format!("{at}{value}"));
            }
            if at == "href=" && (frame || !["http:", "https:", "mailto:"].iter().any(|s| value.starts_with(s))) {
                found.push(format!("{at}{value}"));
            }
            if at == "style=" && (value.replace(BASE, "").contains("//") || value.contains('\\') || value.contains("expression"))
            {
                found.push(format!("{at}{value}"));
            }
        }
        rest = after;
    }
    found
}
