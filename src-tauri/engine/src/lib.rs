//! Everything of Godwit that touches disk or network, and nothing that draws.
//! Arrows inside: `engine, face -> worker, outbox -> sync -> store | imap | smtp`; store and imap never import each other.

pub mod clock;
pub mod context;
mod engine;
mod face;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod imap;
mod lines;
#[cfg(test)]
mod memory;
pub mod net;
pub mod os;
pub mod outbox;
mod planted;
#[cfg(test)]
mod pretend;
mod protocol_log;
pub mod reading;
pub mod secrets;
pub mod smtp;
#[path = "../../domain/src/steps.rs"]
mod steps;
pub mod store;
pub mod sync;
pub mod worker;

pub use engine::{Engine, OpenOptions, OpenReport};
pub use protocol_log::ProtocolLog;
