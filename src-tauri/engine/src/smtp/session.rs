//! A connection to a submission server up to a successful sign-in. One mechanism, one attempt.
//! The password never leaves before verified TLS, and no reply of the time before TLS is believed after it.

use super::hello::Extensions;
use super::wire::{Broken, Reply, Wire};
use crate::net::{self, ConnectError, Link, TlsContext};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use godwit_domain::api::Password;
use godwit_domain::{Error, ErrorKind, Result, Security, Server};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use zeroize::Zeroizing;

/// How long QUIT is worth waiting for.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a server may take to forget a transaction.
const STANDING: Duration = Duration::from_secs(30);

/// A session; signed in once `sign_in` was.
pub struct Session {
    pub wire: Wire<Link>,
    pub extensions: Extensions,
    pub host: String,
}

impl Session {
    /// Connects, makes TLS, and hears what the server offers over it.
    pub async fn open(server: &Server, tls: &TlsContext) -> std::result::Result<Self, ConnectError> {
        let host = server.host.trim().to_owned();
        let mut wire = Wire::new(net::connect(server, tls).await?);
        greeting(&mut wire, &host).await?;
        if server.security == Security::Starttls {
            wire = start_tls(wire, server, tls, &host).await?;
        }
        if !wire.stream().is_tls() {
            return Err(Error::bug("A submission was about to go on without TLS.").into());
        }
        let extensions = hello(&mut wire, &host).await?;
        Ok(Self { wire, extensions, host })
    }

    /// Signs in: PLAIN where it is offered, else LOGIN.
    pub async fn sign_in(&mut self, user: &str, password: &Password) -> Result<()> {
        if user.contains('\0') || password.reveal().contains('\0') {
            return Err(Error::invalid("The user name or the password has a NUL character.").mend("Type it again."));
        }
        let reply = if self.extensions.plain() {
            self.plain(user, password).await
        } else if self.extensions.login() {
            self.login(user, password).await
        } else {
            return Err(Error::new(ErrorKind::Unsupported, format!("{} offers no sign-in with a password here.", self.host))
                .mend("Check the port: mail is handed in at 465 or 587. Some providers want an app password or another way to sign in."));
        };
        let reply = reply.map_err(|e| e.tell(&self.host))?;
        match reply.code {
            235 => Ok(()),
            400..=499 => Err(reply.tell(busy(&self.host, "did not let us sign in just now"))),
            _ => Err(reply.tell(
                Error::new(ErrorKind::SignInNeeded, format!("{} refused the sign-in.", self.host))
                    .mend("Check user name and password; many providers want an app password for mail programs."),
            )),
        }
    }

    async fn plain(&mut self, user: &str, password: &Password) -> std::result::Result<Reply, Broken> {
        let message = Zeroizing::new(format!("\0{user}\0{}", password.reveal()));
        let message = Zeroizing::new(BASE64.encode(message.as_bytes()));
        let reply = self.wire.command(&Zeroizing::new(format!("AUTH PLAIN {}", *message))).await?;
        // A server that overlooks the initial response asks for the same again: still one attempt.
        if reply.code == 334 { self.wire.command(&message).await } else { Ok(reply) }
    }

    async fn login(&mut self, user: &str, password: &Password) -> std::result::Result<Reply, Broken> {
        let mut reply = self.wire.command("AUTH LOGIN").await?;
        for part in [user, password.reveal()] {
            if reply.code != 334 {
                return Ok(reply);
            }
            reply = self.wire.command(&Zeroizing::new(BASE64.encode(part))).await?;
        }
        Ok(reply)
    }

    /// Gives up the transaction; answers whether the line still stands.
    pub async fn stands(&mut self) -> bool {
        matches!(tokio::time::timeout(STANDING, self.wire.command("RSET")).await, Ok(Ok(_)))
    }

    /// Says goodbye as far as the server cares; nothing depends on it any more.
    pub async fn quit(mut self) {
        let goodbye = async {
            if self.wire.command("QUIT").await.is_ok() {
                let _ = self.wire.stream().shutdown().await;
            }
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// "Not now", in our words.
pub fn busy(host: &str, what: &str) -> Error {
    Error::new(ErrorKind::Busy, format!("{host} {what}.")).mend("Godwit tries again later.")
}

async fn greeting(wire: &mut Wire<Link>, host: &str) -> Result<()> {
    let reply = wire.reply().await.map_err(|e| e.tell(host))?;
    accepted(reply, host, "takes no connection").map(|_| ())
}

async fn hello(wire: &mut Wire<Link>, host: &str) -> Result<Extensions> {
    // An address literal that says nothing: neither the machine's name nor its place in a network is anybody's business.
    let reply = wire.command("EHLO [127.0.0.1]").await.map_err(|e| e.tell(host))?;
    accepted(reply, host, "does not speak ESMTP with us").map(|reply| Extensions::read(&reply))
}

async fn start_tls(
    mut wire: Wire<Link>,
    server: &Server,
    tls: &TlsContext,
    host: &str,
) -> std::result::Result<Wire<Link>, ConnectError> {
    if !hello(&mut wire, host).await?.starttls() {
        return Err(Error::new(ErrorKind::Unsupported, format!("{host} offers no STARTTLS at this port, so nothing was sent."))
            .mend("Choose TLS with port 465, or ask whoever runs the server.")
            .into());
    }
    let reply = wire.command("STARTTLS").await.map_err(|e| e.tell(host))?;
    accepted(reply, host, "refused STARTTLS")?;
    match wire.into_stream() {
        (_, true) => {
            Err(Error::new(ErrorKind::Protocol, format!("{host}, or somebody on the way, slipped in text before encryption."))
                .mend("Try another network; if it stays, tell whoever runs the server.")
                .into())
        }
        (link, false) => Ok(Wire::new(link.start_tls(server, tls).await?)),
    }
}

fn accepted(reply: Reply, host: &str, what: &str) -> Result<Reply> {
    match reply.code {
        200..=299 => Ok(reply),
        400..=499 => Err(reply.tell(busy(host, what))),
        500..=599 => {
            Err(reply.tell(Error::new(ErrorKind::Refused, format!("{host} {what}.")).mend("Ask whoever runs the server.")))
        }
        _ => Err(Broken::Nonsense("a reply comes out of turn").tell(host)),
    }
}
