//! What is built is read back the same, and nothing that is typed becomes structure.

use super::*;
use crate::mime::{parse, part};
use crate::{AccountId, DraftId};

fn identity() -> Identity {
    Identity {
        account: AccountId(1),
        name: "Marit N\u{f8}st".into(),
        email: "marit@fjordlys.example".into(),
        signature: String::new(),
    }
}

fn address(name: &str, address: &str) -> Address {
    Address { name: name.into(), address: address.into() }
}

fn draft() -> Draft {
    crate::compose::Start {
        to: vec![address("Jonas, L.", "jonas@a.example"), address("", "b@b.example")],
        cc: vec![address("\u{65e5}\u{672c}", "c@c.example")],
        bcc: vec![address("Secret", "s@secret.example"), address("", "B@B.example")],
        subject: "Sm\u{f8}rbr\u{f8}d og mer \u{1f41f}".into(),
        text: "Hello\n\nthere \u{e6}\u{f8}\u{e5}\n.\nFrom here\n".into(),
        in_reply_to: Some("m0@x".into()),
        references: vec!["r@x".into(), "m0@x".into()],
        ..Default::default()
    }
    .into_draft(DraftId(1), AccountId(1))
}

fn file(name: &str, media_type: &str, bytes: &[u8]) -> (DraftAttachment, Vec<u8>) {
    let meta = DraftAttachment { id: "1".into(), name: name.into(), media_type: media_type.into(), size: bytes.len() as u32 };
    (meta, bytes.to_vec())
}

#[test]
fn a_built_mail_reads_back() {
    let d = draft();
    let raw = build(&d, &identity(), "m1@fjordlys.example", 1_795_164_120, vec![]);
    let p = parse(&raw);
    assert_eq!(p.from, [address("Marit N\u{f8}st", "marit@fjordlys.example")]);
    assert_eq!((p.to, p.cc, p.bcc), (d.to.clone(), d.cc.clone(), vec![]));
    assert_eq!(p.subject, d.subject);
    assert_eq!(p.date.as_deref(), Some("2026-11-20T08:42:00Z"));
    assert_eq!(p.message_id.as_deref(), Some("m1@fjordlys.example"));
    assert_eq!(p.in_reply_to, ["m0@x"]);
    assert_eq!(p.references, ["r@x", "m0@x"]);
    assert_eq!(p.text, d.text);
    assert_eq!(p.problems, Vec::<String>::new());
    let text = String::from_utf8_lossy(&raw).to_lowercase();
    for leak in ["secret", "user-agent", "x-mailer", "linux", "localhost"] {
        assert!(!text.contains(leak), "{leak}");
    }
    assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 999 && (line.is_empty() || line.ends_with(b"\r"))));
}

#[test]
fn bcc_is_in_the_envelope_and_in_what_is_kept() {
    let d = draft();
    let e = envelope(&d, &identity());
    assert_eq!(e.from, "marit@fjordlys.example");
    assert_eq!(e.recipients, ["jonas@a.example", "b@b.example", "c@c.example", "s@secret.example"]);
    assert_eq!(parse(&build_kept(&d, &identity(), "m@x", 0, "7; 2", vec![])).bcc, d.bcc);
    let idn = Draft { to: vec![address("", "a@b\u{fc}cher.example")], cc: vec![], bcc: vec![], ..d };
    assert_eq!(envelope(&idn, &identity()).recipients, ["a@xn--bcher-kva.example"]);
}

#[test]
fn rich_mail_has_both_forms_and_its_files() {
    let mut d = draft();
    d.html = Some("<p>Hello <b>there</b><script>x</script><img src=\"https://x.example/a\"></p>".into());
    d.quote_html = "<blockquote type=\"cite\">old</blockquote>".into();
    d.quote_text = "> old\n".into();
    let files = vec![
        file(
            "R\u{e9}sum\u{e9} \u{65e5}\u{672c} with a name that goes on and on and on and on and on and on.pdf",
            "application/pdf",
            &[0, 1, 2, 255],
        ),
        file("note.txt", "text/plain", b"a\nb\r\nc\r\xff"),
        file("mail.eml", "message/rfc822", b"Subject: x\n\n.\nFrom y\n"),
        file("odd", "multipart/mixed; x\r\ny", b""),
    ];
    let raw = build(&d, &identity(), "m@x", 0, files.clone());
    let p = parse(&raw);
    assert_eq!(p.text, format!("{}\n> old\n", d.text));
    let html = p.html.clone().unwrap();
    assert!(html.contains("<p>Hello <b>there</b></p><blockquote type=\"cite\">old</blockquote>"), "{html}");
    assert!(!html.contains("x.example"));
    for (index, (meta, bytes)) in files.iter().enumerate() {
        let (found, back) = part(&raw, index as u32).unwrap();
        assert_eq!((&found.name, &back), (&meta.name, bytes));
    }
    let types: Vec<_> = p.attachments.iter().map(|a| a.media_type.as_str()).collect();
    assert_eq!(types, ["application/pdf", "text/plain", "message/rfc822", "application/octet-stream"]);
}

#[test]
fn nothing_typed_becomes_a_header() {
    let mut d = draft();
    d.subject = "x\r\nBcc: evil@x.example\r\n\r\nbody".into();
    d.to = vec![address("a\r\nCc: evil@x.example", "a@b.example>\r\nRCPT TO:<evil@x.example")];
    d.in_reply_to = Some("a>\r\nX-Evil: 1\r\nb".into());
    d.references = vec!["r\nX-Evil: 2".into()];
    let files = vec![file("a\"\r\nX-Evil: 3.txt", "a/b\r\nX-Evil: 4", b"x")];
    let raw = build(&d, &Identity { name: "M\nX-Evil: 5".into(), ..identity() }, "m\r\nX-Evil: 6@x", 0, files);
    let text = String::from_utf8_lossy(&raw);
    assert!(!text.lines().any(|l| l.starts_with("X-Evil") || l.starts_with("Bcc") || l.starts_with("Cc: evil")), "{text}");
    assert!(envelope(&d, &identity()).recipients.iter().all(|r| !r.contains(['\r', '\n', '<', '>', ' '])));
}

proptest::proptest! {
    #[test]
    fn any_draft_reads_back(subject in "\\PC{0,120}", name in "[\\PC&&[^\"']]{0,60}", text in "(\\PC|\n){0,400}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..500), file_name in "\\PC{0,80}") {
        let mut d = draft();
        d.subject = subject;
        d.to = vec![address(&name, "a@b.example")];
        d.text = text;
        let raw = build(&d, &identity(), "m@x", 1_000_000_000, vec![file(&file_name, "application/zip", &bytes)]);
        let p = parse(&raw);
        let subject = cleaned(&d.subject);
        proptest::prop_assert_eq!(&p.subject, &subject);
        proptest::prop_assert_eq!(&p.to[0].address, "a@b.example");
        let want = d.text.replace('\r', "\n");
        proptest::prop_assert_eq!(p.text.trim_end_matches('\n'), want.trim_end_matches('\n'));
        let (found, back) = part(&raw, 0).unwrap();
        proptest::prop_assert_eq!(found.name, crate::mime::safe_name(&file_name, "application/zip"));
        proptest::prop_assert_eq!(back, bytes);
    }
}
