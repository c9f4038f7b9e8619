//! The sanitiser: ammonia with its options pinned, then our rewriting. Parsing happens here and nowhere in the interface.

use super::rewrite::{Reader, Rewritten, rewrite};
use super::survey::{self, Survey};
use super::{MAX_HTML, allow, sheet};
use crate::mime::{cut, guarded};
use crate::{Attachment, Remote};
use ammonia::{Builder, UrlRelative};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// HTML that is too much to build a tree of.
pub(super) struct TooMuch;

/// Every option that matters is set here, so that a new default of the library changes nothing.
static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    let attributes = |element: &&'static str| (*element, allow::attributes(element).iter().copied().collect());
    builder
        .tags(allow::ELEMENTS.iter().copied().collect())
        .clean_content_tags(allow::GONE_WITH_CONTENT.iter().copied().collect())
        .generic_attributes(allow::GENERIC.iter().copied().collect())
        .tag_attributes(allow::ELEMENTS.iter().map(attributes).collect::<HashMap<_, _>>())
        .url_schemes(["http", "https", "mailto", "cid", "data"].into_iter().collect())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// Sanitises HTML for the message frame; the verifier must still see it.
pub(super) fn for_frame(html: &str, allow_remote: bool, base: &str, attachments: &[Attachment]) -> Result<Rewritten, TooMuch> {
    let html = cut(html, MAX_HTML);
    let (html, mut surveyed) = looked_over(html).ok_or(TooMuch)?;
    let remote: Vec<Remote> = std::mem::take(&mut surveyed.dropped);
    guarded(|| {
        let clean = SANITISER.clean(&html).to_string();
        let style = if surveyed.body_style.is_empty() {
            String::new()
        } else {
            format!(" style=\"{}\"", super::escaped(&surveyed.body_style))
        };
        let dir = surveyed.dir.map(|d| format!(" dir=\"{d}\"")).unwrap_or_default();
        let whole = format!("<div{style}{dir}>{clean}</div>");
        rewrite(&whole, Reader::Frame { allow_remote }, base, attachments, remote)
    })
    .ok_or(TooMuch)
}

/// Sanitises HTML that enters the composer (a quote, a draft, a paste): no remote loads, no part URLs, nothing hidden by style.
/// Empty where it can't be made safe; the caller then quotes the text.
pub fn sanitise_for_composer(html: &str) -> String {
    let html = cut(html, MAX_HTML);
    let Some((html, _)) = looked_over(html) else { return String::new() };
    guarded(|| rewrite(&SANITISER.clean(&html).to_string(), Reader::Composer, "", &[], Vec::new()).html).unwrap_or_default()
}

/// The HTML with its style sheets in its elements, and what a look over it found. `None`: it is too much.
fn looked_over(html: &str) -> Option<(Cow<'_, str>, Survey)> {
    let mut surveyed = guarded(|| survey::survey(html)).filter(|s| !s.too_much)?;
    // A library that fails at a sheet costs the message its looks, nothing else.
    let inlined = guarded(|| sheet::inlined(html, &surveyed.sheet, surveyed.tags, surveyed.deepest)).flatten();
    let Some(inlined) = inlined else { return Some((Cow::Borrowed(html), surveyed)) };
    let again = guarded(|| survey::survey(&inlined)).filter(|s| !s.too_much)?;
    // The second look says what `<body>` has by now; only the first saw what the sheets would load.
    (surveyed.body_style, surveyed.dir) = (again.body_style, again.dir);
    Some((Cow::Owned(inlined), surveyed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_composer_gets_nothing_that_loads_or_hides() {
        let check = |html: &str, want: &str| assert_eq!(sanitise_for_composer(html), want, "{html}");
        check("<p onclick=x>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>");
        check("<img src=https://x.example/a.png alt=A>", "<img alt=\"A\">");
        check("<img src=cid:a>", "");
        check("<img src=\"data:image/png;base64,AAAA\">", "<img src=\"data:image/png;base64,AAAA\">");
        check("<img src=\"data:image/svg+xml;base64,AAAA\">", "");
        check("<a href=https://x.example/?a&amp;b>l</a>", "<a href=\"https://x.example/?a&amp;b\">l</a>");
        check("<a href=javascript:x>l</a>", "<a>l</a>");
        check("a<div style=display:none>b<p>c</p></div>d", "ad");
        check("<span style='font-size:0'>b<br></span>d<script>x</script>", "d");
        check("<p style='background:url(https://x.example);color:red'>x", "<p style=\"color:red\">x</p>");
        check(&"<font>".repeat(1_000), "");
        // What the reader did not see is not quoted, wherever it was hidden.
        check("<style>.pre{display:none}</style><div class=pre>secret</div><p>seen</p>", "<p>seen</p>");
    }
}
