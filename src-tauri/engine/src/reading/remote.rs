//! Pictures from the network, fetched for a message whose reader gave leave. One GET: no cookies, no referrer, no name of this
//! program or machine; never to a private address, also not by a redirect; bounded in bytes, time and number.

use crate::net::TlsContext;
use godwit_domain::{Security, Server};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::{Host, Url};

/// Bytes of one picture.
const MOST_BYTES: usize = 10 << 20;
/// Bytes of the header of an answer.
const MOST_HEADER: usize = 32 << 10;
/// Redirects that are followed.
const MOST_REDIRECTS: usize = 4;
/// Pictures fetched at once.
const AT_ONCE: usize = 8;
/// For one picture, all redirects included.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(8);

/// Fetches pictures.
#[derive(Debug)]
pub(super) struct Fetcher {
    tls: TlsContext,
    turns: Semaphore,
    /// Tests serve from the loopback; nothing else does.
    private_too: bool,
}

/// What one request brought.
enum Answer {
    Body(Vec<u8>),
    Elsewhere(Url),
}

impl Fetcher {
    pub fn new(tls: TlsContext) -> Self {
        Self { tls, turns: Semaphore::new(AT_ONCE), private_too: false }
    }

    /// Also fetches from this machine.
    #[cfg(test)]
    pub fn for_tests(tls: TlsContext) -> Self {
        Self { private_too: true, ..Self::new(tls) }
    }

    /// The bytes behind `url`; `None` for whatever goes wrong: a picture that is not there is no error of the message.
    pub async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        timeout(DEADLINE, self.follow(url)).await.ok()?
    }

    async fn follow(&self, url: &str) -> Option<Vec<u8>> {
        let _turn = self.turns.acquire().await.ok()?;
        let mut url = Url::parse(url).ok()?;
        for _ in 0..=MOST_REDIRECTS {
            match self.get(&url).await? {
                Answer::Body(bytes) => return Some(bytes),
                // A page that was fetched in secret is not left for one that is not.
                Answer::Elsewhere(next) if url.scheme() == "https" && next.scheme() != "https" => return None,
                Answer::Elsewhere(next) => url = next,
            }
        }
        None
    }

    async fn get(&self, url: &Url) -> Option<Answer> {
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?.to_owned();
        let port = url.port_or_known_default()?;
        let tcp = timeout(CONNECT, self.connect(url, port)).await.ok()??;
        if url.scheme() == "https" {
            let server = Server { host, port, security: Security::Tls, pin: None };
            let stream = self.tls.handshake(&server, tcp).await.ok()?;
            exchange(stream, url).await
        } else {
            exchange(tcp, url).await
        }
    }

    /// Connects to a public address of the host. The address that was checked is the one that is used.
    async fn connect(&self, url: &Url, port: u16) -> Option<TcpStream> {
        let found: Vec<SocketAddr> = match url.host()? {
            Host::Ipv4(ip) => vec![(ip, port).into()],
            Host::Ipv6(ip) => vec![(ip, port).into()],
            Host::Domain(name) => tokio::net::lookup_host((name, port)).await.ok()?.take(8).collect(),
        };
        // One private address among public ones is a trick, not a choice.
        if !self.private_too && !found.iter().all(|a| is_public(a.ip())) {
            return None;
        }
        for address in found {
            if let Ok(tcp) = TcpStream::connect(address).await {
                return Some(tcp);
            }
        }
        None
    }
}

/// Whether an address belongs to the open network.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, .., y, z] = ip.segments();
            let embedded = |high: u16, low: u16| {
                let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                is_public_v4(Ipv4Addr::new(a, b, c, d))
            };
            match (a, b) {
                // IPv4 in other clothes: mapped, translated (RFC 6052), 6to4.
                (0, 0) => ip.to_ipv4_mapped().is_some_and(is_public_v4),
                (0x64, 0xff9b) => c == 0 && d == 0 && embedded(y, z),
                (0x2002, _) => embedded(b, c),
                // Teredo and documentation.
                (0x2001, 0 | 0xdb8) => false,
                // Only global unicast is left.
                _ => (0x2000..0x4000).contains(&a),
            }
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b)))
}

/// One request, one answer, and the connection is closed.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, url: &Url) -> Option<Answer> {
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    let request = format!(
        "GET {}{query} HTTP/1.1\r\nHost: {}{port}\r\nAccept: image/webp,image/png,image/jpeg,image/gif,*/*;q=0.1\r\n\
         User-Agent: Mozilla/5.0\r\nConnection: close\r\n\r\n",
        url.path(),
        url.host_str()?
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    let mut bytes = Vec::new();
    // A server that ends TLS without a farewell has still said what it said; the length tells whether all of it came.
    let _end = stream.take((MOST_BYTES + MOST_HEADER) as u64 + 1).read_to_end(&mut bytes).await;
    let end = bytes.windows(4).take(MOST_HEADER).position(|w| w == b"\r\n\r\n")?;
    let (head, body) = (bytes.get(..end)?, bytes.get(end + 4..)?);
    let head = String::from_utf8_lossy(head).into_owned();
    let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|l| l.split_once(':'));
        lines.find(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    match status {
        301 | 302 | 303 | 307 | 308 => Some(Answer::Elsewhere(url.join(&field("location")?).ok()?)),
        200 if field("transfer-encoding").is_some_and(|t| t.eq_ignore_ascii_case("chunked")) => chunks(body).map(Answer::Body),
        200 => {
            let whole = field("content-length").is_none_or(|l| l.parse() == Ok(body.len()));
            (whole && body.len() <= MOST_BYTES).then(|| Answer::Body(body.to_vec()))
        }
        _ => None,
    }
}

/// A chunked body (RFC 9112 section 7.1); `None` where it is cut or too large.
fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        let start = end + 2;
        if size == 0 {
            return Some(out);
        }
        if size > MOST_BYTES || out.len() + size > MOST_BYTES {
            return None;
        }
        out.extend_from_slice(rest.get(start..start.checked_add(size)?)?);
        rest = rest.get(start + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Serves each answer once, in order; gives the origin and, at the end, what was asked.
    async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let n = tcp.read(&mut request).await.unwrap();
                asked.push(String::from_utf8_lossy(&request[..n]).into_owned());
                tcp.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        });
        (origin, task)
    }

    #[tokio::test]
    async fn a_picture_is_fetched_by_one_plain_request() {
        let (origin, task) = server(vec!["HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n\r\nabc".into()]).await;
        let fetcher = Fetcher::for_tests(TlsContext::new());
        assert_eq!(fetcher.fetch(&format!("{origin}/a.png?x=1#frag")).await.as_deref(), Some(&b"abc"[..]));
        let asked = task.await.unwrap().remove(0).to_ascii_lowercase();
        assert!(asked.starts_with("get /a.png?x=1 http/1.1\r\n"), "{asked}");
        for never in ["cookie", "referer", "godwit", "linux", "accept-language", "authorization"] {
            assert!(!asked.contains(never), "{asked}");
        }
    }

    #[tokio::test]
    async fn redirects_and_chunks_are_followed_within_bounds() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
        let (origin, _task) = server(vec!["HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n".into(), chunked.into()]).await;
        let fetcher = Fetcher::for_tests(TlsContext::new());
        assert_eq!(fetcher.fetch(&format!("{origin}/a")).await.as_deref(), Some(&b"abc"[..]));
        let (origin, _task) = server(vec!["HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n".into(); 9]).await;
        assert_eq!(fetcher.fetch(&format!("{origin}/a")).await, None);
    }

    #[tokio::test]
    async fn broken_answers_are_no_picture() {
        let fetcher = Fetcher::for_tests(TlsContext::new());
        for answer in [
            "",
            "HTTP/1.1 404 No\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "garbage\r\n\r\n",
            "HTTP/1.1 302 Found\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ] {
            let (origin, _task) = server(vec![answer.into()]).await;
            assert_eq!(fetcher.fetch(&format!("{origin}/a")).await, None, "{answer}");
        }
    }

    #[tokio::test]
    async fn this_machine_and_its_neighbours_are_never_asked() {
        let (origin, task) = server(vec![String::new()]).await;
        let fetcher = Fetcher::new(TlsContext::new());
        let port = origin.rsplit(':').next().unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "user@127.0.0.1"] {
            assert_eq!(fetcher.fetch(&format!("http://{host}:{port}/a")).await, None, "{host}");
        }
        assert!(!task.is_finished());
        task.abort();
        let private = [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "240.0.0.1",
            "224.0.0.1",
            "0.1.2.3",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
            "::7f00:1",
        ];
        for ip in private {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
