//! Handing mail in (RFC 6409): one connection, one sign-in, one message. It says exactly how far it came, and never sends twice.
//! Our own stream, limits and phases; smtp-proto reads what a server offers. mail-send is not used: once DATA, AUTH, STARTTLS
//! and bounded replies are ours (its own are unbounded, whole or drop what follows a reply) only a write and a read were left.

mod data;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
mod hello;
#[cfg(test)]
mod scripted;
mod session;
#[cfg(test)]
mod tests;
mod transaction;
mod wire;

use crate::net::{ConnectError, TlsContext};
use godwit_domain::api::Password;
use godwit_domain::{Error, Server, ServerCheck};
use session::Session;

/// A message on its way out: what the envelope says, and the bytes (RFC 5322; line ends are made CRLF on the way).
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// MAIL FROM.
    pub envelope_from: String,
    /// RCPT TO, Bcc included. The bytes hold no Bcc field: whoever built them saw to that.
    pub recipients: Vec<String>,
    /// The message.
    pub raw: Vec<u8>,
}

/// A recipient that the server would not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRecipient {
    /// Whose.
    pub address: String,
    /// Why; `Busy` where it may work later.
    pub error: Error,
}

/// How a submission ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The server took it for all recipients and is answerable for it now.
    Accepted {
        /// Its words, plain and short.
        reply: String,
    },
    /// The server refused it for good; nobody gets it. The recipients it named, where those were the reason.
    Refused(Error, Vec<RefusedRecipient>),
    /// The server surely did not take it: it may be tried again once the error allows.
    NotSent(Error),
    /// The line broke after the closing dot had begun to leave and before the reply was read: nobody knows.
    Uncertain(Error),
}

/// Hands `mail` in, with one sign-in. `progress` hears how many of how many bytes have left.
pub async fn submit(
    server: &Server,
    user: &str,
    password: &Password,
    tls: &TlsContext,
    mail: &Outgoing,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> SubmitOutcome {
    let envelope = match transaction::Envelope::check(mail) {
        Ok(envelope) => envelope,
        Err(error) => return SubmitOutcome::Refused(error, Vec::new()),
    };
    let mut doubted = false;
    loop {
        let mut session = match open(server, user, password, tls).await {
            Ok(session) => session,
            Err(e) => return SubmitOutcome::NotSent(e.error),
        };
        let outcome = transaction::run(&mut session, &envelope, &mail.raw, progress).await;
        // A line that breaks in the middle of a command can leave its half to be refused: what is refused over a line that does
        // not stand any more is asked once again. Nothing was taken, so nothing can go twice.
        let again = matches!(outcome, SubmitOutcome::Refused(..)) && !session.stands().await && !doubted;
        session.quit().await;
        if !again {
            return outcome;
        }
        tracing::info!("a refusal came over a line that broke; asking once again");
        doubted = true;
    }
}

/// Connects and signs in once, and sends nothing.
pub async fn probe(server: &Server, user: &str, password: &Password, tls: &TlsContext) -> ServerCheck {
    match open(server, user, password, tls).await {
        Ok(session) => {
            session.quit().await;
            ServerCheck { error: None, certificate: None }
        }
        Err(e) => ServerCheck { error: Some(e.error), certificate: e.certificate },
    }
}

async fn open(server: &Server, user: &str, password: &Password, tls: &TlsContext) -> Result<Session, ConnectError> {
    let mut session = Session::open(server, tls).await?;
    session.sign_in(user, password).await?;
    Ok(session)
}
