//! One mail transaction (RFC 5321 section 3.3): MAIL, RCPT, then DATA or BDAT. All recipients or none.
//! It knows at every point whether the server can have taken the message, and says `Uncertain` for exactly the stretch
//! from the first byte of what ends it to the last byte of its reply. With DATA nothing tells whether what was written has
//! arrived, so a line that broke on the way is noticed only there; with BDAT (RFC 3030) all but the last few bytes is
//! acknowledged before, and the doubt is as short as it can be.

use super::data::{Dotted, Measured, measure};
use super::session::{Session, busy};
use super::wire::{Broken, Reply};
use super::{Outgoing, RefusedRecipient, SubmitOutcome};
use crate::planted::Planted;
use godwit_domain::sending::ascii_address;
use godwit_domain::{Error, ErrorKind, Result, check_address};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// RFC 5321 section 4.5.3.2, the silences that a server may need.
const COMMAND: Duration = Duration::from_secs(5 * 60);
const BLOCK: Duration = Duration::from_secs(3 * 60);
const FINAL: Duration = Duration::from_secs(10 * 60);
/// How long a reply is worth waiting for after a write has failed.
const LAST_WORDS: Duration = Duration::from_secs(2);
const CHUNK: usize = 16 << 10;
/// What the last BDAT holds at most.
const LAST: u64 = 64;
const MAX_RECIPIENTS: usize = 1000;

/// Checked addresses, international domains in their ASCII form.
pub struct Envelope {
    from: String,
    /// As the person wrote them, and as they go out.
    to: Vec<(String, String)>,
    /// Whether an address needs SMTPUTF8 (RFC 6531).
    smtputf8: bool,
}

impl Envelope {
    pub fn check(mail: &Outgoing) -> Result<Self> {
        if mail.recipients.is_empty() {
            return Err(Error::invalid("The mail has no recipient.").mend("Name at least one."));
        }
        if mail.recipients.len() > MAX_RECIPIENTS {
            return Err(Error::invalid(format!("The mail has more than {MAX_RECIPIENTS} recipients.")).mend("Send it in parts."));
        }
        let ascii = |address: &String| check_address(address).map(|()| ascii_address(address));
        let from = ascii(&mail.envelope_from)?;
        let mut to = Vec::new();
        for address in &mail.recipients {
            let wire = ascii(address)?;
            if !to.iter().any(|(_, known)| *known == wire) {
                to.push((address.clone(), wire));
            }
        }
        let smtputf8 = !from.is_ascii() || to.iter().any(|(_, wire)| !wire.is_ascii());
        Ok(Self { from, to, smtputf8 })
    }
}

/// Runs the transaction on a session that is signed in.
pub async fn run(
    session: &mut Session,
    envelope: &Envelope,
    raw: &[u8],
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> SubmitOutcome {
    session.wire.stream().set_patience(Some(COMMAND));
    let prepared = async {
        let measured = measure(raw);
        mail_from(session, envelope, measured).await?;
        recipients(session, envelope).await?;
        if session.extensions.chunks() {
            return chunks(session, raw, measured.size, progress).await;
        }
        data(session).await?;
        body(session, raw, progress).await.map(|()| b".\r\n".to_vec())
    };
    match prepared.await {
        Ok(last) => close(session, &last).await,
        Err(stopped) => stopped,
    }
}

/// `Err` is how it ended before its time.
type Step = std::result::Result<(), SubmitOutcome>;

async fn mail_from(session: &mut Session, envelope: &Envelope, measured: Measured) -> Step {
    let (offers, host) = (session.extensions, &session.host);
    let refused = |error| Err(SubmitOutcome::Refused(error, Vec::new()));
    if let Some(max) = offers.max_size().filter(|max| measured.size > *max) {
        let what = format!("The mail has {}, and {host} takes no more than {}.", megabytes(measured.size), megabytes(max));
        return refused(Error::new(ErrorKind::Refused, what).mend("Take attachments off, or share them another way."));
    }
    let mut line = format!("MAIL FROM:<{}>", envelope.from);
    if offers.takes_size() {
        line.push_str(&format!(" SIZE={}", measured.size));
    }
    if measured.eight_bit || envelope.smtputf8 {
        if !offers.eight_bit() {
            let what = format!("{host} only takes plain ASCII, and this mail is not.");
            return refused(Error::new(ErrorKind::Unsupported, what).mend("Send it through another account."));
        }
        line.push_str(" BODY=8BITMIME");
    }
    if envelope.smtputf8 {
        if !offers.smtputf8() {
            let what = format!("{host} does not know addresses with other letters than ASCII before the @.");
            return refused(Error::new(ErrorKind::Unsupported, what).mend("Use another address, or another account."));
        }
        line.push_str(" SMTPUTF8");
    }
    let reply = session.wire.command(&line).await.map_err(|e| not_sent(session, &e))?;
    positive(session, &reply, "refused this mail from this sender")
}

async fn recipients(session: &mut Session, envelope: &Envelope) -> Step {
    let mut refused = Vec::new();
    for (address, wire) in &envelope.to {
        let reply = session.wire.command(&format!("RCPT TO:<{wire}>")).await.map_err(|e| not_sent(session, &e))?;
        let error = match reply.code {
            200..=299 => continue,
            421 => return Err(SubmitOutcome::NotSent(reply.tell(busy(&session.host, "closed the connection")))),
            400..=499 => busy(&session.host, "does not take mail for this recipient just now"),
            500..=599 => Error::new(ErrorKind::Refused, format!("{} takes no mail for {address}.", session.host))
                .mend("Check the address."),
            _ => return Err(not_sent(session, &out_of_turn())),
        };
        refused.push(RefusedRecipient { address: address.clone(), error: reply.tell(error) });
    }
    if refused.is_empty() { Ok(()) } else { Err(none_for_all(&session.host, refused)) }
}

/// All or none: what a refused recipient means for the whole mail.
fn none_for_all(host: &str, refused: Vec<RefusedRecipient>) -> SubmitOutcome {
    let first = refused.iter().find(|r| r.error.kind != ErrorKind::Busy);
    let words = first.or(refused.first()).and_then(|r| r.error.server_words.clone()).unwrap_or_default();
    if first.is_none() {
        return SubmitOutcome::NotSent(busy(host, "does not take mail for some of the recipients just now").server_words(&words));
    }
    let names: Vec<&str> = refused.iter().map(|r| r.address.as_str()).take(5).collect();
    let more = if refused.len() > names.len() { " and others" } else { "" };
    let what = format!("{host} takes no mail for {}{more}, so it was sent to nobody.", names.join(", "));
    let error = Error::new(ErrorKind::Refused, what).mend("Correct or remove these recipients.").server_words(&words);
    SubmitOutcome::Refused(error, refused)
}

async fn data(session: &mut Session) -> Step {
    let reply = session.wire.command("DATA").await.map_err(|e| not_sent(session, &e))?;
    if reply.code == 354 {
        return Ok(());
    }
    positive(session, &reply, "refused this mail")?;
    Err(not_sent(session, &out_of_turn()))
}

/// Everything up to the closing dot; what breaks here was surely not taken.
async fn body(session: &mut Session, raw: &[u8], progress: &(dyn Fn(u64, u64) + Send + Sync)) -> Step {
    session.wire.stream().set_patience(Some(BLOCK));
    let total = raw.len() as u64;
    let (mut dotted, mut out, mut sent) = (Dotted::default(), Vec::with_capacity(CHUNK * 2), 0u64);
    for chunk in raw.chunks(CHUNK) {
        out.clear();
        dotted.push(chunk, &mut out);
        write(session, &out).await?;
        sent += chunk.len() as u64;
        progress(sent, total);
    }
    out.clear();
    dotted.finish(&mut out);
    write(session, &out).await
}

/// All but the last bytes in one chunk, which the server acknowledges; what breaks until then was surely not taken. Answers
/// the command that ends the mail.
async fn chunks(
    session: &mut Session,
    raw: &[u8],
    size: u64,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> std::result::Result<Vec<u8>, SubmitOutcome> {
    session.wire.stream().set_patience(Some(BLOCK));
    let first = size.saturating_sub(LAST);
    let (mut lines, mut out, mut held) = (Dotted::counted(), Vec::with_capacity(CHUNK * 2), Vec::new());
    let (mut left, mut sent) = (usize::try_from(first).unwrap_or(usize::MAX), 0u64);
    let mut pieces = raw.chunks(CHUNK).peekable();
    if first > 0 {
        write(session, format!("BDAT {first}\r\n").as_bytes()).await?;
    }
    while let Some(piece) = pieces.next() {
        out.clear();
        lines.push(piece, &mut out);
        if pieces.peek().is_none() {
            lines.finish(&mut out);
        }
        let (now, later) = out.split_at(left.min(out.len()));
        write(session, now).await?;
        held.extend_from_slice(later);
        left -= now.len();
        sent += piece.len() as u64;
        progress(sent, raw.len() as u64);
    }
    if first > 0 {
        session.wire.stream().set_patience(Some(FINAL));
        let reply = session.wire.reply().await.map_err(|e| not_sent(session, &e))?;
        positive(session, &reply, "refused this mail")?;
    }
    let mut last = format!("BDAT {} LAST\r\n", held.len()).into_bytes();
    last.append(&mut held);
    Ok(last)
}

async fn write(session: &mut Session, bytes: &[u8]) -> Step {
    let stream = session.wire.stream();
    let written = match stream.write_all(bytes).await {
        Ok(()) => stream.flush().await,
        failed => failed,
    };
    let Err(error) = written else { return Ok(()) };
    // A server that has enough says why before it hangs up.
    if let Ok(Ok(reply)) = tokio::time::timeout(LAST_WORDS, session.wire.reply()).await {
        positive(session, &reply, "stopped taking this mail")?;
    }
    Err(not_sent(session, &Broken::Io(error)))
}

/// What ends the mail, and its reply. From its first byte on only a clear reply ends the doubt.
async fn close(session: &mut Session, last: &[u8]) -> SubmitOutcome {
    session.wire.stream().set_patience(Some(FINAL));
    let reply = match session.wire.send(last).await {
        Ok(reply) => reply,
        Err(e) if Planted::ResentAfterLost250.is_on() => return not_sent(session, &e),
        Err(e) => return uncertain(session, &e),
    };
    if reply.is_positive() {
        return SubmitOutcome::Accepted { reply: godwit_domain::plain_words(&format!("{} {}", reply.code, reply.text())) };
    }
    match positive(session, &reply, "refused this mail") {
        Err(stopped @ (SubmitOutcome::Refused(..) | SubmitOutcome::NotSent(_))) if reply.code >= 400 => stopped,
        _ => uncertain(session, &out_of_turn()),
    }
}

fn uncertain(session: &Session, broken: &Broken) -> SubmitOutcome {
    let why = broken.tell(&session.host).what;
    let what = format!("{why} The mail may have gone out or not.");
    SubmitOutcome::Uncertain(
        Error::new(ErrorKind::Uncertain, what).mend("Look in Sent, or ask a recipient, before sending it again."),
    )
}

fn not_sent(session: &Session, broken: &Broken) -> SubmitOutcome {
    SubmitOutcome::NotSent(broken.tell(&session.host))
}

fn out_of_turn() -> Broken {
    Broken::Nonsense("a reply comes out of turn")
}

fn positive(session: &Session, reply: &Reply, what: &str) -> Step {
    let host = &session.host;
    if reply.is_positive() {
        Ok(())
    } else if reply.is_passing() {
        Err(SubmitOutcome::NotSent(reply.tell(busy(host, &format!("{what} just now")))))
    } else if reply.code == 530 {
        let error = Error::new(ErrorKind::SignInNeeded, format!("{host} wants another sign-in."));
        Err(SubmitOutcome::NotSent(reply.tell(error.mend("Check the account's user name and password."))))
    } else if reply.is_permanent() {
        let error = Error::new(ErrorKind::Refused, format!("{host} {what}.")).mend("Change what it objects to, then send again.");
        Err(SubmitOutcome::Refused(reply.tell(error), Vec::new()))
    } else {
        Err(not_sent(session, &out_of_turn()))
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes < 1_000_000 { format!("{} kB", bytes.div_ceil(1000)) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}
