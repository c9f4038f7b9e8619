//! Servers that go on talking and never answer: silence is not the only way to keep somebody waiting for ever.

use crate::imap::scripted::{done, greet, signed_in_to};
use godwit_domain::sync::UidSet;
use godwit_domain::{ErrorKind, Flags};
use std::time::Duration;
use tokio::time::Instant;

/// The longest that anybody is kept waiting by talk that is no answer.
const LONGEST: Duration = Duration::from_secs(11 * 60);

/// Half an hour in which a line is said every fifty seconds.
fn chatter(line: &str) -> String {
    format!("S: {line}\nWAIT 50\n").repeat(36)
}

#[tokio::test(start_paused = true)]
async fn talk_beside_the_point_is_no_answer() {
    for talk in ["* OK still here", "* 5 EXISTS", "* 2 FETCH (UID 2 FLAGS ())", "zz OK done", "* )(", "* X-WHATEVER", "+ go on"] {
        let (connection, server) = signed_in_to("", &format!("C: a NOOP\n{}EOF", chatter(talk))).await;
        let began = Instant::now();
        assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::TimedOut, "{talk}");
        assert!(began.elapsed() < LONGEST, "{talk}: {:?}", began.elapsed());
        assert!(!connection.is_alive(), "{talk}");
        done(server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_slowly_is_waited_for() {
    let rows: String = (1..=36).map(|n| format!("S: * {n} FETCH (UID {n} FLAGS ())\nWAIT 50\n")).collect();
    let (connection, server) = signed_in_to("", &format!("C: a UID FETCH 1:99 (UID FLAGS)\n{rows}S: a OK")).await;
    let fetched = connection.fetch_flags(&UidSet::range(1, 99), None).await.unwrap();
    assert_eq!(fetched.flags.len(), 36, "half an hour, and every row of it was asked for");
    drop(connection);
    done(server).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_never_become_a_line_are_no_answer() {
    let (connection, server) = signed_in_to("", &format!("C: a NOOP\n{}EOF", "S+ x\nWAIT 50\n".repeat(36))).await;
    let began = Instant::now();
    assert_eq!(connection.noop().await.unwrap_err().kind, ErrorKind::TimedOut);
    assert!(began.elapsed() < LONGEST);
    done(server).await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_talked_around_ends() {
    let hello = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\nC: s AUTHENTICATE PLAIN AG1hcml0AHNlY3JldA==\n";
    let bare = "S: * OK hello\nC: s CAPABILITY\n";
    for (before, talk) in [("", "S+ *\nWAIT 10\n"), (bare, "S: * OK wait\nWAIT 50\n"), (hello, "S: * OK wait\nWAIT 50\n")] {
        let began = Instant::now();
        let (signed_in, server) = greet(&format!("{before}{}EOF", talk.repeat(100))).await;
        assert_eq!(signed_in.unwrap_err().kind, ErrorKind::TimedOut);
        assert!(began.elapsed() < LONGEST, "{before}: {:?}", began.elapsed());
        done(server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_idling_that_neither_begins_nor_ends_is_given_up() {
    let never = format!("C: a IDLE\n{}EOF", chatter("* OK wait"));
    let no_end = format!("C: a IDLE\nS: + idling\nC> DONE\n{}EOF", chatter("* 5 EXISTS"));
    for script in [never, no_end] {
        let (connection, server) = signed_in_to("IDLE", &script).await;
        let began = Instant::now();
        let idled = connection.idle(Duration::from_secs(10), std::future::pending()).await;
        assert_eq!(idled.unwrap_err().kind, ErrorKind::TimedOut);
        assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
        done(server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_message_may_take_its_time_to_leave() {
    // A pipe that takes 32 KiB a minute: 20 minutes for all of it.
    let (near, mut far) = tokio::io::duplex(16 << 10);
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut heard, mut total) = (vec![0; 8 << 10], 0);
        let answers = ["* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n", "A0001 OK in\r\n"];
        for answer in answers {
            far.write_all(answer.as_bytes()).await.unwrap();
            assert!(far.read(&mut heard).await.unwrap() > 0);
        }
        far.write_all(b"* CAPABILITY IMAP4rev1 LITERAL+\r\ng1 OK\r\n").await.unwrap();
        while total < 640 << 10 {
            total += far.read(&mut heard).await.unwrap();
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
        far.write_all(b"g2 OK [APPENDUID 7 9] in\r\n").await.unwrap();
    });
    let connection = crate::imap::over("", near).await.unwrap();
    let told = connection.append("x", &Flags::default(), None, vec![b'm'; 640 << 10]).await.unwrap();
    assert_eq!(told, Some((7, 9)));
    server.await.unwrap();
}
