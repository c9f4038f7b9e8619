//! From an open port to a signed-in connection: greeting, STARTTLS, one mechanism, one attempt, ID, ENABLE (docs/protocol.md 6.1).
//! Nothing secret leaves before TLS was verified, and nothing that was said before TLS is believed after it.

use super::capabilities::Capabilities;
use super::code::Code;
use super::command::Command;
use super::connection::Connection;
use super::refusal;
use super::response::{Outcome, Response, Status, read};
use super::session::{Held, Stream, Tap};
use super::tap::{ImapTap, Mode, NetStream};
use crate::ProtocolLog;
use crate::net::{self, ConnectError, Link, TlsContext};
use async_imap::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use godwit_domain::api::Password;
use godwit_domain::quirks::{Quirks, quirks};
use godwit_domain::{Error, ErrorKind, Result, Security, Server, ServerCheck};
use std::io;
use std::time::Duration;

const GREETING: Duration = Duration::from_secs(15);
/// A server may think long about a password, on purpose.
const SIGN_IN: Duration = Duration::from_secs(60);
/// From the greeting to the answer, however much is said between them.
const WHOLE: Duration = Duration::from_secs(180);

/// Whom to be on which server.
#[derive(Clone, Debug)]
pub struct ImapTarget {
    /// The server.
    pub server: Server,
    /// Sign-in name.
    pub user: String,
    /// Password.
    pub password: Password,
    /// Where what is said is noted, redacted.
    pub log: ProtocolLog,
}

/// Connects, signs in once and leaves: the wizard's test.
pub async fn probe(target: &ImapTarget, tls: &TlsContext) -> ServerCheck {
    match open(target, tls).await {
        Ok(connection) => {
            let error = connection.logout().await.err();
            ServerCheck { error, certificate: None }
        }
        Err(e) => ServerCheck { error: Some(e.error), certificate: e.certificate },
    }
}

pub(super) async fn open(target: &ImapTarget, tls: &TlsContext) -> std::result::Result<Connection, ConnectError> {
    if target.user.contains(['\0', '\r', '\n']) || target.password.reveal().contains(['\0', '\r', '\n']) {
        return Err(Error::invalid("The user name or the password has a character that no server takes.").into());
    }
    let server = &target.server;
    let link = net::connect(server, tls).await?;
    let (link, greeted) = match server.security {
        Security::Tls => (link, false),
        Security::Starttls => (start_tls(link, server, tls).await?, true),
    };
    if !link.is_tls() {
        return Err(Error::bug("A sign-in was about to leave in clear.").into());
    }
    Ok(signed_in(Box::new(link), target, greeted).await?)
}

/// Speaks in clear only as far as STARTTLS.
async fn start_tls(link: Link, server: &Server, tls: &TlsContext) -> std::result::Result<Link, ConnectError> {
    let host = server.host.trim();
    let mut tap = ImapTap::new(link);
    in_time(host, upgrade(&mut tap, host)).await?;
    let link = tap.into_drained().ok_or_else(injected)?;
    link.start_tls(server, tls).await
}

fn injected() -> Error {
    Error::new(ErrorKind::Protocol, "Somebody put words into the server's mouth before the encryption began.")
        .mend("Don't use this network for mail, or ask whoever runs the server.")
}

/// The dialogue before TLS. The caller makes sure that nothing was sent beyond it.
pub(super) async fn upgrade<S: NetStream>(tap: &mut ImapTap<S>, host: &str) -> Result<()> {
    tap.set_patience(Some(GREETING));
    let greeting = greeting(tap, host).await?;
    if greeting.outcome == Outcome::Preauth {
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("{host} claims that you are signed in before the encryption began."),
        )
        .mend("Don't use this network for mail, or ask whoever runs the server."));
    }
    let (status, _) = simple(tap, host, "s1", "STARTTLS").await?;
    if status.outcome != Outcome::Ok {
        return Err(Error::new(ErrorKind::Unsupported, format!("{host} doesn't offer STARTTLS."))
            .mend("Choose TLS with port 993.")
            .server_words(&status.text));
    }
    Ok(())
}

async fn greeting<S: NetStream>(tap: &mut ImapTap<S>, host: &str) -> Result<Status> {
    match next_of(tap, host).await? {
        Response::Status(status) => match status.outcome {
            Outcome::Ok | Outcome::Preauth => Ok(status),
            _ => Err(refusal::closed(host, Some(&status))),
        },
        _ => Err(Error::new(ErrorKind::Protocol, format!("{host} doesn't greet as an IMAP server does."))
            .mend("Check server and port: IMAP is usually on 993.")),
    }
}

/// Everything after the stream is safe. `greeted`: the greeting came before STARTTLS.
pub(super) async fn signed_in(stream: Stream, target: &ImapTarget, greeted: bool) -> Result<Connection> {
    let host = target.server.host.trim().to_owned();
    let held = in_time(&host, hold(stream, target, &host, greeted)).await?;
    Box::pin(ready(Connection::start(held, host.clone()), host)).await
}

/// A server that only talks is as good as one that is silent.
async fn in_time<T>(host: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(WHOLE, work).await {
        Ok(done) => done,
        Err(_) => Err(refusal::broken(host, &io::ErrorKind::TimedOut.into())),
    }
}

async fn hold(stream: Stream, target: &ImapTarget, host: &str, greeted: bool) -> Result<Held> {
    let mut tap: Tap = ImapTap::logged(stream, Some(target.log.line()));
    tap.set_patience(Some(GREETING));
    let greeting = if greeted { None } else { Some(greeting(&mut tap, host).await?) };
    if greeting.as_ref().is_some_and(|g| g.outcome == Outcome::Preauth) {
        return Ok(Held::Preauth(Client::new(tap)));
    }
    let announced = greeting.as_ref().and_then(capabilities_in);
    let capabilities = match announced {
        Some(words) => Capabilities::new(words),
        None => ask_capabilities(&mut tap, host).await?,
    };
    if !capabilities.is_imap4() {
        return Err(Error::new(ErrorKind::Unsupported, format!("{host} is not an IMAP4 server."))
            .mend("Check server and port: IMAP is usually on 993."));
    }
    let quirks = quirks(host, |name| capabilities.has(name), "");
    authenticate(tap, target, host, &capabilities, quirks).await
}

async fn ask_capabilities(tap: &mut Tap, host: &str) -> Result<Capabilities> {
    let (_, responses) = simple(tap, host, "s2", "CAPABILITY").await?;
    let words = responses.into_iter().filter_map(|r| match r {
        Response::Capability(words) => Some(words),
        _ => None,
    });
    Ok(Capabilities::new(words.flatten()))
}

fn capabilities_in(status: &Status) -> Option<Vec<String>> {
    match &status.code {
        Some(Code::Capability(words)) => Some(words.clone()),
        _ => None,
    }
}

/// One mechanism, one attempt: a second one could lock the account.
async fn authenticate(mut tap: Tap, target: &ImapTarget, host: &str, can: &Capabilities, quirks: &Quirks) -> Result<Held> {
    let (user, password) = (target.user.as_str(), target.password.reveal());
    let plain = format!("\0{user}\0{password}");
    tap.set_patience(Some(SIGN_IN));
    tap.set_mode(Mode::Handover);
    let client = Client::new(tap);
    let outcome = if can.has("AUTH=PLAIN") && !quirks.login_only {
        if can.has("SASL-IR") {
            client.authenticate(format!("PLAIN {}", STANDARD.encode(&plain)), Sasl(Vec::new())).await
        } else {
            client.authenticate("PLAIN", Sasl(plain.into_bytes())).await
        }
    } else if !can.has("LOGINDISABLED") {
        client.login(user, password).await
    } else {
        return Err(Error::new(ErrorKind::Unsupported, format!("{host} takes no password in a way that Godwit knows."))
            .mend("Ask the provider for an app password or another server."));
    };
    match outcome {
        Ok(mut session) => {
            session.get_mut().set_mode(Mode::Frames);
            Ok(Held::Session(session))
        }
        Err((e, mut client)) => Err(why_not(host, &e, client.get_mut())),
    }
}

struct Sasl(Vec<u8>);

impl async_imap::Authenticator for Sasl {
    type Response = Vec<u8>;
    fn process(&mut self, _challenge: &[u8]) -> Vec<u8> {
        // After the one answer there is nothing to add: a further challenge gets an empty line, and then its NO.
        std::mem::take(&mut self.0)
    }
}

/// async-imap saw a bare NO; the tap kept what the server really said.
fn why_not(host: &str, e: &async_imap::error::Error, tap: &mut Tap) -> Error {
    let (mut answer, mut bye) = (None, None);
    for frame in tap.take_seen() {
        match read(&frame) {
            Ok(Response::Tagged(_, status)) => answer = Some(status),
            Ok(Response::Status(status)) if status.outcome == Outcome::Bye => bye = Some(status),
            _ => {}
        }
    }
    match (answer, e) {
        (Some(status), _) if status.outcome != Outcome::Ok => refusal::sign_in_refused(&status),
        (_, async_imap::error::Error::Io(io)) if bye.is_none() => refusal::broken(host, io),
        (_, async_imap::error::Error::Validate(_)) => {
            Error::invalid("The user name or the password has a character that no server takes.")
        }
        _ => refusal::closed(host, bye.as_ref()),
    }
}

/// What a fresh session needs: capabilities asked anew, then ID, ENABLE and NAMESPACE together.
async fn ready(mut connection: Connection, host: String) -> Result<Connection> {
    let ask = connection.run(vec![Command::new("list what it can do", "CAPABILITY")]).await?;
    let words = ask.responses.into_iter().filter_map(|d| match d.response {
        Response::Capability(words) => Some(words),
        _ => None,
    });
    let mut can = Capabilities::new(words.flatten());
    can.quirks = quirks(&host, |name| can.has(name), "");
    let mut commands = Vec::new();
    if can.has("ID") || can.quirks.wants_id {
        let id = format!("ID (\"name\" \"Godwit\" \"version\" \"{}\")", env!("CARGO_PKG_VERSION"));
        commands.push(Command::new("hear who we are", id));
    }
    if can.has("ENABLE") && can.has("QRESYNC") && !can.quirks.broken_qresync {
        commands.push(Command::new("switch QRESYNC on", "ENABLE QRESYNC"));
    } else if can.has("ENABLE") && can.has("CONDSTORE") {
        commands.push(Command::new("switch CONDSTORE on", "ENABLE CONDSTORE"));
    }
    if can.has("NAMESPACE") {
        commands.push(Command::new("tell its namespaces", "NAMESPACE"));
    }
    if !commands.is_empty() {
        // A server that refuses one of these works without it.
        for delivery in connection.run(commands).await?.responses {
            match delivery.response {
                Response::Enabled(words) => can.qresync |= words.iter().any(|w| w.eq_ignore_ascii_case("QRESYNC")),
                Response::Id(id) => can.quirks = quirks(&host, |name| can.has(name), &id),
                Response::Namespace(Some((prefix, delimiter))) => {
                    can.namespace_prefix = Some(prefix);
                    can.namespace_delimiter = delimiter;
                }
                _ => {}
            }
        }
    }
    connection.set_capabilities(can);
    Ok(connection)
}

/// Reads frames of a tap that no actor owns yet, until `tag` is answered.
async fn simple<S: NetStream>(tap: &mut ImapTap<S>, host: &str, tag: &str, command: &str) -> Result<(Status, Vec<Response>)> {
    tap.queue(format!("{tag} {command}\r\n").into_bytes());
    let mut untagged = Vec::new();
    loop {
        match next_of(tap, host).await? {
            Response::Tagged(t, status) if t == tag => return Ok((status, untagged)),
            Response::Status(status) if status.outcome == Outcome::Bye => return Err(refusal::closed(host, Some(&status))),
            response if untagged.len() < 100 => untagged.push(response),
            _ => {}
        }
    }
}

/// The next response of a tap that no actor owns yet.
async fn next_of<S: NetStream>(tap: &mut ImapTap<S>, host: &str) -> Result<Response> {
    match tap.next_frame().await {
        Ok(Some(frame)) => Ok(read(&frame).unwrap_or(Response::Other)),
        Ok(None) => Err(refusal::closed(host, None)),
        Err(e) => Err(refusal::broken(host, &e)),
    }
}
