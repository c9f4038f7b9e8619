//! Where a link goes and what may be odd about it. Judges what a reader sees against what is written.

use url::{Host, Url};

/// A link's target as it may be opened: http, https or mailto, else `None`.
pub(super) fn target(href: &str) -> Option<Url> {
    let href: String = href.trim().chars().filter(|c| !c.is_control()).take(8_000).collect();
    let href = if href.starts_with("//") { format!("https:{href}") } else { href };
    let url = Url::parse(&href).ok()?;
    match url.scheme() {
        "http" | "https" if url.host().is_some() => Some(url),
        "mailto" => Some(url),
        _ => None,
    }
}

/// Why to be careful with a link, in one sentence.
pub(super) fn warning(text: &str, url: &Url) -> Option<String> {
    if url.scheme() == "mailto" {
        let named = text.split_whitespace().find(|w| crate::check_address(w.trim_matches(['<', '>', '(', ')', ','])).is_ok())?;
        let named = named.trim_matches(['<', '>', '(', ')', ',']);
        let goes = url.path();
        return (!goes.is_empty() && !goes.eq_ignore_ascii_case(named) && !goes.contains('%'))
            .then(|| format!("The text names {named}, but the mail goes to {goes}."));
    }
    let host = url.host()?;
    if !url.username().is_empty() || url.password().is_some() {
        return Some(format!("What stands before the @ is not the place it goes to; that is {host}."));
    }
    if matches!(host, Host::Ipv4(_) | Host::Ipv6(_)) {
        return Some(format!("It goes to a bare number, {host}, and not to a named site."));
    }
    let host = host.to_string();
    if let Some(shown) = look_alike(&host) {
        return Some(format!("{shown} is written with letters that look like others."));
    }
    let named = named_host(text)?;
    (!same_site(&named, &host)).then(|| format!("The text names {named}, but it goes to {host}."))
}

/// The host that a link's text names, where the text looks like an address of the web.
fn named_host(text: &str) -> Option<String> {
    let word = text.trim();
    if word.contains(char::is_whitespace) || word.contains('@') || word.len() > 2_000 {
        return None;
    }
    let lower = word.to_lowercase();
    let with_scheme =
        if lower.starts_with("http://") || lower.starts_with("https://") { lower } else { format!("https://{lower}") };
    let host = match Url::parse(&with_scheme).ok()?.host()? {
        Host::Domain(domain) => domain.trim_end_matches('.').to_owned(),
        other => other.to_string(),
    };
    let last = host.rsplit('.').next()?;
    // "report.pdf" and "Node.js" look like hosts too; only a bare name with www. or a known ending counts.
    let web = word.contains("://") || host.starts_with("www.") || ENDINGS.contains(&last) || host.matches('.').count() >= 2;
    (host.contains('.') && web && last.chars().all(|c| c.is_alphanumeric() || c == '-') && last.len() >= 2).then_some(host)
}

const ENDINGS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "info", "biz", "io", "co", "de", "uk", "fr", "nl", "no", "se", "dk", "fi", "it", "es",
    "pt", "pl", "cz", "at", "ch", "be", "eu", "ru", "ua", "cn", "jp", "kr", "in", "au", "nz", "ca", "us", "br", "mx", "example",
];

/// Whether two hosts belong to one site, as far as that can be told without a list of public suffixes.
pub(super) fn same_site(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('.').to_ascii_lowercase(), b.trim_end_matches('.').to_ascii_lowercase());
    a == b || site(&a) == site(&b)
}

/// The registrable part: two labels, or three where the second is one that countries sell under.
fn site(host: &str) -> String {
    let labels: Vec<&str> = host.rsplit('.').collect();
    let second = labels.get(1).copied().unwrap_or_default();
    let country = labels.first().is_some_and(|l| l.len() == 2);
    let sold = matches!(
        second,
        "co" | "com" | "net" | "org" | "gov" | "edu" | "ac" | "or" | "ne" | "go" | "gob" | "nom" | "ltd" | "plc"
    );
    let keep = if country && sold { 3 } else { 2 };
    labels.into_iter().take(keep).collect::<Vec<_>>().join(".")
}

/// The Unicode form of a host that mixes alphabets or is made of letters which pass for Latin ones.
pub(super) fn look_alike(host: &str) -> Option<String> {
    if !host.contains("xn--") && host.is_ascii() {
        return None;
    }
    let (shown, _) = idna::domain_to_unicode(host);
    let odd = shown.split('.').any(|label| {
        let latin = label.chars().any(|c| c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c));
        let other = label.chars().any(|c| matches!(c, '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'));
        let letters: Vec<char> = label.chars().filter(|c| c.is_alphabetic()).collect();
        let passing = !letters.is_empty() && letters.iter().all(|c| PASSING.contains(*c));
        let marks = label.chars().any(|c| matches!(c, '\u{2010}'..='\u{2044}' | '\u{ff01}'..='\u{ff5e}' | '\u{2215}' | '\u{29f8}' | '\u{131}' | '\u{251}' | '\u{261}'));
        (latin && other) || passing || marks
    });
    odd.then_some(shown)
}

/// Cyrillic, Greek and Armenian letters that are drawn like Latin ones.
const PASSING: &str = "\u{430}\u{435}\u{43e}\u{440}\u{441}\u{443}\u{445}\u{456}\u{455}\u{458}\u{4bb}\u{501}\u{51b}\u{51d}\u{433}\u{43a}\u{43c}\u{442}\u{44c}\u{3bf}\u{3bd}\u{3c1}\u{3b1}\u{3b9}\u{3ba}\u{3c5}\u{585}\u{578}\u{57d}\u{4cf}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_are_targets() {
        let check = |href: &str, want: Option<&str>| assert_eq!(target(href).map(|u| u.to_string()).as_deref(), want, "{href}");
        check("https://a.example/x?y", Some("https://a.example/x?y"));
        check(" java\nscript:alert(1)", None);
        check("JAVASCRIPT:alert(1)", None);
        check("//a.example/x", Some("https://a.example/x"));
        check("mailto:a@b.example", Some("mailto:a@b.example"));
        for bad in [
            "file:///etc/passwd",
            "\\\\server\\share",
            "data:text/html,x",
            "mail://localhost/x",
            "ms-word:x",
            "relative",
            "#top",
            "",
            "https://",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn odd_links_carry_a_warning() {
        let check = |text: &str, href: &str, want: Option<&str>| {
            let warned = warning(text, &target(href).unwrap());
            match want {
                Some(words) => assert!(warned.as_deref().is_some_and(|w| w.contains(words)), "{text} {href}: {warned:?}"),
                None => assert_eq!(warned, None, "{text} {href}"),
            }
        };
        check("Read more", "https://a.example", None);
        check("www.bank.example", "https://login.bank.example/x", None);
        check("https://bank.example/in", "https://evil.example", Some("goes to evil.example"));
        check("bank.com", "https://bank.com.evil.example/", Some("names bank.com"));
        check("shop.co.uk", "https://evil.co.uk/", Some("names shop.co.uk"));
        check("report.pdf", "https://files.example/report.pdf", None);
        check("Log in", "https://192.0.2.7/x", Some("bare number"));
        check("Log in", "https://0x7f.1/x", Some("bare number"));
        check("Log in", "https://bank.example@evil.example/", Some("that is evil.example"));
        check("Log in", "https://\u{430}\u{440}\u{440}\u{4cf}\u{435}.com/", Some("look like others"));
        check("Log in", "https://p\u{430}ypal.com/", Some("look like others"));
        check("M\u{fc}nchen", "https://m\u{fc}nchen.de/", None);
        check(
            "\u{43f}\u{440}\u{435}\u{437}\u{438}\u{434}\u{435}\u{43d}\u{442}",
            "https://\u{43f}\u{440}\u{435}\u{437}\u{438}\u{434}\u{435}\u{43d}\u{442}.\u{440}\u{444}/",
            None,
        );
        check("jo@a.example", "mailto:jo@a.example", None);
        check("jo@a.example", "mailto:mo@b.example", Some("goes to mo@b.example"));
    }
}
