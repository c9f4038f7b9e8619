//! A message that somebody else wrote, made ready to be handed in: envelope read off its fields, Bcc taken out,
//! Date and Message-ID put in where they are missing. Everything else stays byte for byte.

use crate::{Error, Result, check_address, mime};

/// A message ready for submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// MAIL FROM.
    pub envelope_from: String,
    /// RCPT TO: To, Cc and Bcc, each address once.
    pub recipients: Vec<String>,
    /// Decoded subject.
    pub subject: String,
    /// Message-ID without angle brackets.
    pub message_id: String,
    /// The bytes, without Bcc.
    pub raw: Vec<u8>,
}

/// The most recipients one message is handed in for.
const MOST_RECIPIENTS: usize = 1_000;

/// Reads the envelope and completes the message. `from`: the account's address, which is the envelope sender.
/// `date` and `message_id` (without brackets) are used only where the message has none.
///
/// # Errors
/// `Invalid` where it has no recipient or one that is no address.
pub fn ready(raw: &[u8], from: &str, date: i64, message_id: &str) -> Result<Ready> {
    let parsed = mime::parse(raw);
    let mut recipients: Vec<String> = Vec::new();
    for address in parsed.to.iter().chain(&parsed.cc).chain(&parsed.bcc) {
        check_address(&address.address)?;
        let wire = crate::sending::ascii_address(&address.address);
        if !recipients.iter().any(|r| r.eq_ignore_ascii_case(&wire)) {
            recipients.push(wire);
        }
    }
    if recipients.is_empty() {
        return Err(Error::invalid("The message names no recipient.").mend("Put one into To, Cc or Bcc."));
    }
    if recipients.len() > MOST_RECIPIENTS {
        return Err(Error::invalid("The message has more than 1,000 recipients.").mend("Send it in parts."));
    }
    let (head, rest) = split(raw);
    let fields = fields(head);
    let has = |name: &str| fields.iter().any(|f| is(f, name));
    let mut out = Vec::with_capacity(raw.len() + 200);
    if !has("Date") {
        out.extend_from_slice(format!("Date: {}\r\n", super::build::date_field(date)).as_bytes());
    }
    let own_id = parsed.message_id.filter(|id| !id.is_empty());
    if own_id.is_none() {
        out.extend_from_slice(format!("Message-ID: <{message_id}>\r\n").as_bytes());
    }
    let unusable_id = own_id.is_none();
    for field in fields.iter().filter(|f| !(is(f, "Bcc") || unusable_id && is(f, "Message-ID"))) {
        out.extend_from_slice(field);
    }
    out.extend_from_slice(rest);
    Ok(Ready {
        envelope_from: crate::sending::ascii_address(from),
        recipients,
        subject: parsed.subject,
        message_id: own_id.unwrap_or_else(|| message_id.to_owned()),
        raw: out,
    })
}

/// Header fields, and what follows them (from the empty line on).
fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in raw.split_inclusive(|b| *b == b'\n') {
        if line == b"\n" || line == b"\r\n" {
            return raw.split_at(at);
        }
        at += line.len();
    }
    (raw, b"")
}

/// Each field with its folded lines.
fn fields(head: &[u8]) -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = Vec::new();
    for line in head.split_inclusive(|b| *b == b'\n') {
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        match out.last_mut() {
            Some(last) if folded => last.extend_from_slice(line),
            _ => out.push(line.to_vec()),
        }
    }
    out
}

fn is(field: &[u8], name: &str) -> bool {
    let at = field.iter().position(|b| *b == b':').unwrap_or(0);
    field.get(..at).is_some_and(|n| n.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcc_goes_into_the_envelope_and_out_of_the_bytes() {
        let raw = b"From: a@x.example\r\nTo: B <b@x.example>\r\nBcc: c@x.example,\r\n d@x.example\r\nMessage-ID: <1@x>\r\nDate: Fri, 20 Nov 2026 09:42:00 +0000\r\nSubject: S\r\n\r\nBcc: in the body stays\r\n";
        let ready = ready(raw, "a@x.example", 0, "new@x").unwrap();
        assert_eq!(ready.recipients, ["b@x.example", "c@x.example", "d@x.example"]);
        assert_eq!(ready.message_id, "1@x");
        let text = String::from_utf8(ready.raw).unwrap();
        assert!(!text.contains("c@x.example") && !text.contains("d@x.example"));
        assert!(text.ends_with("Subject: S\r\n\r\nBcc: in the body stays\r\n"));
        assert!(text.starts_with("From: a@x.example\r\n"), "nothing is put in that is there already");
    }

    #[test]
    fn a_missing_date_and_id_are_put_in_once() {
        let ready = ready(b"To: b@x.example\nSubject: S\n\nText\n", "a@x.example", 1_795_168_920, "new@x").unwrap();
        let text = String::from_utf8(ready.raw).unwrap();
        assert!(text.contains("Message-ID: <new@x>\r\n"));
        assert!(text.starts_with("Date: "));
        assert_eq!(ready.message_id, "new@x");
    }

    #[test]
    fn a_message_to_nobody_is_refused() {
        assert!(ready(b"Subject: S\r\n\r\n", "a@x.example", 0, "i").is_err());
        assert!(ready(b"To: not an address\r\n\r\n", "a@x.example", 0, "i").is_err());
    }
}
