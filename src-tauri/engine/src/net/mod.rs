//! Sockets: names looked up, TCP opened, TLS made and checked, every byte waited for only so long.
//! IMAP and SMTP share it. It never speaks a mail protocol and never sends a byte in clear on its own.

mod certificate;
mod connect;
mod patient;
#[cfg(test)]
mod tests;
mod tls;

pub(crate) use connect::io_error;
pub use connect::{ConnectError, Link, connect};
pub use patient::Patient;
pub use tls::TlsContext;
