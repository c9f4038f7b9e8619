//! How a run ends: the exit code, and one line on stderr that says what, why and what to do.

use godwit_domain::Error;
use std::process::ExitCode;

/// Why a run did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The arguments make no sense: exit 2.
    Usage(Error),
    /// It failed: exit 1.
    Failed(Error),
    /// Whoever read our output has gone; nothing is left to say.
    Unread,
}

/// What every command answers.
pub type Outcome<T = ()> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Failure {
    /// Arguments that make no sense.
    pub fn usage(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Usage(Error::invalid(what).mend(mend))
    }

    /// Godwit's own mistake.
    pub fn bug(what: &str) -> Self {
        Self::Failed(Error::bug(what))
    }
}

/// Says why and chooses the exit code.
pub fn exit(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            eprintln!("godwitctl: {}", line(&error));
            ExitCode::FAILURE
        }
        Err(Failure::Usage(error)) => {
            eprintln!("godwitctl: {}", line(&error));
            ExitCode::from(2)
        }
    }
}

/// An error on one line, with nothing in it that a terminal obeys.
pub fn line(error: &Error) -> String {
    let text = error.to_string();
    text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_whatever_a_server_or_file_says() {
        let error = Error::gone("There is no\nmailbox \u{1b}[2Jx.").mend("Run  sync.");
        assert_eq!(line(&error), "There is no mailbox [2Jx. Run sync.");
    }
}
