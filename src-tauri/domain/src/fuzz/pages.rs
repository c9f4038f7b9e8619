//! What is shown: HTML of strangers, their text, their styles.

use super::text;
use crate::html::{self, RenderOptions, render, sanitise_for_composer, verify};
use crate::steps::counted;
use crate::{Link, Parsed};

const BASE: &str = "mail://localhost/0/";
/// Elements of which none may ever be in what is shown.
const NEVER: &[&str] = &[
    "<script",
    "<style",
    "<iframe",
    "<object",
    "<embed",
    "<svg",
    "<math",
    "<form",
    "<input",
    "<meta",
    "<link",
    "<base",
    "<video",
    "<audio",
    "<template",
];

pub(super) fn html(input: &[u8]) {
    let page = text(input);
    let parsed = Parsed { html: Some(page.clone()), text: "words".into(), ..Parsed::default() };
    for allow_remote in [false, true] {
        let shown = render(&parsed, &RenderOptions { allow_remote, base: BASE.into() });
        assert_eq!(verify(&shown.html, BASE), Ok(()));
        assert!(!shown.problems.iter().any(|p| p.contains("made safe")), "the verifier fired");
        assert!(allow_remote || shown.remote.iter().all(|r| r.blocked), "something remote is let in");
        harmless(&shown.html);
        let kinds = ["http:", "https:", "mailto:"];
        assert!(shown.links.iter().all(|l| kinds.iter().any(|k| l.url.starts_with(k))), "a link that may not be");
        assert!(shown.links.len() <= html::MAX_LISTED && shown.remote.len() <= 2 * html::MAX_LISTED);
    }
    let composed = sanitise_for_composer(&page);
    harmless(&composed);
    let would_load = |tag: &str| tag.contains("src=\"http") || tag.contains("url(");
    assert!(!tags(&composed).any(would_load), "the composer would load");
    let words = html::to_text(&page);
    assert!(words.len() <= (8 << 20) + 64, "{} bytes of text", words.len());
}

/// What stands between `<` and `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|t| t.split('>').next())
}

fn harmless(html: &str) {
    let lower = html.to_ascii_lowercase();
    for element in NEVER {
        assert!(!lower.contains(element), "{element} is let through");
    }
    for tag in tags(&lower) {
        let outside = tag.split('"').step_by(2);
        let handler = outside.flat_map(str::split_ascii_whitespace).any(|w| w.starts_with("on") && w.ends_with('='));
        assert!(!handler, "a handler in <{tag}>");
    }
}

pub(super) fn plain_text(input: &[u8]) {
    let words = text(input);
    let mut links: Vec<Link> = Vec::new();
    let (steps, made) = counted(|| html::from_text(&words, &mut links));
    assert!(steps <= 4 * (words.len() as u64 + 64), "{steps} steps for {} bytes", words.len());
    assert_eq!(verify(&made, BASE), Ok(()));
    assert!(links.len() <= html::MAX_LISTED);
    // Escaping makes six of one, a link and a quote level some dozens more.
    assert!(made.len() <= 64 * words.len() + 128, "{} bytes out of {}", made.len(), words.len());
}

pub(super) fn style(input: &[u8]) {
    let wanted = text(input);
    let page = format!("<p style=\"{}\">x</p>", html::escaped(&wanted));
    let parsed = Parsed { html: Some(page), ..Parsed::default() };
    let shown = render(&parsed, &RenderOptions { allow_remote: false, base: BASE.into() });
    assert_eq!(verify(&shown.html, BASE), Ok(()));
    assert!(!shown.problems.iter().any(|p| p.contains("made safe")), "the verifier fired on a style");
    let lower = shown.html.to_ascii_lowercase().replace(BASE, "");
    assert!(!lower.contains("url(h") && !lower.contains("expression(") && !lower.contains("@import"), "{lower}");
}
