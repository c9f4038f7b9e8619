//! Bytes to text: what the sender declared where it is true, a good guess where it is missing or wrong.
//! Knows every label of the Encoding Standard, what `mail_parser` adds to it, ISO-2022-KR and HZ.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, GB18030, UTF_8};

/// Decoded text, and whether the declared charset had to be set aside.
pub(crate) struct Decoded {
    pub text: String,
    pub guessed: bool,
}

/// Decodes `bytes` as `label` says, or as they look where the label is missing, unknown or plainly wrong.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> Decoded {
    let label = label.map(clean_label).filter(|l| !l.is_empty() && !says_nothing(l));
    let Some(label) = label else { return undeclared(bytes) };
    if matches!(label.as_str(), "utf-8" | "utf8") {
        return utf8(bytes);
    }
    if let Some(text) = stateful(bytes, &label) {
        return Decoded { text, guessed: false };
    }
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) => declared(bytes, encoding),
        None => match mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes()) {
            Some(decoder) => Decoded { text: decoder(bytes), guessed: false },
            None => Decoded { guessed: !bytes.is_ascii(), ..undeclared(bytes) },
        },
    }
}

/// The encoding that undeclared 8-bit bytes look like.
pub(crate) fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

fn clean_label(label: &str) -> String {
    let label = label.trim().trim_matches(['"', '\'']).trim();
    // RFC 2231 and RFC 2047 allow a language behind a star.
    let label = label.split('*').next().unwrap_or_default();
    super::cut(label, 64).to_ascii_lowercase()
}

/// Labels that promise nothing about bytes above 127.
fn says_nothing(label: &str) -> bool {
    matches!(
        label,
        "us-ascii" | "ascii" | "unknown-8bit" | "x-unknown" | "unknown" | "8bit" | "7bit" | "default" | "none" | "binary"
    )
}

fn undeclared(bytes: &[u8]) -> Decoded {
    if bytes.is_ascii() && !bytes.contains(&0x1b) {
        return Decoded { text: String::from_utf8_lossy(bytes).into_owned(), guessed: false };
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !bytes.contains(&0x1b)
    {
        return Decoded { text: without_bom(text).to_owned(), guessed: false };
    }
    let (text, _, _) = guess(bytes).decode(bytes);
    Decoded { text: text.into_owned(), guessed: true }
}

fn utf8(bytes: &[u8]) -> Decoded {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: without_bom(text).to_owned(), guessed: false };
    }
    let text = String::from_utf8_lossy(bytes);
    let broken = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let sound = text.chars().filter(|c| !c.is_ascii() && *c != char::REPLACEMENT_CHARACTER).count();
    // A cut character at an end is still UTF-8; bytes of which most are broken never were.
    let cut_off = std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none() && e.valid_up_to() + 1 < bytes.len());
    if sound >= broken || broken <= 1 && sound > 0 || cut_off {
        return Decoded { text: without_bom(&text).to_owned(), guessed: false };
    }
    let (text, _, _) = guess(bytes).decode(bytes);
    Decoded { text: text.into_owned(), guessed: true }
}

fn declared(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, _, broken) = encoding.decode(bytes);
    if broken
        && encoding != UTF_8
        && !bytes.is_ascii()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Decoded { text: without_bom(text).to_owned(), guessed: true };
    }
    Decoded { text: text.into_owned(), guessed: false }
}

fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The 7-bit codes that the Encoding Standard leaves out (it has them as attack surface of browsers; in mail they are only text).
fn stateful(bytes: &[u8], label: &str) -> Option<String> {
    match label {
        "iso-2022-kr" | "csiso2022kr" => Some(iso_2022_kr(bytes)),
        "hz-gb-2312" | "hz" => Some(hz(bytes)),
        _ => None,
    }
}

/// RFC 1557: SO and SI switch between KS X 1001 and ASCII.
fn iso_2022_kr(bytes: &[u8]) -> String {
    let mut wide = false;
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(b"\x1b$)C").unwrap_or(bytes);
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match b {
            0x0e => wide = true,
            0x0f => wide = false,
            b'\n' => {
                wide = false;
                out.push(b);
            }
            0x1b if tail.starts_with(b"$)C") => rest = tail.get(3..).unwrap_or_default(),
            b if wide && b > 0x20 => out.push(b | 0x80),
            b => out.push(b),
        }
    }
    EUC_KR.decode_without_bom_handling(&out).0.into_owned()
}

/// RFC 1843: `~{` and `~}` switch between GB 2312 and ASCII, `~~` is a tilde, `~` before a line end joins lines.
fn hz(bytes: &[u8]) -> String {
    let mut wide = false;
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        if b != b'~' {
            out.push(if wide && b > 0x20 { b | 0x80 } else { b });
            continue;
        }
        match tail.first() {
            Some(b'{') => wide = true,
            Some(b'}') => wide = false,
            Some(b'~') => out.push(b'~'),
            Some(b'\n') => {}
            _ => {
                out.push(b);
                continue;
            }
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    GB18030.decode_without_bom_handling(&out).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_by_label_or_by_look() {
        let check = |bytes: &[u8], label: Option<&str>, want: &str| assert_eq!(decode(bytes, label).text, want, "{label:?}");
        check(b"plain", None, "plain");
        check("sm\u{f8}rbr\u{f8}d".as_bytes(), None, "sm\u{f8}rbr\u{f8}d");
        check(b"sm\xf8rbr\xf8d", Some("iso-8859-1"), "sm\u{f8}rbr\u{f8}d");
        check(
            b"\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2",
            Some("KOI8-R"),
            "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}",
        );
        check(b"caf\xe9", Some("utf-8"), "caf\u{e9}");
        check("caf\u{e9}".as_bytes(), Some("\"utf8\""), "caf\u{e9}");
        check(b"\xef\xbb\xbfhi", Some("utf-8"), "hi");
        check(b"caf\xe9 cr\xe8me br\xfbl\xe9e", Some("unknown-8bit"), "caf\u{e9} cr\u{e8}me br\u{fb}l\u{e9}e");
        check(b"\x1b$B%O%m!<\x1b(B", None, "\u{30cf}\u{30ed}\u{30fc}");
        check(b"~{<:Ky2;~} ~~", Some("hz-gb-2312"), "\u{5df1}\u{6240}\u{4e0d} ~");
        check(b"\x1b$)C\x0e>H3g\x0f!", Some("iso-2022-kr"), "\u{c548}\u{b155}!");
    }
}
