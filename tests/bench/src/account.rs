//! Where both sides sign in, as a child gets it on its command line.

use godwit_domain::AccountDraft;
use godwit_domain::{Security, Server};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The throwaway account of this run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub imaps: u16,
    pub submissions: u16,
    pub root: PathBuf,
    pub address: String,
    pub password: String,
    /// Messages in its inbox.
    pub messages: u32,
}

impl Account {
    pub fn draft(&self) -> AccountDraft {
        let server = |port| Server { host: "localhost".to_owned(), port, security: Security::Tls, pin: None };
        AccountDraft {
            email: self.address.clone(),
            name: String::new(),
            user: self.address.clone(),
            imap: server(self.imaps),
            smtp: server(self.submissions),
        }
    }
}
