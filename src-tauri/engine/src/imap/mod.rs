//! IMAP: the home of async-imap, which signs in and compresses; framing, reading and waiting are our own (docs/protocol.md section 2).
//! It knows no store and decides nothing about synchronising.

mod bodies;
mod capabilities;
mod changing;
mod code;
mod command;
mod connection;
mod events;
mod exchange;
mod fetch;
mod fetching;
mod framer;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod fuzz;
mod idle;
mod items;
mod mailboxes;
mod mutf7;
mod notify;
mod piles;
mod quota;
mod refusal;
mod response;
mod rows;
#[cfg(test)]
mod scripted;
mod searching;
mod session;
mod sign_in;
mod tap;
#[cfg(test)]
mod tests;
mod token;

pub use capabilities::Capabilities;
pub use connection::{Connection, Dial};
pub use fetching::HEADER_FIELDS;
pub use items::*;
pub use mutf7::{decode as decode_name, encode as encode_name};
#[cfg(test)]
pub(crate) use scripted::over;
pub use sign_in::{ImapTarget, probe};
