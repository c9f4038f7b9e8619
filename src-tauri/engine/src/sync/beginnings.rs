//! Of mail that is too long to be kept whole the text is kept all the same: its beginning, without the half of an attachment.

use super::AccountSync;
use super::ahead::{Bodies, Way, Wish, packed};
use crate::store::{Extent, Lane};
use godwit_domain::api::SyncBodies;
use godwit_domain::sync::{Sent, UidSet, sent};
use godwit_domain::{MailboxId, MessageId, Result, mime};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// How much of each message is fetched: text that goes on beyond it is rare.
const BYTES: u32 = 64 << 10;
/// Messages of one command, which are also one transaction.
const TOGETHER: usize = 16;
/// Rows of one step.
const ROWS: u32 = 500;

impl AccountSync {
    /// One step of fetching beginnings ahead, once all that is kept whole is here. Answers whether there may be more.
    pub(super) async fn prefetch_beginnings(&self, bodies: SyncBodies, way: Way) -> Result<bool> {
        let below = self.prefetched().beginnings;
        let Some((lowest, boxes)) = self.missing(bodies, Extent::Beginning, ROWS, below).await? else { return Ok(false) };
        for (mailbox, rows) in boxes {
            match self.beginnings_in(mailbox, rows, way).await {
                Ok(true) => {}
                // What something else came before is asked for again.
                Ok(false) => return Ok(true),
                Err(error) if self.conn.is_alive() && sent(&error) != Sent::Open => {
                    tracing::info!(kind = ?error.kind, "a mailbox gives no beginnings");
                }
                Err(error) => return Err(error),
            }
        }
        self.prefetched().beginnings = Some(lowest);
        Ok(true)
    }

    /// False where something else came between.
    async fn beginnings_in(&self, mailbox: MailboxId, rows: Vec<Wish>, way: Way) -> Result<bool> {
        if !self.select_same(mailbox).await? {
            return Ok(true);
        }
        for part in rows.chunks(TOGETHER) {
            if self.gives(way) {
                return Ok(false);
            }
            let uids: UidSet = part.iter().map(|(uid, ..)| *uid).collect();
            let by_uid: HashMap<u32, MessageId> = part.iter().map(|(uid, message, _)| (*uid, *message)).collect();
            let (each, mut come) = mpsc::channel::<(u32, Vec<u8>)>(TOGETHER);
            let gather = async {
                let mut out = Bodies::new();
                while let Some((uid, raw)) = come.recv().await {
                    out.extend(by_uid.get(&uid).map(|message| (*message, raw)));
                }
                out
            };
            let (fetched, come) = tokio::join!(self.conn.fetch_beginnings(&uids, BYTES, each), gather);
            fetched?;
            let packed = packed(come, |raw| raw.get(..mime::text_end(raw)).unwrap_or(raw)).await?;
            self.store
                .write(Lane::Sync, move |w| packed.into_iter().try_for_each(|(message, p)| w.put_beginning(message, p)))
                .await?;
        }
        Ok(true)
    }
}
