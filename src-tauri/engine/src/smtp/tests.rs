//! Submission against a scripted server over real TLS on loopback: every phase cut, lies, slips, refusals.

use super::scripted::{OFFERS, Scripted, Turn, cut_after, cut_before, say, scripted};
use super::*;
use godwit_domain::{ErrorKind, Security};
use std::sync::Mutex;

fn mail() -> Outgoing {
    Outgoing {
        envelope_from: "marit@fjordlys.example".into(),
        recipients: vec!["sigrid@vik.example".into(), "olav@vik.example".into()],
        raw: b"From: marit@fjordlys.example\nSubject: x\n\n.hidden\nbye".to_vec(),
    }
}

async fn send(scripted: &Scripted, mail: &Outgoing) -> SubmitOutcome {
    let password = Password::new("geheim".into());
    submit(&scripted.server, "marit", &password, &TlsContext::new(), mail, &|_, _| ()).await
}

async fn outcome(turns: Vec<Turn>) -> (SubmitOutcome, Scripted) {
    let scripted = scripted(Security::Tls, turns).await;
    (send(&scripted, &mail()).await, scripted)
}

/// `accepted`, or the kind of ending and of its error.
fn short(outcome: &SubmitOutcome) -> (&'static str, Option<ErrorKind>) {
    match outcome {
        SubmitOutcome::Accepted { .. } => ("accepted", None),
        SubmitOutcome::Refused(e, _) => ("refused", Some(e.kind)),
        SubmitOutcome::NotSent(e) => ("not sent", Some(e.kind)),
        SubmitOutcome::Uncertain(e) => ("uncertain", Some(e.kind)),
    }
}

#[tokio::test]
async fn a_mail_is_handed_in_once_and_as_the_rules_have_it() {
    for security in [Security::Tls, Security::Starttls] {
        let scripted = scripted(security, vec![]).await;
        let seen = Mutex::new(Vec::new());
        let progress = |done, total| seen.lock().unwrap().push((done, total));
        let password = Password::new("geheim".into());
        let done = submit(&scripted.server, "marit", &password, &TlsContext::new(), &mail(), &progress).await;
        assert_eq!(done, SubmitOutcome::Accepted { reply: "250 ok".into() });
        let heard = scripted.heard.lock().unwrap();
        let lines: Vec<_> = heard.lines.iter().map(String::as_str).filter(|l| !l.starts_with("clear: ")).collect();
        assert_eq!(
            lines,
            [
                "EHLO [127.0.0.1]",
                "AUTH PLAIN AG1hcml0AGdlaGVpbQ==",
                "MAIL FROM:<marit@fjordlys.example> SIZE=58",
                "RCPT TO:<sigrid@vik.example>",
                "RCPT TO:<olav@vik.example>",
                "DATA",
                ".",
                "QUIT"
            ]
        );
        assert_eq!(heard.messages, ["From: marit@fjordlys.example\r\nSubject: x\r\n\r\n..hidden\r\nbye\r\n"]);
        let len = mail().raw.len() as u64;
        assert_eq!(*seen.lock().unwrap(), [(len, len)]);
    }
}

#[tokio::test]
async fn a_line_cut_in_any_phase_says_truly_whether_the_mail_can_be_gone() {
    let check = async |turns: Vec<Turn>, ending: &'static str, kind: ErrorKind| {
        let on = turns[0].on;
        let (outcome, scripted) = outcome(turns).await;
        assert_eq!(short(&outcome), (ending, Some(kind)), "{on}");
        let times = scripted.heard.lock().unwrap().lines.iter().filter(|l| *l == "DATA").count();
        assert!(times <= 1, "{on}: never twice");
    };
    check(vec![cut_after("connect", "")], "not sent", ErrorKind::Offline).await;
    for phase in ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"] {
        check(vec![cut_before(phase)], "not sent", ErrorKind::Offline).await;
    }
    for (phase, reply) in [("EHLO", OFFERS), ("AUTH", "235 x\r\n"), ("MAIL", "250 x\r\n"), ("RCPT", "250 x\r\n")] {
        check(vec![cut_after(phase, reply)], "not sent", ErrorKind::Offline).await;
    }
    check(vec![cut_before(".")], "uncertain", ErrorKind::Uncertain).await;
    check(vec![cut_after(".", "250 o")], "uncertain", ErrorKind::Uncertain).await;
    check(vec![cut_after(".", "250-ok\r\n")], "uncertain", ErrorKind::Uncertain).await;
    check(vec![say(".", "gibberish\r\n")], "uncertain", ErrorKind::Uncertain).await;
    check(vec![say(".", "354 more\r\n")], "uncertain", ErrorKind::Uncertain).await;
}

/// A server that takes BDAT, and a mail of 150 bytes on the wire.
async fn in_chunks(mut turns: Vec<Turn>) -> (SubmitOutcome, Scripted) {
    turns.push(say("EHLO", "250-mx.example\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN\r\n"));
    let scripted = scripted(Security::Tls, turns).await;
    let mut mail = mail();
    mail.raw.extend_from_slice(&[b'x'; 90]);
    (send(&scripted, &mail).await, scripted)
}

#[tokio::test]
async fn where_it_is_offered_a_mail_goes_in_chunks_and_its_dots_stay_single() {
    let (outcome, scripted) = in_chunks(vec![]).await;
    assert_eq!(short(&outcome), ("accepted", None));
    let heard = scripted.heard.lock().unwrap();
    let chunks: Vec<_> = heard.lines.iter().filter(|l| l.starts_with("BDAT") || l.starts_with("DATA")).collect();
    assert_eq!(chunks, ["BDAT 84", "BDAT 64 LAST"]);
    let whole = format!("From: marit@fjordlys.example\r\nSubject: x\r\n\r\n.hidden\r\nbye{}\r\n", "x".repeat(90));
    assert_eq!(heard.messages.concat(), whole);
}

#[tokio::test]
async fn what_breaks_before_the_last_chunk_was_surely_not_taken() {
    let check = async |turn: Turn, ending: &'static str, kind: ErrorKind| {
        let on = turn.on;
        let (outcome, scripted) = in_chunks(vec![turn]).await;
        assert_eq!(short(&outcome), (ending, Some(kind)), "{on}");
        let lasts = scripted.heard.lock().unwrap().lines.iter().filter(|l| l.ends_with(" LAST")).count();
        assert_eq!(lasts, usize::from(ending == "uncertain" || on.ends_with("LAST")), "{on}");
    };
    check(cut_before("BDAT 84"), "not sent", ErrorKind::Offline).await;
    check(say("BDAT 84", "gibberish\r\n"), "not sent", ErrorKind::Protocol).await;
    check(say("BDAT 84", "451 later\r\n"), "not sent", ErrorKind::Busy).await;
    check(say("BDAT 84", "552 too much\r\n"), "refused", ErrorKind::Refused).await;
    check(say("BDAT 64 LAST", "554 spam\r\n"), "refused", ErrorKind::Refused).await;
    check(cut_before("BDAT 64 LAST"), "uncertain", ErrorKind::Uncertain).await;
    check(cut_after("BDAT 64 LAST", "250 o"), "uncertain", ErrorKind::Uncertain).await;
}

#[tokio::test]
async fn a_line_cut_amid_the_body_is_not_sent_and_last_words_are_heard() {
    let check = async |words: &'static str, ending: (&str, ErrorKind)| {
        let scripted = scripted(Security::Tls, vec![cut_after("body", words)]).await;
        let mut mail = mail();
        mail.raw = "x".repeat(70).as_bytes().iter().chain(b"\r\n").copied().cycle().take(90_000).collect();
        let outcome = send(&scripted, &mail).await;
        let (told, kind) = short(&outcome);
        // The kernel may have taken all bytes before the cut shows: then the dot has left, and doubt is the truth.
        assert!((told, kind) == (ending.0, Some(ending.1)) || told == "uncertain", "{outcome:?}");
        assert!(!matches!(outcome, SubmitOutcome::Accepted { .. }));
    };
    check("", ("not sent", ErrorKind::Offline)).await;
    check("552 5.3.4 too much\r\n", ("refused", ErrorKind::Refused)).await;
    check("451 later\r\n", ("not sent", ErrorKind::Busy)).await;
}

#[tokio::test]
async fn refusals_are_sorted_by_what_can_be_done_and_keep_the_servers_words() {
    let check = async |turns: Vec<Turn>, ending: &'static str, kind: ErrorKind, words: &str| {
        let on = turns[0].on;
        let (outcome, _scripted) = outcome(turns).await;
        assert_eq!(short(&outcome), (ending, Some(kind)), "{on}");
        let (SubmitOutcome::Refused(error, _) | SubmitOutcome::NotSent(error)) = outcome else { unreachable!() };
        assert_eq!(error.server_words.as_deref(), Some(words), "{on}");
        assert!(!error.mend.is_empty(), "{on}");
    };
    check(vec![say("connect", "554 no\r\n")], "not sent", ErrorKind::Refused, "554 no").await;
    check(vec![say("connect", "421 full\r\n")], "not sent", ErrorKind::Busy, "421 full").await;
    check(vec![say("EHLO", "502 what\r\n")], "not sent", ErrorKind::Refused, "502 what").await;
    check(
        vec![say("AUTH", "535-5.7.8 bad\r\n535 5.7.8 login\r\n")],
        "not sent",
        ErrorKind::SignInNeeded,
        "535 5.7.8 bad 5.7.8 login",
    )
    .await;
    check(vec![say("AUTH", "454 later\r\n")], "not sent", ErrorKind::Busy, "454 later").await;
    check(vec![say("MAIL", "550 not you\r\n")], "refused", ErrorKind::Refused, "550 not you").await;
    check(vec![say("MAIL", "530 who\r\n")], "not sent", ErrorKind::SignInNeeded, "530 who").await;
    check(vec![say("MAIL", "452 disk\r\n")], "not sent", ErrorKind::Busy, "452 disk").await;
    check(vec![say("DATA", "554 spam\r\n")], "refused", ErrorKind::Refused, "554 spam").await;
    check(vec![say(".", "554 5.7.1 spam\r\n")], "refused", ErrorKind::Refused, "554 5.7.1 spam").await;
    check(vec![say(".", "451 later\r\n")], "not sent", ErrorKind::Busy, "451 later").await;
}

#[tokio::test]
async fn one_refused_recipient_stops_the_mail_for_all_and_is_named() {
    let (outcome, scripted) = outcome(vec![say("RCPT TO:<olav", "550 no Olav here\r\n")]).await;
    let SubmitOutcome::Refused(error, refused) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refused.iter().map(|r| r.address.as_str()).collect::<Vec<_>>(), ["olav@vik.example"]);
    assert!(error.what.contains("olav@vik.example") && error.what.contains("nobody"), "{error}");
    assert_eq!(error.server_words.as_deref(), Some("550 no Olav here"));
    let heard = scripted.heard.lock().unwrap();
    assert!(heard.lines.iter().any(|l| l == "RSET") && !heard.lines.iter().any(|l| l == "DATA"));
}

#[tokio::test]
async fn what_is_refused_over_a_line_that_broke_is_asked_once_again() {
    let offered = |scripted: &Scripted| scripted.heard.lock().unwrap().lines.iter().filter(|l| l.starts_with("MAIL")).count();
    // Half of a recipient's line was refused, and the other half is lost: the second time all of it comes.
    let (outcome, scripted) = self::outcome(vec![cut_after("RCPT TO:<olav", "550 no Ola here\r\n").once()]).await;
    assert_eq!((short(&outcome), offered(&scripted)), (("accepted", None), 2));
    assert_eq!(scripted.heard.lock().unwrap().messages.len(), 1, "it went once");
    // A server that hangs up after each refusal means it.
    for turn in [cut_after("RCPT TO:<olav", "550 no\r\n"), cut_after("MAIL", "550 no\r\n"), cut_after(".", "554 spam\r\n")] {
        let (outcome, scripted) = self::outcome(vec![turn]).await;
        assert_eq!((short(&outcome), offered(&scripted)), (("refused", Some(ErrorKind::Refused)), 2));
    }
    // Where the line still stands there is no doubt.
    let (outcome, scripted) = self::outcome(vec![say("RCPT", "550 no\r\n")]).await;
    assert_eq!((short(&outcome), offered(&scripted)), (("refused", Some(ErrorKind::Refused)), 1));
}

#[tokio::test]
async fn a_greylisted_recipient_only_delays() {
    let (outcome, _scripted) = outcome(vec![say("RCPT TO:<olav", "451 greylisted\r\n")]).await;
    assert_eq!(short(&outcome), ("not sent", Some(ErrorKind::Busy)));
}

#[tokio::test]
async fn a_password_is_tried_once_and_with_one_mechanism() {
    let (_, scripted) = outcome(vec![say("AUTH", "535 no\r\n")]).await;
    assert_eq!(scripted.heard.lock().unwrap().lines.iter().filter(|l| l.starts_with("AUTH")).count(), 1);
    let only_login = "250-x\r\n250 AUTH LOGIN\r\n";
    let turns = vec![
        say("EHLO", only_login),
        say("AUTH LOGIN", "334 VXNlcg==\r\n"),
        say("bWFyaXQ=", "334 UGFzcw==\r\n"),
        say("Z2VoZWlt", "235 in\r\n"),
    ];
    let (done, _scripted) = outcome(turns).await;
    assert_eq!(short(&done).0, "accepted");
    let (done, scripted) = outcome(vec![say("EHLO", "250-x\r\n250 AUTH XOAUTH2\r\n")]).await;
    assert_eq!(short(&done), ("not sent", Some(ErrorKind::Unsupported)));
    assert!(!scripted.heard.lock().unwrap().lines.iter().any(|l| l.starts_with("AUTH")));
}

#[tokio::test]
async fn starttls_is_made_or_nothing_goes_on() {
    let check = async |turn: Turn, kind: ErrorKind| {
        let say = turn.say;
        let scripted = scripted(Security::Starttls, vec![turn]).await;
        assert_eq!(short(&send(&scripted, &mail()).await), ("not sent", Some(kind)), "{say:?}");
        let heard = scripted.heard.lock().unwrap();
        assert!(!heard.lines.iter().any(|l| l.contains("AUTH") || l.contains("MAIL")), "{:?}", heard.lines);
    };
    check(say("clear EHLO", "250-x\r\n250 AUTH PLAIN\r\n"), ErrorKind::Unsupported).await;
    check(say("STARTTLS", "454 no tls\r\n"), ErrorKind::Busy).await;
    check(say("STARTTLS", "502 no tls\r\n"), ErrorKind::Refused).await;
    check(say("STARTTLS", "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n"), ErrorKind::Protocol).await;
}

#[tokio::test]
async fn a_server_of_another_key_gets_nothing() {
    let mut scripted = scripted(Security::Tls, vec![]).await;
    scripted.server.pin = Some("0".repeat(64));
    let checked = probe(&scripted.server, "marit", &Password::new("geheim".into()), &TlsContext::new()).await;
    assert_eq!(checked.error.unwrap().kind, ErrorKind::CertificateUntrusted);
    assert!(checked.certificate.is_some());
    assert!(scripted.heard.lock().unwrap().lines.is_empty());
}

#[tokio::test]
async fn a_probe_signs_in_and_sends_nothing() {
    let scripted = scripted(Security::Tls, vec![]).await;
    let checked = probe(&scripted.server, "marit", &Password::new("geheim".into()), &TlsContext::new()).await;
    assert_eq!(checked.error, None);
    let heard = scripted.heard.lock().unwrap();
    assert_eq!(heard.lines.iter().map(|l| l.split(' ').next().unwrap()).collect::<Vec<_>>(), ["EHLO", "AUTH", "QUIT"]);
}

#[tokio::test]
async fn too_large_a_mail_is_told_before_a_byte_of_it_leaves() {
    let scripted = scripted(Security::Tls, vec![]).await;
    let mut mail = mail();
    mail.raw = vec![b'\n'; 60_000];
    let outcome = send(&scripted, &mail).await;
    assert_eq!(short(&outcome), ("refused", Some(ErrorKind::Refused)));
    let SubmitOutcome::Refused(error, _) = outcome else { unreachable!() };
    assert!(error.what.contains("120 kB") && error.what.contains("100 kB"), "{error}");
    assert!(!scripted.heard.lock().unwrap().lines.iter().any(|l| l.starts_with("MAIL")));
}

#[tokio::test]
async fn other_letters_go_out_where_the_server_takes_them() {
    let scripted = scripted(Security::Tls, vec![]).await;
    let mut mail = mail();
    mail.recipients = vec!["märit@bücher.example".into()];
    assert_eq!(short(&send(&scripted, &mail).await).0, "accepted");
    let lines = scripted.heard.lock().unwrap().lines.join("\n");
    assert!(lines.contains("SIZE=58 BODY=8BITMIME SMTPUTF8\nRCPT TO:<märit@xn--bcher-kva.example>"), "{lines}");
    drop(scripted);
    let plain = self::scripted(Security::Tls, vec![say("EHLO", "250-x\r\n250 AUTH PLAIN\r\n")]).await;
    assert_eq!(short(&send(&plain, &mail).await), ("refused", Some(ErrorKind::Unsupported)));
    mail.recipients = vec!["marit@bücher.example".into()];
    assert_eq!(short(&send(&plain, &mail).await).0, "accepted");
}

#[tokio::test]
async fn an_address_never_smuggles_a_command() {
    let scripted = scripted(Security::Tls, vec![]).await;
    for address in ["a@b>\r\nRCPT TO:<c@d", "a@b> X=<c", "", "a b@c"] {
        let mut mail = mail();
        mail.recipients.push(address.into());
        assert_eq!(short(&send(&scripted, &mail).await), ("refused", Some(ErrorKind::Invalid)), "{address:?}");
    }
    let mut nobody = mail();
    nobody.recipients.clear();
    assert_eq!(short(&send(&scripted, &nobody).await), ("refused", Some(ErrorKind::Invalid)));
    assert!(scripted.heard.lock().unwrap().lines.is_empty());
}

#[tokio::test]
async fn a_server_that_never_stops_talking_is_cut_off() {
    for greeting in ["220-and on\r\n".repeat(200), "2".repeat(5000)] {
        let (outcome, _scripted) = outcome(vec![say("connect", greeting.leak())]).await;
        assert_eq!(short(&outcome), ("not sent", Some(ErrorKind::Protocol)));
    }
}
