//! The proof of no loss: lines that break at a chosen byte, processes and disks that stop, between the real engine and
//! real servers; and a judge that asks neither the engine nor the proxy but Python's imaplib what is left.
#![cfg(unix)]
#![deny(unsafe_code)]

pub mod campaign;
mod drafts;
pub mod fault;
pub mod judge;
pub mod kill;
pub mod lane;
pub mod oracle;
pub mod power;
pub mod random;
pub mod scenario;
pub mod server;
pub mod world;
