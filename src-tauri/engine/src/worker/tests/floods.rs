//! More than anybody could hold: a call ends with an error or stays within its bounds, which are measured, and says nothing false.

use crate::imap::{Connection, Search};
use crate::pretend::{Bend, Lie, Pretend, Then};
use godwit_domain::sync::UidSet;
use godwit_domain::{ErrorKind, Result};

/// The most that a call may take while it collects an answer: what is collected (128 MiB), what waits (64), and the next response.
const COLLECTED: usize = 224 << 20;
/// The most that one response may take: the longest line, its tokens, and what becomes of it.
const ONE: usize = 96 << 20;
/// What a call takes that keeps nothing of what it is told.
const NOTHING: usize = 4 << 20;

/// Asks, while `bytes` are said to the command with this text; the answer, and the most memory that it took.
async fn flooded<T>(
    text: &str,
    bytes: fn(&str, &[String]) -> Vec<u8>,
    ask: impl AsyncFnOnce(&Connection) -> Result<T>,
) -> (Result<T>, usize) {
    let server = Pretend::offering("CONDSTORE UIDPLUS MOVE");
    server.change(|w| w.letters("INBOX", 3));
    let connection = server.connect_from_afar().await.unwrap();
    connection.select("INBOX", None).await.unwrap();
    server.once(text, Lie::Bent(Bend { done: true, bytes, then: Then::GoOn }));
    let began = crate::memory::begin();
    let answer = ask(&connection).await;
    let peak = began.peak();
    eprintln!("{text}: at most {peak} bytes");
    (answer, peak)
}

fn ended(tag: &str, lines: impl IntoIterator<Item = String>) -> Vec<u8> {
    lines.into_iter().chain([format!("{tag} OK done")]).map(|l| l + "\r\n").collect::<String>().into_bytes()
}

fn everything() -> UidSet {
    UidSet::range(1, u32::MAX)
}

#[tokio::test]
async fn a_million_hits_are_one_set() {
    let hits = |tag: &str, _: &[String]| {
        let hits: String = (1..=1_000_000).map(|n| format!(" {n}")).collect();
        ended(tag, [format!("* SEARCH{hits}")])
    };
    let (found, peak) = flooded("UID SEARCH", hits, async |c| c.search(&Search::All).await).await;
    assert_eq!(found.unwrap(), UidSet::range(1, 1_000_000));
    assert!(peak < ONE, "{peak}");
}

#[tokio::test]
async fn a_million_hits_with_gaps_between_are_bounded_too() {
    let hits = |tag: &str, _: &[String]| {
        let hits: String = (1..=1_000_000).map(|n| format!(" {}", 2 * n)).collect();
        ended(tag, [format!("* SEARCH{hits}")])
    };
    let (found, peak) = flooded("UID SEARCH", hits, async |c| c.search(&Search::All).await).await;
    assert_eq!(found.unwrap().len(), 1_000_000);
    assert!(peak < ONE, "{peak}");
}

/// 45 bytes on the wire are a million pairs each.
#[tokio::test]
async fn answers_that_grow_when_they_are_read_count_as_what_they_take() {
    let copies = |tag: &str, _: &[String]| ended(tag, (0..2_000).map(|_| "* OK [COPYUID 1 1:1000000 1:1000000] x".to_owned()));
    let (answer, peak) = flooded("NOOP", copies, async |c| c.noop().await).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
    assert!(peak < COLLECTED, "{peak}");
}

#[tokio::test]
async fn halves_of_rows_that_never_become_whole_end_the_answer() {
    let halves = |tag: &str, _: &[String]| {
        let half = |n: usize| format!("* {n} FETCH (UID {n} BODY[TEXT] {{20000}}\r\n{})", "x".repeat(20_000));
        ended(tag, (1..=3_000).map(half))
    };
    let (answer, peak) = flooded("HEADER.FIELDS", halves, async |c| c.fetch_identities(&everything()).await).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
    assert!(peak < ONE, "{peak}");
}

#[tokio::test]
async fn headers_that_are_collected_are_bounded_together() {
    let rows = |tag: &str, _: &[String]| {
        let row =
            |n: usize| format!("* {n} FETCH (UID {n} FLAGS () BODY[HEADER.FIELDS (X)] {{1000000}}\r\n{})", "x".repeat(1_000_000));
        ended(tag, (1..=150).map(row))
    };
    let (answer, peak) = flooded("HEADER.FIELDS", rows, async |c| c.fetch_identities(&everything()).await).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
    assert!(peak < COLLECTED, "{peak}");
}

#[tokio::test]
async fn news_of_flags_without_end_becomes_one_word_to_look_again() {
    let news = |tag: &str, _: &[String]| {
        let keywords: String = (0..120).map(|n| format!(" k{n}")).collect();
        ended(tag, (1..=2_000).map(|n| format!("* {n} FETCH (UID {n} FLAGS (\\Seen{keywords}))")))
    };
    let (news, peak) = flooded("NOOP", news, async |c| c.noop().await.map(|()| c.take_events())).await;
    let news = news.unwrap();
    assert!(news.len() < 200 && news.contains(&crate::imap::MailboxEvent::Overflow), "{}", news.len());
    assert!(peak < NOTHING, "{peak}");
}

#[tokio::test]
async fn vanished_in_a_hundred_thousand_lines_is_one_set() {
    let vanished = |tag: &str, _: &[String]| ended(tag, (0..100_000).map(|n| format!("* VANISHED {}", 2 * (n % 5_000) + 1)));
    let (news, peak) = flooded("NOOP", vanished, async |c| c.noop().await.map(|()| c.take_events())).await;
    assert_eq!(news.unwrap().len(), 1);
    assert!(peak < NOTHING, "{peak}");
}

#[tokio::test]
async fn a_long_literal_that_nobody_asked_for_is_read_past_and_kept_by_nobody() {
    let long = |tag: &str, truth: &[String]| {
        let long = format!("* 1 FETCH (UID 1 BODY[] {{20000000}}\r\n{})", "x".repeat(20_000_000));
        ended(tag, [long].into_iter().chain(truth[..truth.len() - 1].iter().cloned()))
    };
    let (answer, peak) = flooded("UID FETCH", long, async |c| c.fetch_flags(&UidSet::range(1, 3), None).await).await;
    assert_eq!(answer.unwrap().flags.len(), 3);
    assert!(peak < NOTHING, "{peak}");
}

#[tokio::test]
async fn a_literal_of_gigabytes_is_refused_before_it_comes() {
    let long = |_: &str, _: &[String]| b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\nx".to_vec();
    let (answer, peak) = flooded("UID FETCH", long, async |c| c.fetch_flags(&UidSet::range(1, 3), None).await).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
    assert!(peak < NOTHING, "{peak}");
}

#[tokio::test]
async fn a_line_without_end_is_given_up() {
    let (answer, peak) = flooded("NOOP", |_, _| vec![b'*'; 40 << 20], async |c| c.noop().await).await;
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Protocol);
    assert!(peak < ONE, "{peak}");
}

#[tokio::test]
async fn folders_without_end_are_cut_short() {
    let folders = |tag: &str, _: &[String]| ended(tag, (0..80_000).map(|n| format!("* LIST () \"/\" f{n}")));
    let (answer, peak) = flooded("LIST", folders, async |c| c.list().await).await;
    assert_eq!(answer.unwrap().len(), 50_000);
    assert!(peak < ONE, "{peak}");
}

/// A thousand lists in one another, each with a thousand beside it.
#[tokio::test]
async fn structures_are_read_past_however_deep_and_wide() {
    let deep = |tag: &str, _: &[String]| {
        let one = |depth: usize| format!("* 1 FETCH (BODYSTRUCTURE {}{})", "(NIL ".repeat(depth), ")".repeat(depth));
        ended(tag, [one(64), one(10_000), one(1_000_000)])
    };
    let (answer, peak) = flooded("NOOP", deep, async |c| c.noop().await).await;
    answer.unwrap();
    assert!(peak < ONE, "{peak}");
}
