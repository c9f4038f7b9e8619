//! Everything of Godwit that touches disk or network, and nothing that draws.
//! Arrows inside: `engine -> worker -> sync, outbox -> store | imap | smtp`; store and imap never import each other.

pub mod imap;
pub mod net;
pub mod os;
pub mod outbox;
pub mod reading;
pub mod secrets;
pub mod smtp;
pub mod store;
