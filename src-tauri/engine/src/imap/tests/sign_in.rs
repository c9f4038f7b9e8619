//! Greeting, STARTTLS and signing in, with every way a server can say no.

use crate::imap::connection::Connection;
use crate::imap::scripted::{done, greet, scripted};
use crate::imap::sign_in::upgrade;
use crate::imap::tap::ImapTap;
use godwit_domain::{Error, ErrorKind};

async fn refused(script: &str) -> Error {
    let (outcome, server) = greet(script).await;
    let e = outcome.expect_err("signed in");
    done(server).await;
    e
}

async fn kind(script: &str) -> ErrorKind {
    refused(script).await.kind
}

async fn signed_in(script: &str) -> Connection {
    let (outcome, server) = greet(script).await;
    drop(server);
    outcome.unwrap()
}

#[tokio::test]
async fn plain_goes_in_one_step_where_it_can() {
    let connection = signed_in(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
         C: a AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==
         S: * CAPABILITY IMAP4rev2
         S: a OK [CAPABILITY lies] in
         C: b CAPABILITY
         S: * CAPABILITY IMAP4rev1 ENABLE QRESYNC ID NAMESPACE MOVE UIDPLUS
         S: b OK
         C: c ID (\"name\" \"Godwit\" \"version\" \"0.1.0\")
         C: d ENABLE QRESYNC
         C: e NAMESPACE
         S: * ID (support-url https://x name Y)
         S: c OK
         S: * ENABLED QRESYNC
         S: * NAMESPACE ((\"INBOX.\" \".\")) NIL NIL
         S: e NO not today
         S: d OK",
    )
    .await;
    let can = connection.capabilities();
    assert!(can.qresync && can.condstore && can.move_ && can.uidplus && can.has("move"));
    assert_eq!((can.namespace_prefix.as_deref(), can.namespace_delimiter), (Some("INBOX."), Some('.')));
    assert!(!can.has("lies"));
}

#[tokio::test]
async fn qresync_counts_only_if_the_server_switched_it_on() {
    let connection = signed_in(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] iCloud
         C: a AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==
         S: a OK
         C: b CAPABILITY
         S: * CAPABILITY IMAP4rev1 ENABLE QRESYNC CONDSTORE
         S: b OK
         C: c ENABLE QRESYNC
         S: c OK",
    )
    .await;
    assert!(!connection.capabilities().qresync && connection.capabilities().condstore);
}

#[tokio::test]
async fn without_sasl_ir_the_server_is_waited_for() {
    signed_in(
        "S: * OK hello
         C: a CAPABILITY
         S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
         S: a OK
         C: b AUTHENTICATE PLAIN
         S: + go on, please
         C> AG1hcml0AHNlY3JldA==
         S: * 5 EXISTS
         S: * OK [READ-WRITE]é
         S: b OK in
         C: c CAPABILITY
         S: * CAPABILITY IMAP4rev1
         S: c OK",
    )
    .await;
}

#[tokio::test]
async fn login_is_the_last_resort_and_respects_logindisabled() {
    signed_in(
        "S: * OK [CAPABILITY IMAP4rev1] hello
         C: a LOGIN \"marit\" \"secret\"
         S: a OK in
         C: b CAPABILITY
         S: * CAPABILITY IMAP4rev1
         S: b OK",
    )
    .await;
    assert_eq!(kind("S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI] hello").await, ErrorKind::Unsupported);
}

#[tokio::test]
async fn coremail_is_known_by_its_own_capability_and_gets_a_login_whatever_it_offers() {
    signed_in(
        "S: * OK IMAP4 ready
         C: a CAPABILITY
         S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR ID X-CM-EXT-1
         S: a OK
         C: b LOGIN \"marit\" \"secret\"
         S: b OK in
         C: c CAPABILITY
         S: * CAPABILITY IMAP4rev1 ID
         S: c OK
         C: d ID (\"name\" \"Godwit\" \"version\" \"0.1.0\")
         S: d OK",
    )
    .await;
}

const OFFER: &str = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
    C: a AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==\n";

#[tokio::test]
async fn a_refused_password_asks_the_person_and_is_tried_once() {
    let e = refused(&format!("{OFFER}S: a NO [AUTHENTICATIONFAILED] Invalid credentials")).await;
    assert_eq!((e.kind, e.server_words.as_deref()), (ErrorKind::SignInNeeded, Some("Invalid credentials")));
    assert_eq!(kind(&format!("{OFFER}S: a NO what")).await, ErrorKind::SignInNeeded);
    assert_eq!(kind(&format!("{OFFER}S: + eyJzdGF0dXMiOiI0MDAifQ==\nC> \nS: a NO see above")).await, ErrorKind::SignInNeeded);
}

#[tokio::test]
async fn other_refusals_are_no_matter_of_the_password() {
    assert_eq!(kind(&format!("{OFFER}S: a NO [UNAVAILABLE] later")).await, ErrorKind::Busy);
    assert_eq!(
        kind(&format!("{OFFER}S: a NO Request is throttled. Suggested Backoff Time: 3000 milliseconds")).await,
        ErrorKind::Busy
    );
    for words in ["[ALERT] Too many simultaneous connections. (Failure)", "Maximum number of connections from user+IP exceeded"] {
        assert_eq!(kind(&format!("{OFFER}S: a NO {words}")).await, ErrorKind::Busy);
    }
    for words in ["Too many failed logins, please try again", "Invalid credentials, try again"] {
        assert_eq!(kind(&format!("{OFFER}S: a NO {words}")).await, ErrorKind::SignInNeeded, "{words}: that locks accounts");
    }
    assert_eq!(kind(&format!("{OFFER}S: a BAD what")).await, ErrorKind::Protocol);
    assert_eq!(kind(&format!("{OFFER}S: * BYE too many\nEOF")).await, ErrorKind::Offline);
    assert_eq!(kind(&format!("{OFFER}EOF")).await, ErrorKind::Offline);
    assert_eq!(kind(&format!("{OFFER}S: a OK\nEOF")).await, ErrorKind::Offline);
    assert_eq!(kind("S: * BYE [UNAVAILABLE] full\nEOF").await, ErrorKind::Busy);
    assert_eq!(kind("S: * BYE go away\nEOF").await, ErrorKind::Offline);
    assert_eq!(kind("EOF").await, ErrorKind::Offline);
    assert_eq!(kind("S: HTTP/1.1 400 Bad Request").await, ErrorKind::Protocol);
    assert_eq!(kind("S: * OK [CAPABILITY POP9] hm").await, ErrorKind::Unsupported);
    assert_eq!(kind("S: * OK hm\nC: a CAPABILITY\nEOF").await, ErrorKind::Offline);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_times_out() {
    assert_eq!(kind("WAIT 16").await, ErrorKind::TimedOut);
    assert_eq!(kind(&format!("{OFFER}WAIT 61")).await, ErrorKind::TimedOut);
}

#[tokio::test]
async fn preauth_over_tls_is_a_sign_in() {
    let connection = signed_in(
        "S: * PREAUTH hello
         C: a CAPABILITY
         S: * CAPABILITY IMAP4rev1
         S: a OK",
    )
    .await;
    assert!(connection.is_alive());
}

#[tokio::test]
async fn no_error_holds_the_password() {
    for script in [format!("{OFFER}S: a NO x"), format!("{OFFER}EOF"), format!("{OFFER}S: a BAD AG1hcml0")] {
        let e = refused(&script).await;
        assert!(!format!("{e:?}").contains("secret") && !format!("{e:?}").contains("AG1hcml0AHNl"), "{e:?}");
    }
}

async fn upgraded(script: &str) -> Result<bool, ErrorKind> {
    let (stream, server) = scripted(script);
    let mut tap = ImapTap::new(stream);
    let outcome = upgrade(&mut tap, "mail.vik.example").await.map_err(|e| e.kind);
    let drained = tap.into_drained().is_some();
    done(server).await;
    outcome.map(|()| drained)
}

#[tokio::test]
async fn starttls_is_asked_for_and_nothing_may_follow_its_ok() {
    let ask = "S: * OK hi\nC: a STARTTLS\n";
    assert_eq!(upgraded(&format!("{ask}S: a OK go")).await, Ok(true));
    assert_eq!(upgraded("S: * OK hi\nC: a STARTTLS\nS+ s1 OK go\\r\\n* CAPABILITY X\\r\\n").await, Ok(false), "injected");
    assert_eq!(upgraded("S: * OK hi\nC: a STARTTLS\nS+ s1 OK go\\r\\n*").await, Ok(false), "injected");
    assert_eq!(upgraded(&format!("{ask}S: a NO no TLS")).await, Err(ErrorKind::Unsupported));
    assert_eq!(upgraded(&format!("{ask}S: a BAD what")).await, Err(ErrorKind::Unsupported));
    assert_eq!(upgraded(&format!("{ask}EOF")).await, Err(ErrorKind::Offline));
    assert_eq!(upgraded("S: * PREAUTH hi").await, Err(ErrorKind::Protocol), "a trick to skip TLS");
}
