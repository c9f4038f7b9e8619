//! `mailto:` addresses (RFC 6068). Only to, cc, bcc, subject, body and in-reply-to are taken: never a file, never another header.

use super::Start;
use crate::mime::{cleaned, cut};
use crate::{Address, Error, Result};

/// Bytes of a URL that are looked at.
const MAX_URL: usize = 64 << 10;
/// Recipients that are taken.
const MAX_RECIPIENTS: usize = 100;

/// What a `mailto:` URL asks to write.
pub fn mailto(url: &str) -> Result<Start> {
    let url = cut(url.trim(), MAX_URL);
    let rest = url.get(..7).filter(|s| s.eq_ignore_ascii_case("mailto:")).and_then(|_| url.get(7..));
    let Some(rest) = rest else {
        return Err(Error::invalid("This is not a mail address link.").mend("It begins with mailto:."));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut start = Start::default();
    people(&mut start.to, path);
    for pair in query.split('&').flat_map(|p| p.split("&amp;")) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match decoded(key).to_ascii_lowercase().as_str() {
            "to" => people(&mut start.to, value),
            "cc" => people(&mut start.cc, value),
            "bcc" => people(&mut start.bcc, value),
            "subject" => start.subject = cleaned(&decoded(value)),
            "body" => {
                let text = decoded(value).replace("\r\n", "\n").replace('\r', "\n");
                start.text = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
            }
            "in-reply-to" => {
                let id: String = decoded(value).chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect();
                start.in_reply_to = (!id.is_empty()).then_some(id);
            }
            _ => {}
        }
    }
    start.references = start.in_reply_to.iter().cloned().collect();
    Ok(start)
}

/// Addresses between commas. A comma that is part of an address is written as %2C.
fn people(list: &mut Vec<Address>, encoded: &str) {
    for one in encoded.split(',') {
        let text = cleaned(&decoded(one));
        let bare = text.rsplit_once('<').and_then(|(name, tail)| Some((name.trim(), tail.split_once('>')?.0)));
        let (name, address) = bare.unwrap_or(("", text.as_str()));
        let address = address.trim();
        let known = list.iter().any(|a| a.address.eq_ignore_ascii_case(address));
        if crate::check_address(address).is_ok() && !known && list.len() < MAX_RECIPIENTS {
            list.push(Address { name: name.trim_matches('"').to_owned(), address: address.to_owned() });
        }
    }
}

/// Percent-decoded; a plus stays a plus (RFC 6068 section 5).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        let digit = |at: usize| (*tail.get(at)? as char).to_digit(16);
        match (b, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fills_a_draft() {
        let s = mailto("mailto:a@b.example,%22C%22%20%3Cc@d.example%3E?cc=e@f.example&subject=Hi%20%C3%A6&body=one%0D%0Atwo%26+&In-Reply-To=%3Cx@y%3E").unwrap();
        let to: Vec<_> = s.to.iter().map(|a| (a.name.as_str(), a.address.as_str())).collect();
        assert_eq!(to, [("", "a@b.example"), ("C", "c@d.example")]);
        assert_eq!(s.cc.len(), 1);
        assert_eq!((s.subject.as_str(), s.text.as_str()), ("Hi \u{e6}", "one\ntwo&+"));
        assert_eq!((s.in_reply_to.as_deref(), s.references.as_slice()), (Some("x@y"), &["x@y".to_owned()][..]));
    }

    #[test]
    fn a_link_can_do_nothing_else() {
        let s = mailto("MAILTO:?attach=/etc/passwd&attachment=x&from=boss@x.example&X-Evil=1&to=a@b.example%0D%0ABcc:z@z.example&subject=a%0D%0ABcc:%20z@z.example&bcc=not%20an%20address").unwrap();
        assert_eq!(s, Start { subject: "a Bcc: z@z.example".into(), ..Start::default() });
        assert!(mailto("https://a.example").is_err());
        assert!(mailto("mail").is_err());
        assert_eq!(mailto("mailto:%zz%").unwrap(), Start::default());
        assert_eq!(
            mailto(&format!("mailto:{}", (0..500).map(|n| format!("a{n}@b.example,")).collect::<String>())).unwrap().to.len(),
            MAX_RECIPIENTS
        );
    }
}
