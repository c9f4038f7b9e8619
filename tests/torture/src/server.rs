//! The servers of a run: a real Dovecot with all it can do, one with less, and a submission server that remembers what it took.

use anyhow::Result;
use godwit_tests::authority::Leaf;
use godwit_tests::dovecot::{Dovecot, Setup};
use godwit_tests::relay::{Relay, Takes};
use std::sync::{Arc, Mutex, PoisonError};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// All extensions but COMPRESS, which would hide the commands from the proxy's notes.
    Full,
    /// No MOVE. Mail is handed in by BDAT there, on the others by DATA.
    NoMove,
    /// Neither MOVE nor UIDPLUS, and no CONDSTORE: nothing tells where a message went.
    Plain,
}

/// All kinds.
pub const KINDS: [Kind; 3] = [Kind::Full, Kind::NoMove, Kind::Plain];

/// A running server.
pub struct Server {
    /// Mail.
    pub dovecot: Dovecot,
    /// Where mail is handed in. It delivers nothing, it only remembers.
    pub submission: Relay,
}

impl Server {
    /// The one of this kind in this process; started at first use.
    pub fn of(kind: Kind) -> Result<Arc<Self>> {
        static RUNNING: Mutex<Vec<(Kind, Arc<Server>)>> = Mutex::new(Vec::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, server)) = running.iter().find(|(k, _)| *k == kind) {
            return Ok(server.clone());
        }
        let server = Arc::new(Self::start(kind)?);
        running.push((kind, server.clone()));
        Ok(server)
    }

    fn start(kind: Kind) -> Result<Self> {
        let masked: &[&str] = match kind {
            Kind::Full => &["COMPRESS=DEFLATE"],
            Kind::NoMove => &["COMPRESS=DEFLATE", "MOVE"],
            Kind::Plain => &["COMPRESS=DEFLATE", "MOVE", "UIDPLUS", "QRESYNC", "CONDSTORE", "NOTIFY"],
        };
        let dovecot = Dovecot::start(&Setup { masked: masked.to_vec(), ..Setup::default() })?;
        let takes = if kind == Kind::NoMove { Takes::Chunks } else { Takes::Data };
        let submission = Relay::start_tls(dovecot.authority().server_config(Leaf::Good)?, takes)?;
        Ok(Self { dovecot, submission })
    }
}
