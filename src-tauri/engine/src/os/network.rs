//! Hearing that the machine went into another network. Linux tells when addresses and routes change; elsewhere somebody has to look
//! now and then. What counts is the address that this machine would speak from: most of what the system tells is no change of that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How often to look where nothing tells it.
#[cfg(not(target_os = "linux"))]
const LOOK: Duration = Duration::from_secs(15);
/// A network that comes up is told in many words.
const SETTLE: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(2) };
/// Somewhere in the internet (RFC 5737, 3849); nothing is ever sent there.
const FAR: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];

/// The addresses that this machine would speak from, where there is a way at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way([Option<IpAddr>; 2]);

impl Way {
    /// Connecting such a socket only looks up the route.
    fn now() -> Self {
        let from = |(own, far): (IpAddr, IpAddr)| {
            let socket = UdpSocket::bind(SocketAddr::new(own, 0)).ok()?;
            socket.connect(SocketAddr::new(far, 9)).ok()?;
            socket.local_addr().ok().map(|address| address.ip())
        };
        Self(FAR.map(from))
    }
}

/// Whatever tells of changes.
pub(crate) struct Network {
    way: Way,
    #[cfg(target_os = "linux")]
    routes: Option<routes::Routes>,
}

impl Network {
    /// To be made on the runtime.
    pub(crate) fn new() -> Self {
        Self {
            way: Way::now(),
            #[cfg(target_os = "linux")]
            routes: routes::Routes::new().inspect_err(|e| tracing::debug!(kind = ?e.kind(), "nothing tells of networks")).ok(),
        }
    }

    /// Waits until the machine's way into the network is another one, or was gone meanwhile.
    pub(crate) async fn changed(&mut self) {
        loop {
            self.stirred().await;
            // At once: a way that is gone for a moment leaves lines behind that lead nowhere.
            let lost = Way::now() != self.way;
            tokio::time::sleep(SETTLE).await;
            let now = Way::now();
            if lost || now != self.way {
                self.way = now;
                return;
            }
        }
    }

    #[cfg(target_os = "linux")]
    async fn stirred(&mut self) {
        if let Some(routes) = &mut self.routes {
            match routes.stirred().await {
                Ok(()) => return,
                Err(error) => tracing::info!(kind = ?error.kind(), "nothing tells of networks any more"),
            }
            self.routes = None;
        }
        std::future::pending().await
    }

    #[cfg(not(target_os = "linux"))]
    async fn stirred(&mut self) {
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(target_os = "linux")]
mod routes {
    use rustix::net::netlink::SocketAddrNetlink;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
    use std::io;
    use tokio::net::unix::pipe::Receiver;

    /// RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE (rtnetlink(7)).
    const GROUPS: u32 = 0x10 | 0x40 | 0x100 | 0x400;

    /// The system's own word on addresses and routes. It is read like a pipe, and only that there is something matters.
    pub(super) struct Routes(Receiver);

    impl Routes {
        pub(super) fn new() -> io::Result<Self> {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
            bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
            Receiver::from_owned_fd_unchecked(socket).map(Self)
        }

        /// Waits for the next word, and takes all that stands there already.
        pub(super) async fn stirred(&mut self) -> io::Result<()> {
            self.0.readable().await?;
            loop {
                match self.0.try_read(&mut [0u8; 4096]) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    // More was told than fits: all the more has changed.
                    Err(e) if e.raw_os_error() == Some(rustix::io::Errno::NOBUFS.raw_os_error()) => {}
                    Err(e) => return Err(e),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_nothing_moves_nothing_is_told() {
        let mut network = Network::new();
        assert_eq!(network.way, Way::now());
        assert!(tokio::time::timeout(Duration::from_millis(50), network.changed()).await.is_err());
    }

    /// Set in the process that has a network of its own.
    #[cfg(target_os = "linux")]
    const INSIDE: &str = "GODWIT_TEST_IN_A_NETWORK_OF_ITS_OWN";

    #[cfg(target_os = "linux")]
    fn unshare(flags: &str) -> std::process::Command {
        let mut command = std::process::Command::new("unshare");
        command.arg(flags);
        command
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_network_is_noticed_and_a_mere_stir_is_not() {
        if std::env::var_os(INSIDE).is_some() {
            return tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(from_network_to_network());
        }
        let allowed = |flags: &&str| unshare(flags).arg("true").output().is_ok_and(|out| out.status.success());
        let Some(flags) = ["-n", "-Urn"].into_iter().find(allowed) else {
            return println!("skipped: this system allows no network namespace");
        };
        let name = "os::network::tests::another_network_is_noticed_and_a_mere_stir_is_not";
        let inside =
            unshare(flags).arg(std::env::current_exe().unwrap()).args(["--exact", name]).env(INSIDE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&inside.stdout);
        assert!(inside.status.success() && said.contains("1 passed"), "{said}");
    }

    #[cfg(target_os = "linux")]
    async fn from_network_to_network() {
        let ip = |args: &str| {
            let out = std::process::Command::new("ip").args(args.split(' ')).output().unwrap();
            assert!(out.status.success(), "ip {args}: {}", String::from_utf8_lossy(&out.stderr));
        };
        let noticed = async |network: &mut Network, long: u64| {
            tokio::time::timeout(Duration::from_millis(long), network.changed()).await.is_ok()
        };
        ip("link set lo up");
        let mut network = Network::new();
        assert_eq!(network.way, Way::default(), "it leads nowhere yet");
        ip("address add 10.9.0.1/24 dev lo");
        assert!(!noticed(&mut network, 1_500).await, "an address without a way out is no network");
        ip("route add default dev lo src 10.9.0.1");
        assert!(noticed(&mut network, 30_000).await);
        ip("address add 10.9.1.1/24 dev lo");
        assert!(!noticed(&mut network, 1_500).await, "the way out is the same");
        ip("route replace default dev lo src 10.9.1.1");
        assert!(noticed(&mut network, 30_000).await);
        // Gone for a moment: whoever has the same address after it has other neighbours.
        let wait = noticed(&mut network, 30_000);
        let blink = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            ip("route del default");
            tokio::time::sleep(Duration::from_millis(150)).await;
            ip("route add default dev lo src 10.9.1.1");
        };
        assert!(tokio::join!(wait, blink).0);
        assert!(!noticed(&mut network, 1_500).await);
    }
}
