//! Messages as they come and as they should not.

use super::*;

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn a_plain_message_is_read() {
    let p = parse(&crlf(
        "From: Jo <jo@a.example>\nSender: list@b.example\nTo: x@y.example\nDate: Fri, 20 Nov 2026 09:42:00 +0100\n\
         Message-ID: <1@a>\nSubject: hi\n\nHello\nthere\n",
    ));
    assert_eq!(p.subject, "hi");
    assert_eq!(p.date.as_deref(), Some("2026-11-20T09:42:00+01:00"));
    assert_eq!(p.text, "Hello\nthere\n");
    assert_eq!(p.html, None);
    assert_eq!(p.sender.first().map(|a| a.address.as_str()), Some("list@b.example"));
    assert_eq!(p.problems, Vec::<String>::new());
}

const NEWSLETTER: &str = "From: n@a.example\nDate: Fri, 20 Nov 2026 09:42:00 +0000\nSubject: s\nContent-Type: multipart/mixed; boundary=o\n\n\
--o\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n\
--a\nContent-Type: text/plain; charset=utf-8; format=flowed\n\nsoft \nend\n\
--a\nContent-Type: text/html; charset=utf-8\n\n<p>soft end <img src=\"cid:pic%40x\"></p>\n--a--\n\
--r\nContent-Type: image/png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n\
--o\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-8''R%C3%A9; filename*1=\"sum.pdf.exe\"\n\
Content-Transfer-Encoding: base64\n\nJVBERi0=\n\
--o\nContent-Type: message/rfc822\n\nFrom: q@b.example\nSubject: In/ner\n\ninner text\n--o--\n";

#[test]
fn parts_are_found_named_and_decoded() {
    let raw = crlf(NEWSLETTER);
    let p = parse(&raw);
    assert_eq!(p.text, "soft end\n");
    assert!(p.html.as_deref().unwrap().contains("<p>soft end"));
    let seen: Vec<_> = p.attachments.iter().map(|a| (a.part, a.name.as_str(), a.media_type.as_str(), a.size, a.inline)).collect();
    assert_eq!(
        seen,
        [
            (0, "attachment.png", "image/png", 8, true),
            (1, "R\u{e9}sum.pdf.exe", "application/pdf", 5, false),
            (2, "In_ner.eml", "message/rfc822", 48, false),
        ]
    );
    assert_eq!(p.attachments[0].content_id.as_deref(), Some("pic@x"));
    assert!(p.attachments[1].danger.as_deref().unwrap().contains("program, not a document"));
    let (a, bytes) = part(&raw, 1).unwrap();
    assert_eq!((a, bytes.as_slice()), (p.attachments[1].clone(), &b"%PDF-"[..]));
    let (_, inner) = part(&raw, 2).unwrap();
    assert_eq!(parse(&inner).subject, "In/ner");
    assert_eq!(part_by_content_id(&raw, "pic@x").unwrap().1, b"\x89PNG\r\n\x1a\n");
    assert_eq!(part(&raw, 3), None);
    assert_eq!(part_by_content_id(&raw, "none"), None);
}

#[test]
fn charsets_are_repaired() {
    let check = |raw: &[u8], want: &str| assert_eq!(parse(raw).text.trim_end(), want);
    check(b"Subject: x\n\nGr\xfc\xdfe aus M\xfcnchen\n", "Gr\u{fc}\u{df}e aus M\u{fc}nchen");
    check(b"Content-Type: text/plain; charset=unknown-8bit\n\ncaf\xc3\xa9\n", "caf\u{e9}");
    check(b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9\n", "caf\u{e9}");
    check(
        b"Content-Type: text/html\n\n<meta charset=\"iso-8859-5\"><p>\xbf\xe0\xd8\xd2\xd5\xe2</p>",
        "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}",
    );
    check(b"Content-Type: text/plain; charset=gb2312\n\n\xc4\xe3\xba\xc3\n", "\u{4f60}\u{597d}");
    let name = b"Subject: x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"\xe4rger und \xfcberdru\xdf.pdf\"\n\nx";
    assert_eq!(parse(name).attachments[0].name, "\u{e4}rger und \u{fc}berdru\u{df}.pdf");
}

#[test]
fn broken_messages_say_what_is_wrong() {
    let check = |raw: &[u8], problem: &str| {
        let p = parse(raw);
        assert!(p.problems.iter().any(|x| x.contains(problem)), "{:?} lacks {problem:?}", p.problems);
    };
    check(b"", "is empty");
    check(b"just words", "no header");
    check(b"Subject: x\n\n", "names no sender");
    check(b"From: a@b.example\nFrom: c@d.example\n\n", "2 From fields");
    check(b"From: a@b.example\nDate: soon\n\n", "date can't be read");
    check(b"From: a@b.example\n\n", "has no date");
    check(b"From: not an address\n\n", "not a valid address");
    check(b"From: a@b.example\nContent-Type: text/plain\n\n\xe9\xe8\xe0 caf\xe9", "guessed");
    assert_eq!(parse(b"just words").text, "just words");
}

#[test]
fn nesting_without_end_is_survived() {
    let started = std::time::Instant::now();
    let deep_messages = "Content-Type: message/rfc822\n\n".repeat(20_000);
    let mut deep_multiparts = String::from("From: a@b.example\n");
    for n in 0..10_000 {
        deep_multiparts.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    }
    let lost = format!(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n{}",
        "--x\nContent-Type: multipart/mixed; boundary=zz\n\n".repeat(20_000)
    );
    let wide = format!("Content-Type: multipart/mixed; boundary=x\n\n{}", "--x\n\na\n".repeat(50_000));
    let digest = format!(
        "Content-Type: multipart/digest; boundary=x\n\n{}",
        "--x\n\nContent-Type: multipart/digest; boundary=x\n\n".repeat(5_000)
    );
    for raw in [deep_messages, deep_multiparts, lost, wide, digest] {
        assert!(parse(raw.as_bytes()).attachments.len() <= MAX_ATTACHMENTS);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn the_text_of_a_message_ends_where_its_first_file_begins() {
    let mixed = "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n\
        --c\r\nContent-Type: text/plain\r\n\r\nHei\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>Hei\r\n--c--\r\n\
        --b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";
    let end = text_end(mixed.as_bytes());
    assert!(mixed[..end].ends_with("base64\r\n\r\n"), "{:?}", &mixed[..end]);
    let kept = parse(&mixed.as_bytes()[..end]);
    assert_eq!((kept.text.as_str(), kept.attachments[0].name.as_str()), ("Hei", "a.png"));
    // A text that is a file is one.
    let file = mixed.replace("image/png; name=a.png", "text/csv\r\nContent-Disposition: attachment; filename=a.csv");
    assert!(file[..text_end(file.as_bytes())].ends_with("base64\r\n\r\n"));
    // Cut off in the midst of the file, as it comes.
    assert_eq!(text_end(&mixed.as_bytes()[..end + 2]), end);
    let plain = b"Subject: x\r\n\r\nHei\r\n";
    assert_eq!(text_end(plain), plain.len());
    assert_eq!(text_end(b""), 0);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(raw in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
        let p = parse(&raw);
        proptest::prop_assert!(text_end(&raw) <= raw.len());
        for a in &p.attachments {
            proptest::prop_assert!(part(&raw, a.part).is_some());
        }
        super::super::headers(&raw);
        super::super::preview(&raw, &raw);
    }

    #[test]
    fn any_shuffled_message_is_survived(cut in 0usize..900, from in 0usize..900, to in 0usize..900, noise in ".{0,8}") {
        let mut text = crlf(NEWSLETTER);
        let len = text.len();
        let (a, b) = (from.min(to) % len, from.max(to) % len);
        if a < b {
            let moved: Vec<u8> = text.drain(a..b).collect();
            let at = cut % (text.len() + 1);
            text.splice(at..at, moved);
        }
        let at = cut % text.len();
        text.splice(at..at, noise.bytes());
        let p = parse(&text);
        for a in &p.attachments {
            proptest::prop_assert!(!a.name.is_empty() && !a.name.contains(['/', '\\']));
            proptest::prop_assert_eq!(part(&text, a.part).map(|x| x.1.len() as u32), Some(a.size));
        }
    }
}
