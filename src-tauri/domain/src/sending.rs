//! A mail's way out as a pure decision: where it stands, what happened, what comes next.
//! A mail that may have gone out is never sent again by itself: only a person can ask for that, and Sent is looked through first.

use crate::{Error, ErrorKind, OutboxState};

/// "Not before somebody does something": a mended account, or a person's word.
pub const NEVER: i64 = i64::MAX;

/// The longest pause, and some.
const LONGEST_WAIT_SECS: i64 = 2 * 3600;

/// Pauses after the first, second, third and every later submission that failed in passing, in seconds.
const BACKOFF_SECS: [i64; 4] = [60, 5 * 60, 15 * 60, 60 * 60];
/// The pause before a copy is filed again.
const FILING_SECS: i64 = 5 * 60;

/// Where a mail stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The state.
    pub state: OutboxState,
    /// Submissions tried so far.
    pub attempts: u32,
    /// When it may go on, seconds since 1970.
    pub due: i64,
    /// Why the last try failed.
    pub error: Option<Error>,
}

/// What a look through Sent for the mail's Message-ID showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is there.
    Found,
    /// It is surely not there: the whole mailbox was searched to a tagged OK.
    Absent,
    /// Nobody could look.
    Failed(Error),
}

/// Who files the copy in Sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// We do, by APPEND.
    Us,
    /// The submission server does (Gmail and others).
    Server,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Its time has come and it is its turn.
    Due,
    /// The program has just started and finds it so.
    Started,
    /// The server took it.
    Accepted(Files),
    /// The server refused it for good.
    Refused(Error),
    /// It was surely not taken.
    NotSent(Error),
    /// Nobody knows whether it was taken.
    Unclear(Error),
    /// Somebody looked through Sent; `resend`: the person wants it sent if it is not there.
    Looked {
        /// What showed.
        look: Look,
        /// See above.
        resend: bool,
    },
    /// The copy is in Sent.
    Filed,
    /// The copy was surely not filed.
    NotFiled(Error),
    /// Nobody knows whether the copy was filed.
    FilingUnclear(Error),
    /// The account's sign-in or certificate works again.
    Mended,
    /// The machine has come into a network again, or into another one.
    Online,
    /// The person wants it to go now.
    Retry,
    /// The person takes it back.
    Cancel,
}

/// Seconds until a mail is due, 0 where it is; `None`: it waits for no time. A time further off than anything ever waits
/// means that the clock was set back, and a mail must not wait for it to come round again.
pub fn wait_secs(due: i64, clock: i64) -> Option<u64> {
    if due == NEVER {
        return None;
    }
    let wait = due.saturating_sub(clock);
    Some(if wait > LONGEST_WAIT_SECS { 0 } else { u64::try_from(wait).unwrap_or(0) })
}

/// What has to be done next, in this order, after the new state is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand it in, once; an attempt row is committed with FULL before.
    Submit,
    /// Look for its Message-ID in Sent, then say `Looked` with this `resend`.
    LookInSent {
        /// Whether the person wants it sent if it is not there.
        resend: bool,
    },
    /// File a copy in Sent by APPEND, with an attempt row before (W1).
    FileCopy,
    /// Mark what it answers or hands on.
    MarkOriginal,
    /// Give it back as the draft it was.
    ReturnDraft,
    /// Tell the person about `error`.
    Tell,
}

/// What comes next. What makes no sense in a state changes nothing.
pub fn next(now: Sending, happened: Happened, clock: i64) -> (Sending, Vec<Effect>) {
    use OutboxState as S;
    match (now.state, happened) {
        (S::Held | S::Queued, Happened::Due) if wait_secs(now.due, clock) == Some(0) => submitting(now),
        (S::Held | S::Queued, Happened::Retry) => submitting(now),
        (S::Refused, Happened::Retry) => submitting(now),
        (S::Queued, Happened::Mended) if now.due == NEVER => (Sending { due: clock, ..now }, vec![]),
        // A server that asked for a pause keeps it.
        (S::Queued | S::Sent, Happened::Online) if is_cut_off(&now) => (Sending { due: now.due.min(clock), ..now }, vec![]),
        (S::Held | S::Queued | S::Refused | S::Uncertain, Happened::Cancel) => {
            (Sending { state: S::Cancelled, due: NEVER, ..now }, vec![Effect::ReturnDraft])
        }

        (S::Sending, Happened::Accepted(files)) => accepted(now, files, clock),
        (S::Sending, Happened::Refused(error)) => stopped(now, S::Refused, error),
        (S::Sending, Happened::NotSent(error)) => wait(Sending { state: S::Queued, ..now }, error, clock),
        (S::Sending, Happened::Unclear(error)) => {
            let (now, mut effects) = stopped(now, S::Uncertain, error);
            effects.insert(0, Effect::LookInSent { resend: false });
            (now, effects)
        }
        // A kill in the middle: it may have gone out.
        (S::Sending, Happened::Started) => {
            let error =
                Error::new(ErrorKind::Uncertain, "Godwit ended while this mail was on its way. It may have gone out or not.")
                    .mend("Look in Sent, or ask a recipient, before sending it again.");
            next(now, Happened::Unclear(error), clock)
        }

        (S::Uncertain, Happened::Started) => (now, vec![Effect::LookInSent { resend: false }]),
        (S::Uncertain, Happened::Retry) => (now, vec![Effect::LookInSent { resend: true }]),
        (S::Uncertain, Happened::Looked { look: Look::Found, .. }) => filed(now, vec![Effect::MarkOriginal]),
        (S::Uncertain, Happened::Looked { look: Look::Absent, resend: true }) => submitting(now),
        // Most servers file nothing by themselves: that Sent does not hold it proves nothing, so the person decides.
        (S::Uncertain, Happened::Looked { look: Look::Absent, resend: false }) => (now, vec![]),
        (S::Uncertain, Happened::Looked { look: Look::Failed(error), resend: true }) => {
            let what = format!("Godwit could not look whether the mail went out, so it was not sent again: {}", error.what);
            let error = Error { kind: ErrorKind::Uncertain, what, ..error };
            (Sending { error: Some(error), ..now }, vec![Effect::Tell])
        }
        (S::Uncertain, Happened::Looked { look: Look::Failed(_), resend: false }) => (now, vec![]),

        (S::Sent, Happened::Due) if now.due <= clock => (now, vec![Effect::LookInSent { resend: false }]),
        (S::Sent, Happened::Started) => (now, vec![Effect::LookInSent { resend: false }]),
        (S::Sent, Happened::Retry | Happened::Mended) => {
            (Sending { due: clock, ..now }, vec![Effect::LookInSent { resend: false }])
        }
        (S::Sent, Happened::Looked { look: Look::Found, .. }) => filed(now, vec![]),
        (S::Sent, Happened::Looked { look: Look::Absent, .. }) => (now, vec![Effect::FileCopy]),
        (S::Sent, Happened::Looked { look: Look::Failed(error), .. }) => wait(now, error, clock),
        (S::Sent, Happened::Filed) => filed(now, vec![]),
        (S::Sent, Happened::NotFiled(error)) => wait(now, error, clock),
        // W1: read before it is repeated; the look comes when it is due.
        (S::Sent, Happened::FilingUnclear(error)) => wait(now, Error { kind: ErrorKind::Offline, ..error }, clock),
        _ => (now, vec![]),
    }
}

fn is_cut_off(now: &Sending) -> bool {
    now.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Offline)
}

fn submitting(now: Sending) -> (Sending, Vec<Effect>) {
    let now = Sending { state: OutboxState::Sending, attempts: now.attempts.saturating_add(1), error: None, ..now };
    (now, vec![Effect::Submit])
}

fn accepted(now: Sending, files: Files, clock: i64) -> (Sending, Vec<Effect>) {
    let now = Sending { error: None, due: clock, ..now };
    match files {
        Files::Us => (Sending { state: OutboxState::Sent, ..now }, vec![Effect::MarkOriginal, Effect::FileCopy]),
        Files::Server => filed(now, vec![Effect::MarkOriginal]),
    }
}

fn filed(now: Sending, effects: Vec<Effect>) -> (Sending, Vec<Effect>) {
    (Sending { state: OutboxState::Filed, error: None, due: NEVER, ..now }, effects)
}

fn stopped(now: Sending, state: OutboxState, error: Error) -> (Sending, Vec<Effect>) {
    (Sending { state, due: NEVER, error: Some(error), ..now }, vec![Effect::Tell])
}

/// Tries again after a pause, or waits for somebody where time mends nothing.
fn wait(now: Sending, error: Error, clock: i64) -> (Sending, Vec<Effect>) {
    let (due, effects) =
        if error.kind.is_passing() { (clock.saturating_add(pause_secs(&now)), vec![]) } else { (NEVER, vec![Effect::Tell]) };
    (Sending { due, error: Some(error), ..now }, effects)
}

fn pause_secs(now: &Sending) -> i64 {
    if now.state == OutboxState::Sent {
        return FILING_SECS;
    }
    let step = usize::try_from(now.attempts.saturating_sub(1)).unwrap_or(usize::MAX).min(BACKOFF_SECS.len() - 1);
    BACKOFF_SECS.get(step).copied().unwrap_or(FILING_SECS)
}

/// A Message-ID nobody else makes: `random` at the sender's domain; it tells nothing of machine or time.
pub fn message_id(random: &str, email: &str) -> String {
    let domain = email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let address = ascii_address(&format!("x@{domain}"));
    format!("{random}@{}", address.trim_start_matches("x@"))
}

/// An address with its domain in ASCII (RFC 5890), which every server takes. What can't be written so stays as it is.
pub fn ascii_address(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    if domain.is_ascii() {
        return address.to_owned();
    }
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) => format!("{local}@{ascii}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OutboxState as S;

    const CLOCK: i64 = 1_000_000;

    fn mail(state: OutboxState) -> Sending {
        Sending { state, attempts: 1, due: CLOCK, error: None }
    }

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "x")
    }

    fn check(state: OutboxState, happened: Happened, to: OutboxState, effects: &[Effect]) -> Sending {
        let told = format!("{state:?} {happened:?}");
        let (after, done) = next(mail(state), happened, CLOCK);
        assert_eq!((after.state, done.as_slice()), (to, effects), "{told}");
        after
    }

    #[test]
    fn a_clock_that_was_set_back_holds_no_mail_for_a_year() {
        let check = |due: i64, want: Option<u64>| assert_eq!(wait_secs(due, 1_800_000_000), want, "{due}");
        check(1_800_000_000, Some(0));
        check(1_700_000_000, Some(0));
        check(1_800_000_060, Some(60));
        check(1_800_003_600, Some(3600));
        check(1_834_560_000, Some(0));
        check(NEVER, None);
        let held = Sending { due: 1_834_560_000, ..mail(OutboxState::Held) };
        assert_eq!(next(held, Happened::Due, 1_800_000_000).0.state, OutboxState::Sending);
    }

    #[test]
    fn the_plain_way_is_held_sending_sent_filed() {
        let look = |look| Happened::Looked { look, resend: false };
        let sending = check(S::Held, Happened::Due, S::Sending, &[Effect::Submit]);
        assert_eq!(sending.attempts, 2);
        check(S::Queued, Happened::Due, S::Sending, &[Effect::Submit]);
        check(S::Sending, Happened::Accepted(Files::Us), S::Sent, &[Effect::MarkOriginal, Effect::FileCopy]);
        check(S::Sending, Happened::Accepted(Files::Server), S::Filed, &[Effect::MarkOriginal]);
        check(S::Sent, Happened::Filed, S::Filed, &[]);
        check(S::Sent, Happened::Due, S::Sent, &[Effect::LookInSent { resend: false }]);
        check(S::Sent, look(Look::Absent), S::Sent, &[Effect::FileCopy]);
        check(S::Sent, look(Look::Found), S::Filed, &[]);
    }

    #[test]
    fn a_held_mail_waits_for_its_time_and_can_be_taken_back() {
        let held = Sending { due: CLOCK + 1, ..mail(S::Held) };
        assert_eq!(next(held.clone(), Happened::Due, CLOCK), (held, vec![]));
        for state in [S::Held, S::Queued, S::Refused, S::Uncertain] {
            check(state, Happened::Cancel, S::Cancelled, &[Effect::ReturnDraft]);
        }
        for state in [S::Sending, S::Sent, S::Filed] {
            check(state, Happened::Cancel, state, &[]);
        }
    }

    #[test]
    fn what_was_surely_not_taken_is_tried_again_after_1_5_15_60_minutes() {
        let mut now = mail(S::Sending);
        for minutes in [1, 5, 15, 60, 60] {
            now = next(now, Happened::NotSent(error(ErrorKind::Busy)), CLOCK).0;
            assert_eq!((now.state, now.due), (S::Queued, CLOCK + minutes * 60));
            now = next(now, Happened::Retry, CLOCK).0;
        }
    }

    #[test]
    fn what_time_does_not_mend_waits_for_somebody() {
        let told = check(S::Sending, Happened::NotSent(error(ErrorKind::SignInNeeded)), S::Queued, &[Effect::Tell]);
        assert_eq!(told.due, NEVER);
        assert_eq!(next(told.clone(), Happened::Due, CLOCK), (told.clone(), vec![]));
        assert_eq!(next(told, Happened::Mended, CLOCK).0.due, CLOCK);
        check(S::Sending, Happened::Refused(error(ErrorKind::Refused)), S::Refused, &[Effect::Tell]);
        check(S::Refused, Happened::Retry, S::Sending, &[Effect::Submit]);
    }

    #[test]
    fn an_uncertain_mail_is_looked_for_and_only_a_person_sends_it_again() {
        let look = |look, resend| Happened::Looked { look, resend };
        let doubt = [Effect::LookInSent { resend: false }, Effect::Tell];
        check(S::Sending, Happened::Unclear(error(ErrorKind::Uncertain)), S::Uncertain, &doubt);
        check(S::Sending, Happened::Started, S::Uncertain, &doubt);
        check(S::Uncertain, Happened::Started, S::Uncertain, &[Effect::LookInSent { resend: false }]);
        check(S::Uncertain, look(Look::Absent, false), S::Uncertain, &[]);
        check(S::Uncertain, look(Look::Found, false), S::Filed, &[Effect::MarkOriginal]);
        check(S::Uncertain, look(Look::Found, true), S::Filed, &[Effect::MarkOriginal]);
        check(S::Uncertain, Happened::Retry, S::Uncertain, &[Effect::LookInSent { resend: true }]);
        check(S::Uncertain, look(Look::Absent, true), S::Sending, &[Effect::Submit]);
        check(S::Uncertain, look(Look::Failed(error(ErrorKind::Offline)), true), S::Uncertain, &[Effect::Tell]);
        for happened in [Happened::Due, Happened::Mended, Happened::Filed] {
            check(S::Uncertain, happened, S::Uncertain, &[]);
        }
    }

    #[test]
    fn with_the_network_what_it_kept_back_is_due_and_nothing_else() {
        let at = |state, kind| Sending { due: CLOCK + 600, error: Some(error(kind)), ..mail(state) };
        let due = |now: Sending| next(now, Happened::Online, CLOCK).0.due;
        assert_eq!(due(at(S::Queued, ErrorKind::Offline)), CLOCK);
        assert_eq!(due(at(S::Sent, ErrorKind::Offline)), CLOCK, "a copy that could not be filed");
        assert_eq!(due(at(S::Queued, ErrorKind::Busy)), CLOCK + 600, "the server asked for a pause");
        assert_eq!(due(Sending { due: CLOCK + 6, ..mail(S::Held) }), CLOCK + 6, "the person may still take it back");
    }

    #[test]
    fn only_a_held_queued_or_refused_mail_leaves_without_a_persons_second_word() {
        let errors = || error(ErrorKind::Offline);
        let everything = || {
            vec![
                Happened::Due,
                Happened::Started,
                Happened::Accepted(Files::Us),
                Happened::Refused(errors()),
                Happened::NotSent(errors()),
                Happened::Unclear(errors()),
                Happened::Looked { look: Look::Found, resend: true },
                Happened::Looked { look: Look::Absent, resend: false },
                Happened::Looked { look: Look::Failed(errors()), resend: true },
                Happened::Filed,
                Happened::NotFiled(errors()),
                Happened::FilingUnclear(errors()),
                Happened::Mended,
                Happened::Online,
                Happened::Retry,
                Happened::Cancel,
            ]
        };
        for state in [S::Sending, S::Sent, S::Filed, S::Uncertain, S::Cancelled] {
            for happened in everything() {
                let told = format!("{state:?} {happened:?}");
                assert!(!next(mail(state), happened, CLOCK).1.contains(&Effect::Submit), "{told}");
            }
        }
    }

    #[test]
    fn a_copy_that_may_be_filed_is_looked_for_before_it_is_filed_again() {
        let unclear = check(S::Sent, Happened::FilingUnclear(error(ErrorKind::Uncertain)), S::Sent, &[]);
        assert_eq!(unclear.due, CLOCK + 300);
        let (_, effects) = next(unclear, Happened::Due, CLOCK + 300);
        assert_eq!(effects, [Effect::LookInSent { resend: false }]);
        let refused = check(S::Sent, Happened::NotFiled(error(ErrorKind::Refused)), S::Sent, &[Effect::Tell]);
        assert_eq!(refused.due, NEVER);
    }

    #[test]
    fn a_message_id_is_at_the_senders_domain() {
        assert_eq!(message_id("r", "marit@b\u{fc}cher.example"), "r@xn--bcher-kva.example");
        assert_eq!(message_id("r", "marit"), "r@localhost");
    }

    #[test]
    fn a_domain_of_other_letters_goes_out_in_ascii() {
        let check = |address: &str, ascii: &str| assert_eq!(ascii_address(address), ascii);
        check("marit@bücher.example", "marit@xn--bcher-kva.example");
        check("märit@bücher.example", "märit@xn--bcher-kva.example");
        check("marit@fjordlys.example", "marit@fjordlys.example");
    }
}
