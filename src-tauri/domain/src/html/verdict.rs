//! How far a sender may be believed, out of the message alone. Never more than "unknown": who vouches for whom is not decided here.

use super::hosts;
use crate::{Parsed, Verdict, VerdictLevel};

/// Judges the sender. Reasons are plain sentences; none means nothing odd was seen.
pub fn verdict(parsed: &Parsed) -> Verdict {
    let mut reasons = Vec::new();
    let Some(from) = parsed.from.first() else {
        return Verdict { level: VerdictLevel::Careful, reasons: vec!["The message names no sender.".into()] };
    };
    let domain =
        |address: &str| address.rsplit_once('@').map(|(_, d)| d.trim_end_matches('.').to_ascii_lowercase()).unwrap_or_default();
    let own = domain(&from.address);
    if crate::check_address(&from.address).is_err() {
        reasons.push("The sender's address is not a valid address.".into());
    }
    if let Some(named) = address_in(&from.name).filter(|named| !named.eq_ignore_ascii_case(&from.address)) {
        reasons.push(format!("The name says {named}, but the address is {}.", from.address));
    }
    if let Some(shown) = hosts::look_alike(&own) {
        reasons.push(format!("{shown} is written with letters that look like others."));
    }
    if parsed.from.len() > 1 {
        reasons.push(format!("The message names {} senders.", parsed.from.len()));
    }
    // A list that sets Reply-To to itself is in To or Cc as well.
    let addressed = |address: &str| parsed.to.iter().chain(&parsed.cc).any(|a| a.address.eq_ignore_ascii_case(address));
    let elsewhere = parsed
        .reply_to
        .iter()
        .find(|r| !r.address.is_empty() && !addressed(&r.address) && !hosts::same_site(&domain(&r.address), &own));
    if let Some(reply) = elsewhere {
        reasons.push(format!("Answers go to {}, not to {}.", reply.address, from.address));
    }
    let level = if reasons.is_empty() { VerdictLevel::Unknown } else { VerdictLevel::Careful };
    Verdict { level, reasons }
}

/// An address inside a display name.
fn address_in(name: &str) -> Option<&str> {
    name.split([' ', '<', '>', '(', ')', '"', '\'', ',', ';', '[', ']'])
        .find(|w| w.contains('@') && crate::check_address(w).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::parse;

    #[test]
    fn odd_senders_are_named() {
        let check = |header: &str, level: VerdictLevel, reason: &str| {
            let v = verdict(&parse(format!("{header}\n\nx").as_bytes()));
            assert_eq!(v.level, level, "{header} {v:?}");
            assert!(v.reasons.join(" ").contains(reason), "{header} {v:?}");
        };
        use VerdictLevel::*;
        check("From: Jo <jo@a.example>", Unknown, "");
        check("From: Jo <jo@a.example>\nReply-To: jo@mail.a.example", Unknown, "");
        check("From: Jo <jo@a.example>\nReply-To: x@evil.example", Careful, "Answers go to x@evil.example");
        check("From: Jo <jo@a.example>\nTo: list@l.example\nReply-To: list@l.example", Unknown, "");
        check("From: \"boss@corp.example\" <x@evil.example>", Careful, "The name says boss@corp.example");
        check("From: =?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3YA?= <x@evil.example>", Careful, "The name says potus@whitehouse.gov");
        check("To: a@b.example", Careful, "names no sender");
        check("From: a@b.example, c@d.example", Careful, "2 senders");
        check("From: root", Careful, "not a valid address");
    }
}
