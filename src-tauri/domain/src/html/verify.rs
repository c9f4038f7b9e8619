//! The second line: reads our own output again with code that shares nothing with the sanitiser's parser, and says no to whatever
//! is not in the one plain form that we write: known elements, quoted and escaped attributes, balanced tags, no URL but our own.

use super::{allow, rewrite::plain_attribute};

/// Elements inside each other.
const MAX_DEPTH: usize = 5_000;

/// Checks rendered HTML against the allow-list. `base` is what URLs of parts and remote pictures must begin with.
/// The error says what was found, without any of the message's words.
pub fn verify(html: &str, base: &str) -> Result<(), &'static str> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '>', '"', '\'']) {
        let (text, tail) = rest.split_at(at);
        references(text)?;
        let tag = tail.strip_prefix('<').ok_or("a bare sign in text")?;
        let end = tag.find('>').ok_or("a tag without end")?;
        let (inside, after) = (tag.get(..end).unwrap_or_default(), tag.get(end + 1..).unwrap_or_default());
        match inside.strip_prefix('/') {
            Some(name) => {
                if open.pop() != Some(name) {
                    return Err("a tag that closes nothing");
                }
            }
            None => {
                let name = element(inside, base)?;
                if !allow::VOID.contains(&name) {
                    open.push(name);
                }
            }
        }
        if open.len() > MAX_DEPTH {
            return Err("too many elements inside each other");
        }
        rest = after;
    }
    references(rest)?;
    if open.is_empty() { Ok(()) } else { Err("a tag that is never closed") }
}

/// Text may hold only the character references that we write.
fn references(text: &str) -> Result<(), &'static str> {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once('&') {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().find_map(|r| tail.strip_prefix(r));
        rest = known.ok_or("an unknown character reference")?;
    }
    if text.contains('\0') { Err("a NUL") } else { Ok(()) }
}

/// Checks a start tag and answers its name.
fn element<'a>(inside: &'a str, base: &str) -> Result<&'a str, &'static str> {
    let (name, mut rest) = inside.split_at(inside.find(' ').unwrap_or(inside.len()));
    if !allow::ELEMENTS.contains(&name) {
        return Err("an element that is not allowed");
    }
    let mut seen: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let tail = rest.strip_prefix(' ').ok_or("an attribute out of form")?;
        let (key, tail) = tail.split_once("=\"").ok_or("an attribute out of form")?;
        let (value, tail) = tail.split_once('"').ok_or("an attribute without end")?;
        references(value)?;
        if value.contains(['<', '>', '\'']) || seen.contains(&key) {
            return Err("an attribute out of form");
        }
        seen.push(key);
        attribute(name, key, &unescaped(value), base)?;
        rest = tail;
    }
    Ok(name)
}

fn attribute(element: &str, key: &str, value: &str, base: &str) -> Result<(), &'static str> {
    let number = |v: &str| !v.is_empty() && v.len() < 8 && v.bytes().all(|b| b.is_ascii_digit());
    let sound = match (element, key) {
        ("a", "data-link") | ("img", "data-remote") | ("blockquote", "data-level") => number(value),
        ("a", "tabindex") => value == "0",
        ("div", "data-kind") => matches!(value, "plain" | "signature" | "inline"),
        ("img", "src") => own_url(value, base) || allow::data_picture(value),
        (_, "src" | "href" | "background") => false,
        (_, "style") => style(value, base),
        (element, key) => {
            (allow::GENERIC.contains(&key) || allow::attributes(element).contains(&key)) && plain_attribute(key, value)
        }
    };
    if sound { Ok(()) } else { Err("an attribute that is not allowed") }
}

/// `<base>part/<n>` or `<base>remote/<n>`.
fn own_url(url: &str, base: &str) -> bool {
    let tail = url.strip_prefix(base).and_then(|t| t.strip_prefix("part/").or_else(|| t.strip_prefix("remote/")));
    tail.is_some_and(|n| !n.is_empty() && n.len() < 8 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A style of allowed declarations, read without any knowledge of CSS but its signs.
fn style(value: &str, base: &str) -> bool {
    let sound = |c: char| !c.is_control() && !matches!(c, '\\' | '@' | '{' | '}' | '<' | '>' | '`' | '"');
    if !value.chars().all(sound) || value.contains("/*") {
        return false;
    }
    value.split(';').all(|declaration| {
        let Some((name, value)) = declaration.split_once(':') else { return false };
        allow::property(name) && functions(value, base)
    })
}

/// Every parenthesis belongs to a function that only computes, or to one of our own pictures.
fn functions(value: &str, base: &str) -> bool {
    let mut rest = value;
    while let Some((before, tail)) = rest.split_once('(') {
        let name =
            before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default().to_ascii_lowercase();
        if name == "url" {
            let Some((target, after)) = tail.split_once(')') else { return false };
            if !own_url(target, base) {
                return false;
            }
            rest = after;
            continue;
        }
        if !name.is_empty() && !allow::FUNCTIONS.contains(&name.as_str()) {
            return false;
        }
        rest = tail;
    }
    true
}

fn unescaped(value: &str) -> String {
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_form_passes() {
        let base = "mail://localhost/t/";
        let check = |html: &str, ok: bool| assert_eq!(verify(html, base).is_ok(), ok, "{html} {:?}", verify(html, base));
        check("", true);
        check("text &amp; more<br><p style=\"color:red;width:calc(1px + 2%)\">x</p>", true);
        check(
            "<a data-link=\"0\" role=\"link\" tabindex=\"0\">x</a><img src=\"mail://localhost/t/part/3\" alt=\"&quot;\">",
            true,
        );
        check("<td style=\"background:url(mail://localhost/t/remote/1)\"></td>", true);
        check("<img src=\"data:image/png;base64,AAAA\">", true);
        for bad in [
            "<script>x</script>",
            "<p onclick=\"x\">x</p>",
            "<img src=\"https://x.example/\">",
            "<a href=\"https://x.example\">x</a>",
            "<p>x",
            "x</p>",
            "<b><i></b></i>",
            "<!-- x -->",
            "<p style=\"background:url(https://x)\">x</p>",
            "<p style='color:red'>x</p>",
            "<p align=left>x</p>",
            "<P>x</P>",
            "<svg></svg>",
            "<style></style>",
            "a > b",
            "a \" b",
            "&copy;",
            "&#x41;",
            "<img src=\"mail://localhost/other/part/1\">",
            "<img src=\"mail://localhost/t/part/1/../../x\">",
            "<img src=\"mail://localhost/t/body\">",
            "<p title=\"a\" title=\"b\">x</p>",
            "<p style=\"position:fixed\">x</p>",
            "<p style=\"color:red;\">x</p>",
            "<p style=\"color:\\72 ed\">x</p>",
            "<p style=\"width:expression(1)\">x</p>",
            "<img src=\"data:image/svg+xml;base64,AAAA\">",
            "<br/>",
            "<div data-kind=\"chrome\"></div>",
            "<p/onclick=\"x\">",
            "<p title=\"a\"onclick=\"b\">x</p>",
        ] {
            check(bad, false);
        }
    }
}
