//! A submission server that keeps to a script, over real TLS on loopback.

use godwit_domain::{Security, Server};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What the server does when a command begins with `on`.
#[derive(Clone)]
pub(super) struct Turn {
    pub on: &'static str,
    pub say: &'static str,
    then_close: bool,
    /// Only the first time.
    once: bool,
}

impl Turn {
    pub(super) fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

/// Says something else than usual.
pub(super) fn say(on: &'static str, say: &'static str) -> Turn {
    Turn { on, say, then_close: false, once: false }
}

/// Closes on hearing a command, unanswered.
pub(super) fn cut_before(on: &'static str) -> Turn {
    Turn { on, say: "", then_close: true, once: false }
}

/// Answers, then closes.
pub(super) fn cut_after(on: &'static str, say: &'static str) -> Turn {
    Turn { on, say, then_close: true, once: false }
}

#[derive(Default)]
pub(super) struct Heard {
    pub lines: Vec<String>,
    pub messages: Vec<String>,
}

pub(super) struct Scripted {
    pub server: Server,
    pub heard: Arc<Mutex<Heard>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) const OFFERS: &str = "250-mx.example\r\n250-SIZE 100000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN\r\n";
const OFFERS_CLEAR: &str = "250-mx.example\r\n250 STARTTLS\r\n";

pub(super) async fn scripted(security: Security, mut turns: Vec<Turn>) -> Scripted {
    let made = rcgen::generate_simple_self_signed(vec!["mx.example".to_owned()]).unwrap();
    let (_, parsed) = X509Certificate::from_der(made.cert.der()).unwrap();
    let pin = crate::os::hex(&Sha256::digest(parsed.tbs_certificate.subject_pki.raw));
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let noted = heard.clone();
    let task = tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            if security == Security::Starttls && !clear_part(&mut tcp, &turns, &noted).await {
                continue;
            }
            if let Ok(tls) = acceptor.accept(tcp).await {
                // A caller that breaks off is what some tests are about.
                let _ = converse(tls, &turns, &noted, security == Security::Tls).await;
                turns.retain(|turn| !turn.once);
            }
        }
    });
    Scripted { server: Server { host: "127.0.0.1".into(), port, security, pin: Some(pin) }, heard, task }
}

/// The talk before TLS; whether TLS comes.
async fn clear_part(tcp: &mut tokio::net::TcpStream, turns: &[Turn], heard: &Mutex<Heard>) -> bool {
    let turn = |on: &str| turns.iter().find(|t| t.on == on);
    tcp.write_all(b"220 mx.example\r\n").await.unwrap();
    let mut stream = BufReader::new(tcp);
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
        heard.lock().unwrap().lines.push(format!("clear: {}", line.trim_end()));
        let starttls = line.starts_with("STARTTLS");
        let (on, usual) = if starttls { ("STARTTLS", "220 go\r\n") } else { ("clear EHLO", OFFERS_CLEAR) };
        let say = turn(on).map_or(usual, |t| t.say);
        stream.get_mut().write_all(say.as_bytes()).await.unwrap();
        if starttls {
            return say.starts_with("220");
        }
        line.clear();
    }
    false
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    turns: &[Turn],
    heard: &Mutex<Heard>,
    greet: bool,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if greet {
        let turn = turns.iter().find(|t| t.on == "connect");
        stream.get_mut().write_all(turn.map_or("220 mx.example\r\n", |t| t.say).as_bytes()).await?;
        stream.get_mut().flush().await?;
        if turn.is_some_and(|t| t.then_close) {
            return Ok(());
        }
    }
    let (mut line, mut message) = (String::new(), None::<String>);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if let Some(text) = message.as_mut().filter(|_| line != ".\r\n") {
            text.push_str(&line);
            let cut = turns.iter().find(|t| t.on == "body" && text.len() > 50_000);
            if let Some(turn) = cut {
                stream.get_mut().write_all(turn.say.as_bytes()).await?;
                return stream.get_mut().flush().await;
            }
            continue;
        }
        let usual = match line.split([' ', '\r']).next().unwrap_or_default() {
            "EHLO" => OFFERS,
            "AUTH" => "235 welcome\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        let command = line.trim_end().to_owned();
        let counted = command.strip_prefix("BDAT ").and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        let closes = turns.iter().any(|t| command.starts_with(t.on) && t.say.is_empty() && t.then_close);
        if let Some(size) = counted.filter(|_| !closes) {
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk).await?;
            heard.lock().unwrap().messages.push(String::from_utf8_lossy(&chunk).into_owned());
        }
        let turn = turns.iter().find(|t| command.starts_with(t.on));
        if let Some(message) = message.take() {
            heard.lock().unwrap().messages.push(message);
        }
        heard.lock().unwrap().lines.push(command);
        let say = turn.map_or(usual, |t| t.say);
        stream.get_mut().write_all(say.as_bytes()).await?;
        stream.get_mut().flush().await?;
        if turn.is_some_and(|t| t.then_close) {
            return stream.get_mut().shutdown().await;
        }
        if say.starts_with("354") {
            message = Some(String::new());
        }
    }
}
