//! What stands between a draft and the post: addresses that are none, nobody to send to, an attachment that was promised.

use crate::{Draft, check_address};

/// One thing to settle before sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftProblem {
    /// Nobody to send it to.
    NoRecipient,
    /// An address that is none, and what was perhaps meant.
    BadAddress {
        /// As written.
        address: String,
        /// A proposal.
        proposal: Option<String>,
    },
    /// The text speaks of an attachment and there is none. May be sent all the same.
    AttachmentForgotten,
}

impl DraftProblem {
    /// Whether it can't be sent like this.
    pub fn blocks(&self) -> bool {
        !matches!(self, Self::AttachmentForgotten)
    }
}

impl std::fmt::Display for DraftProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRecipient => f.write_str("There is nobody to send it to. Fill in To, Cc or Bcc."),
            Self::BadAddress { address, proposal: Some(proposal) } => {
                write!(f, "\u{201c}{address}\u{201d} is not an address. Did you mean {proposal}?")
            }
            Self::BadAddress { address, proposal: None } => write!(f, "\u{201c}{address}\u{201d} is not an address."),
            Self::AttachmentForgotten => f.write_str("You mention an attachment, but none is there."),
        }
    }
}

/// Everything that is wrong with a draft, what blocks first.
pub fn check(draft: &Draft) -> Vec<DraftProblem> {
    let mut problems = Vec::new();
    let mut recipients = draft.to.iter().chain(&draft.cc).chain(&draft.bcc).peekable();
    if recipients.peek().is_none() {
        problems.push(DraftProblem::NoRecipient);
    }
    for recipient in recipients {
        if check_address(&recipient.address).is_err() {
            let shown: String = recipient.address.chars().filter(|c| !c.is_control()).take(80).collect();
            problems.push(DraftProblem::BadAddress { proposal: proposal(&shown), address: shown });
        }
    }
    if draft.attachments.is_empty() && mentions_attachment(draft) {
        problems.push(DraftProblem::AttachmentForgotten);
    }
    problems
}

/// The address that a slip of the fingers hides.
fn proposal(address: &str) -> Option<String> {
    let mut tried: String = address.trim().trim_matches(['<', '>', '"', '\'', '.', ',', ';']).split_whitespace().collect();
    tried = tried.replace([',', ';'], ".").replace("..", ".").replace("@@", "@");
    (tried != address && check_address(&tried).is_ok()).then_some(tried)
}

fn mentions_attachment(draft: &Draft) -> bool {
    let text = crate::mime::cut(&draft.text, 64 << 10);
    // What is quoted inside the own text was somebody else's promise.
    let own: String = text.lines().filter(|l| !l.trim_start().starts_with('>')).collect::<Vec<_>>().join("\n");
    let all = format!("{}\n{own}", draft.subject).to_lowercase();
    WORDS.iter().any(|word| {
        all.match_indices(word)
            .any(|(at, _)| all.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !c.is_alphanumeric()))
    })
}

/// Beginnings of words and phrases that promise a file, in the languages of many mails.
const WORDS: &[&str] = &[
    "attached",
    "attachment",
    "attaching",
    "enclosed",
    "i attach",
    "anhang",
    "angeh\u{e4}ngt",
    "beigef\u{fc}gt",
    "anbei",
    "pi\u{e8}ce jointe",
    "pi\u{e8}ces jointes",
    "ci-joint",
    "en pi\u{e8}ce",
    "adjunt",
    "allegat",
    "in allegato",
    "bijlage",
    "bijgevoegd",
    "bifoga",
    "bifogad",
    "vedlegg",
    "vedlagt",
    "vedh\u{e6}ft",
    "em anexo",
    "anexo",
    "za\u{142}\u{105}czni",
    "w za\u{142}\u{105}czeniu",
    "liitteen\u{e4}",
    "ohessa",
    "p\u{159}\u{ed}loh",
    "\u{432}\u{43e} \u{432}\u{43b}\u{43e}\u{436}\u{435}\u{43d}",
    "\u{43f}\u{440}\u{438}\u{43a}\u{440}\u{435}\u{43f}\u{43b}",
    "\u{6dfb}\u{4ed8}",
    "\u{9644}\u{4ef6}",
    "\u{cca8}\u{bd80}",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Address, DraftAttachment, DraftId, compose::Start};

    fn draft(to: &[&str], text: &str) -> Draft {
        let to = to.iter().map(|a| Address { name: String::new(), address: (*a).into() }).collect();
        Start { to, text: text.into(), ..Start::default() }.into_draft(DraftId(1), AccountId(1))
    }

    #[test]
    fn drafts_are_checked_in_plain_words() {
        let check = |draft: &Draft, want: &[&str]| {
            let said: Vec<String> = check(draft).iter().map(ToString::to_string).collect();
            assert_eq!(said, want);
        };
        check(&draft(&["a@b.example"], "hi"), &[]);
        check(&draft(&[], "hi"), &["There is nobody to send it to. Fill in To, Cc or Bcc."]);
        check(
            &draft(&["sigrid@vik,example"], ""),
            &["\u{201c}sigrid@vik,example\u{201d} is not an address. Did you mean sigrid@vik.example?"],
        );
        check(&draft(&["nobody"], ""), &["\u{201c}nobody\u{201d} is not an address."]);
        let forgotten = "You mention an attachment, but none is there.";
        check(&draft(&["a@b.example"], "See the attached plan."), &[forgotten]);
        check(&draft(&["a@b.example"], "Der Plan ist im Anhang."), &[forgotten]);
        check(&draft(&["a@b.example"], "> see attached\nthanks, unattached"), &[]);
        let mut with = draft(&["a@b.example"], "attached");
        with.attachments = vec![DraftAttachment { id: "1".into(), name: "a".into(), media_type: "a/b".into(), size: 1 }];
        check(&with, &[]);
        assert!(DraftProblem::NoRecipient.blocks() && !DraftProblem::AttachmentForgotten.blocks());
    }
}
