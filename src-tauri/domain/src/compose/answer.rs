//! Answers, forwards and drafts taken up again: recipients, subject, chain and quote out of a parsed message.
//! A quote holds only what was visible, and nothing that loads.

use super::Start;
use crate::{Address, Parsed, html};

/// Bytes of a quote; what lies behind is left out and said so.
const MAX_QUOTE: usize = 256 << 10;

/// The start of an answer. `me`: the account's own addresses. `all`: to everybody who got it.
pub fn reply(original: &Parsed, me: &[String], all: bool) -> Start {
    let mine = |a: &Address| me.iter().any(|m| m.eq_ignore_ascii_case(&a.address));
    let written_by_me = !original.from.is_empty() && original.from.iter().all(mine);
    let answered = if written_by_me {
        &original.to
    } else if original.reply_to.is_empty() {
        &original.from
    } else {
        &original.reply_to
    };
    let mut to: Vec<Address> = Vec::new();
    add(&mut to, answered, |a| written_by_me && all && mine(a));
    let mut cc: Vec<Address> = Vec::new();
    if all {
        let mut known = to.clone();
        for address in original.to.iter().chain(&original.cc) {
            if !mine(address) && !holds(&known, address) {
                known.push(address.clone());
                cc.push(address.clone());
            }
        }
    }
    if to.is_empty() {
        to = std::mem::take(&mut cc);
    }
    Start {
        to,
        cc,
        subject: format!("Re: {}", without_prefixes(&original.subject, ANSWERS)).trim_end().to_owned(),
        quote_html: format!(
            "<p>{}</p><blockquote type=\"cite\">{}</blockquote>",
            html::escaped(&attribution(original)),
            quoted_html(original)
        ),
        quote_text: format!("{}\n{}", attribution(original), quoted_text(original)),
        in_reply_to: original.message_id.clone(),
        references: chain(original),
        ..Start::default()
    }
}

/// The start of a forward: the header named, the text whole, every attachment along.
pub fn forward(original: &Parsed) -> Start {
    let lines = header_lines(original);
    let text: String = lines.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let rich: String = lines.iter().map(|(name, value)| format!("<b>{name}:</b> {}<br>", html::escaped(value))).collect();
    Start {
        subject: format!("Fwd: {}", without_prefixes(&original.subject, FORWARDS)).trim_end().to_owned(),
        quote_html: format!("<p>Forwarded message</p><p>{rich}</p><div>{}</div>", quoted_html(original)),
        quote_text: format!("---------- Forwarded message ----------\n{text}\n{}", bounded(&original.text)),
        references: chain(original),
        parts: original.attachments.iter().map(|a| a.part).collect(),
        forwards: true,
        ..Start::default()
    }
}

/// A draft that lies in a Drafts mailbox, taken up again.
pub fn resume(kept: &Parsed) -> Start {
    Start {
        to: kept.to.clone(),
        cc: kept.cc.clone(),
        bcc: kept.bcc.clone(),
        subject: kept.subject.clone(),
        text: kept.text.clone(),
        html: kept.html.as_deref().map(html::sanitise_for_composer),
        in_reply_to: kept.in_reply_to.first().cloned(),
        references: kept.references.clone(),
        parts: kept.attachments.iter().map(|a| a.part).collect(),
        ..Start::default()
    }
}

fn add(list: &mut Vec<Address>, more: &[Address], skip: impl Fn(&Address) -> bool) {
    for address in more {
        if !address.address.is_empty() && !skip(address) && !holds(list, address) {
            list.push(address.clone());
        }
    }
}

fn holds(list: &[Address], address: &Address) -> bool {
    list.iter().any(|a| a.address.eq_ignore_ascii_case(&address.address))
}

/// The original's chain and the original itself, bounded to its oldest and its newest ids.
fn chain(original: &Parsed) -> Vec<String> {
    let mut ids = if original.references.is_empty() { original.in_reply_to.clone() } else { original.references.clone() };
    ids.extend(original.message_id.clone());
    ids.dedup();
    if ids.len() > 40 {
        ids.drain(1..ids.len() - 39);
    }
    ids
}

const ANSWERS: &[&str] = &["re", "aw", "sv", "antw", "odp", "vs", "ref", "res", "r"];
const FORWARDS: &[&str] = &["fwd", "fw", "wg", "tr", "vb", "doorst"];

/// The subject without any of these prefixes, also "Re[2]:" and "Re (3):", however many.
fn without_prefixes<'a>(subject: &'a str, prefixes: &[&str]) -> &'a str {
    let mut rest = subject.trim();
    while let Some((head, tail)) = rest.split_once(':') {
        let word = head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | ' '));
        if !prefixes.iter().any(|p| p.eq_ignore_ascii_case(word)) {
            break;
        }
        rest = tail.trim_start();
    }
    rest
}

/// "Jonas Lindqvist, 20 November 2026, 09:42:"
fn attribution(original: &Parsed) -> String {
    let who = original.from.first().map_or("Someone", |a| if a.name.is_empty() { a.address.as_str() } else { a.name.as_str() });
    match original.date.as_deref().and_then(long_date) {
        Some(when) => format!("{who}, {when}:"),
        None => format!("{who}:"),
    }
}

/// "20 November 2026, 09:42" as the sender's clock had it.
fn long_date(rfc3339: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month: usize = rfc3339.get(5..7)?.parse().ok()?;
    let day: u8 = rfc3339.get(8..10)?.parse().ok()?;
    Some(format!("{day} {} {}, {}", MONTHS.get(month.checked_sub(1)?)?, rfc3339.get(..4)?, rfc3339.get(11..16)?))
}

fn header_lines(original: &Parsed) -> Vec<(&'static str, String)> {
    let people = |list: &[Address]| {
        let one = |a: &Address| if a.name.is_empty() { a.address.clone() } else { format!("{} <{}>", a.name, a.address) };
        let mut shown: Vec<String> = list.iter().take(50).map(one).collect();
        if list.len() > 50 {
            shown.push(format!("and {} more", list.len() - 50));
        }
        shown.join(", ")
    };
    let all = [
        ("From", people(&original.from)),
        ("Date", original.date.as_deref().and_then(long_date).unwrap_or_default()),
        ("Subject", original.subject.clone()),
        ("To", people(&original.to)),
        ("Cc", people(&original.cc)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn bounded(text: &str) -> String {
    let kept = crate::mime::cut(text, MAX_QUOTE);
    if kept.len() < text.len() { format!("{kept}\n[…]\n") } else { kept.to_owned() }
}

/// The text with quote marks, without its signature and the empty lines at its end.
fn quoted_text(original: &Parsed) -> String {
    let text = bounded(&original.text);
    let own = text.split_once("\n-- \n").map_or(text.as_str(), |(before, _)| before);
    let mut out = String::with_capacity(own.len() + own.len() / 20);
    for line in own.trim_end().lines() {
        out.push_str(match line.chars().next() {
            Some('>') => ">",
            Some(_) => "> ",
            None => ">",
        });
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn quoted_html(original: &Parsed) -> String {
    let rich = original
        .html
        .as_deref()
        .filter(|h| h.len() <= MAX_QUOTE * 2)
        .map(html::sanitise_for_composer)
        .filter(|h| !h.trim().is_empty());
    rich.unwrap_or_else(|| {
        let text = bounded(&original.text);
        let own = text.split_once("\n-- \n").map_or(text.as_str(), |(before, _)| before);
        html::escaped(own.trim_end()).replace('\n', "<br>")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::parse;

    const ORIGINAL: &str = "From: Jonas Lindqvist <jonas@a.example>\nTo: Me <me@x.example>, b@b.example\nCc: c@c.example, ME@X.example\n\
        Subject: RE: Aw: Re[2]: The boat\nDate: Fri, 20 Nov 2026 09:42:00 +0100\nMessage-ID: <m1@a>\nReferences: <m0@a>\n\n\
        Hello\n\n> older\nBye\n-- \nJonas\nLindqvist AB\n";

    fn list(addresses: &[Address]) -> Vec<&str> {
        addresses.iter().map(|a| a.address.as_str()).collect()
    }

    #[test]
    fn an_answer_goes_to_the_right_people() {
        let me = ["me@x.example".to_owned()];
        let check = |raw: &str, all: bool, to: &[&str], cc: &[&str]| {
            let r = reply(&parse(raw.as_bytes()), &me, all);
            assert_eq!((list(&r.to).as_slice(), list(&r.cc).as_slice()), (to, cc), "{raw} {all}");
        };
        check(ORIGINAL, false, &["jonas@a.example"], &[]);
        check(ORIGINAL, true, &["jonas@a.example"], &["b@b.example", "c@c.example"]);
        let listed = ORIGINAL.replace("Cc:", "Reply-To: list@l.example\nCc:");
        check(&listed, false, &["list@l.example"], &[]);
        check(&listed, true, &["list@l.example"], &["b@b.example", "c@c.example"]);
        let own = "From: me@x.example\nTo: b@b.example, me@x.example\nCc: c@c.example\n\nx";
        check(own, true, &["b@b.example"], &["c@c.example"]);
        check("From: me@x.example\nTo: b@b.example\n\nx", false, &["b@b.example"], &[]);
        check("Subject: x\n\nx", true, &[], &[]);
    }

    #[test]
    fn an_answer_quotes_and_keeps_the_chain() {
        let r = reply(&parse(ORIGINAL.as_bytes()), &[], false);
        assert_eq!(r.subject, "Re: The boat");
        assert_eq!(r.in_reply_to.as_deref(), Some("m1@a"));
        assert_eq!(r.references, ["m0@a", "m1@a"]);
        assert_eq!(r.quote_text, "Jonas Lindqvist, 20 November 2026, 09:42:\n> Hello\n>\n>> older\n> Bye\n");
        assert_eq!(
            r.quote_html,
            "<p>Jonas Lindqvist, 20 November 2026, 09:42:</p><blockquote type=\"cite\">Hello<br><br>&gt; older<br>Bye</blockquote>"
        );
    }

    #[test]
    fn a_quote_holds_nothing_hidden_and_nothing_that_loads() {
        let raw = "From: \"<b>x</b>\" <a@b.example>\nContent-Type: text/html\n\n<p>seen<span style=\"display:none\">hidden</span>\
            <img src=\"https://x.example/a\"><a href=\"javascript:x\">l</a></p><style>@import 'https://x.example'</style>";
        let r = reply(&parse(raw.as_bytes()), &[], false);
        assert_eq!(r.quote_html, "<p>&lt;b&gt;x&lt;/b&gt;:</p><blockquote type=\"cite\"><p>seen<a>l</a></p></blockquote>");
    }

    #[test]
    fn a_forward_names_the_header_and_takes_the_files_along() {
        let raw = format!(
            "{}\n--b\n\nHi\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--\n",
            ORIGINAL
                .replace("Message-ID:", "Content-Type: multipart/mixed; boundary=b\nMessage-ID:")
                .split("\n\n")
                .next()
                .unwrap()
                .to_owned()
                + "\n"
        );
        let f = forward(&parse(raw.as_bytes()));
        assert_eq!(f.subject, "Fwd: RE: Aw: Re[2]: The boat");
        assert!(f.to.is_empty() && f.forwards && f.in_reply_to.is_none());
        assert_eq!(f.parts, [0]);
        assert!(f.quote_text.starts_with("---------- Forwarded message ----------\nFrom: Jonas Lindqvist <jonas@a.example>\nDate: 20 November 2026, 09:42\n"), "{}", f.quote_text);
        assert!(f.quote_text.ends_with("\nHi"), "{}", f.quote_text);
        assert!(f.quote_html.contains("<b>From:</b> Jonas Lindqvist &lt;jonas@a.example&gt;<br>"), "{}", f.quote_html);
    }

    #[test]
    fn chains_are_bounded_with_their_root_kept() {
        let references: Vec<String> = (0..100).map(|n| format!("{n}@x")).collect();
        let made = chain(&Parsed { references, message_id: Some("new@x".into()), ..Parsed::default() });
        assert_eq!(made.len(), 40);
        assert_eq!((made.first().map(String::as_str), made.last().map(String::as_str)), (Some("0@x"), Some("new@x")));
    }
}
