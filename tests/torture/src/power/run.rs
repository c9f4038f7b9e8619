//! A store at work on a recorded disk, and the power going at every moment of it: the profile must still hold every
//! wish that had been answered, and the lists must say what the rows say.

use super::image::{Files, Unsynced, after, files, write};
use super::{Did, Op, forget, watch};
use anyhow::{Context, Result, bail, ensure};
use godwit_domain::mime::Headers;
use godwit_domain::sync::{Listed, NewPlacement, ServerFacts};
use godwit_domain::{
    AccountDraft, AccountId, Action, Address, Draft, DraftId, Flags, MailboxId, OutboxState, PlacementId, Security, Server,
    Targets, Verb, api,
};
use godwit_engine::store::{Lane, OutboxRow, ProfileKey, Store, Writer};
use godwit_tests::sample::Dice;
use std::path::Path;

pub(super) const KEY: [u8; 32] = [7; 32];
/// Mail in the inbox at the beginning.
const MAILS: u32 = 24;

/// What a campaign of power cuts saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Moments at which the power went.
    pub cuts: u32,
    /// Those between an intent's commit and its projection.
    pub between: u32,
    /// Those after which the cache was built anew.
    pub rebuilt: u32,
    /// Writes, syncs and the like that were recorded.
    pub ops: u32,
}

/// How a campaign of power cuts ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// All that had been answered was there, every time.
    Kept(Summary),
    /// Something was not, or the profile did not open.
    Lost(String),
}

/// What profile.db owes: what waits, placement by placement, and how much that is; the mails in the outbox, and the drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owed {
    waiting: Vec<String>,
    wishes: u32,
    outbox: Vec<String>,
    drafts: Vec<String>,
}

/// A moment: how many operations had been recorded, and what was owed then.
struct Moment {
    ops: usize,
    owed: Owed,
}

/// Works for `steps` steps, then loses the power after every `stride`th operation of them, three times each.
pub async fn lose_power(seed: u64, steps: u32, stride: usize) -> Result<Verdict> {
    let home = tempfile::Builder::new().prefix("godwit-power-").tempdir()?;
    let account = begin(home.path()).await?;
    let before = files(home.path())?;
    let disk = watch(home.path());
    let worked = work(home.path(), account, seed, steps, &disk).await;
    forget(&disk);
    let moments = worked?;
    let ops = disk.ops().clone();
    let first = moments.first().map_or(0, |m| m.ops);
    ensure!(ops.len() > first + 20 && ops.iter().any(|op| matches!(op.did, Did::Sync)), "nothing was recorded: {}", ops.len());
    let mut summary = Summary { ops: u32::try_from(ops.len())?, ..Summary::default() };
    let mut dice = Dice::new(seed);
    for cut in (first..=ops.len()).step_by(stride.max(1)) {
        for unsynced in [Unsynced::Lost, Unsynced::Some, Unsynced::Kept] {
            let left = after(&before, &ops[..cut], unsynced, &mut dice);
            let found = examine(&left, account, &moments, cut).await;
            let (healed, rebuilt) = match found {
                Ok(found) => found,
                Err(why) => {
                    let last: Vec<String> = ops[..cut].iter().rev().take(3).map(described).collect();
                    let when = format!("after operation {cut} of {}, unsynced writes {unsynced:?}", ops.len());
                    return Ok(Verdict::Lost(format!("power lost {when}; last: {}: {why:#}", last.join(" <- "))));
                }
            };
            summary.cuts += 1;
            summary.between += u32::from(healed);
            summary.rebuilt += u32::from(rebuilt);
        }
    }
    Ok(Verdict::Kept(summary))
}

fn described(op: &Op) -> String {
    let did = match &op.did {
        Did::Write { at, bytes } => format!("write {} at {at}", bytes.len()),
        other => format!("{other:?}"),
    };
    format!("{} {did}", op.file)
}

/// A profile with an account, folders and mail, closed in order.
pub(super) async fn begin(dir: &Path) -> Result<AccountId> {
    let (store, _) = Store::open(dir, &ProfileKey::new(KEY))?;
    let account = store
        .write(Lane::Sync, |w| {
            let server = Server { host: "imap.fjordlys.example".into(), port: 993, security: Security::Tls, pin: None };
            let email = "marit@fjordlys.example".to_owned();
            let draft =
                AccountDraft { email: email.clone(), name: "Marit".into(), user: email, imap: server.clone(), smtp: server };
            let account = w.account_add(&draft, &api::Password::new("sesam".into()))?.id;
            let listed = [("INBOX", ""), ("Archive", "\\Archive"), ("Trash", "\\Trash"), ("Boathouse", "")].map(listed);
            for state in w.mailboxes_listed(account, &listed)? {
                w.mailbox_selected(state.id, 1)?;
            }
            let inbox = w.mailbox_by_path(account, "INBOX")?;
            if let Some(inbox) = inbox {
                w.insert_new(inbox, 1, (1..=MAILS).rev().map(mail).collect())?;
            }
            Ok(account)
        })
        .await?;
    store.close().await;
    Ok(account)
}

/// What there is to work on.
pub(super) struct Stage {
    account: AccountId,
    inbox: MailboxId,
    boathouse: MailboxId,
    ids: Vec<PlacementId>,
}

impl Stage {
    pub(super) async fn of(store: &Store, account: AccountId) -> Result<Self> {
        let inbox = store.read(move |r| r.mailbox_by_path(account, "INBOX")).await?.context("no inbox")?;
        let boathouse = store.read(move |r| r.mailbox_by_path(account, "Boathouse")).await?.context("no folder")?;
        Ok(Self { account, inbox, boathouse, ids: rows(store, inbox).await? })
    }

    /// One wish of a person, or news of a server. The dice fall the same whatever becomes of it.
    pub(super) async fn step(&self, store: &Store, step: u32, dice: &mut Dice) -> godwit_domain::Result<()> {
        let Self { account, inbox, boathouse, ids } = self;
        let (account, inbox, boathouse) = (*account, *inbox, *boathouse);
        match dice.below(8) {
            0 => {
                let mails = (0..5).map(|n| mail(MAILS + step * 5 + n + 1)).collect();
                store.write(Lane::Sync, move |w| w.insert_new(inbox, 1, mails)).await.map(drop)
            }
            1 => {
                let (row, draft) = (letter(account, step), sheet(account, step));
                let both = move |w: &mut Writer<'_>| w.outbox_put(&row).and_then(|_| w.draft_put(&draft));
                store.write(Lane::User, both).await.map(drop)
            }
            roll => {
                let ids: Vec<PlacementId> = (0..=dice.below(3)).map(|_| *dice.pick(ids)).collect();
                let mark = |add: &str, remove: &str| Verb::Mark { add: vec![add.into()], remove: vec![remove.into()] };
                let verb = match roll {
                    2 | 3 => mark("\\Flagged", "\\Seen"),
                    4 => mark("\\Seen", "\\Flagged"),
                    5 => Verb::Move { to: boathouse },
                    6 => Verb::Copy { to: boathouse },
                    _ => Verb::Archive,
                };
                store.perform(Action { verb, targets: Targets::ids(ids) }).await.map(drop)
            }
        }
    }
}

/// Random wishes of a person and news of a server, each noted once it was answered.
async fn work(dir: &Path, account: AccountId, seed: u64, steps: u32, disk: &super::Disk) -> Result<Vec<Moment>> {
    let (store, _) = Store::open(dir, &ProfileKey::new(KEY))?;
    let stage = Stage::of(&store, account).await?;
    let mut dice = Dice::new(seed);
    let owed_first = owed(&store, account).await?;
    let mut moments = vec![Moment { ops: disk.ops().len(), owed: owed_first }];
    for step in 0..steps {
        stage.step(&store, step, &mut dice).await?;
        let owed = owed(&store, account).await?;
        moments.push(Moment { ops: disk.ops().len(), owed });
    }
    store.close().await;
    Ok(moments)
}

async fn rows(store: &Store, mailbox: MailboxId) -> godwit_domain::Result<Vec<PlacementId>> {
    let spec = godwit_domain::ViewSpec {
        scope: godwit_domain::Scope::Mailbox { mailbox },
        filter: godwit_domain::Filter::All,
        threaded: false,
        search: None,
    };
    let opened = store.view_open(spec).await?;
    let rows = store.view_window(opened.view, 0, 500).await?;
    store.view_close(opened.view);
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub(super) async fn owed(store: &Store, account: AccountId) -> Result<Owed> {
    let read = move |r: &godwit_engine::store::Reader<'_>| {
        let mut waiting: Vec<String> = r
            .pending(account)?
            .into_iter()
            .map(|p| format!("{}: {:?} to {:?}, gone {}", p.placement, p.edit, p.target, p.gone))
            .collect();
        waiting
            .extend(r.pending_copies(account)?.into_iter().map(|c| format!("copy {} of {} to {}", c.id, c.placement, c.target)));
        waiting.sort();
        let mut outbox: Vec<String> = r.outbox()?.into_iter().map(|o| format!("{}: {:?} {}", o.id, o.state, o.subject)).collect();
        outbox.sort();
        let mut drafts: Vec<String> = r.drafts()?.into_iter().map(|d| format!("{}: {} {}", d.id, d.subject, d.text)).collect();
        drafts.sort();
        Ok(Owed { waiting, wishes: r.waiting_count(account)?, outbox, drafts })
    };
    Ok(store.read(read).await?)
}

/// Opens what is left. Answers whether wishes had to be shown anew, and whether the cache was built anew.
async fn examine(left: &Files, account: AccountId, moments: &[Moment], cut: usize) -> Result<(bool, bool)> {
    let dir = tempfile::Builder::new().prefix("godwit-power-").tempdir()?;
    write(left, dir.path())?;
    let (store, report) = Store::open(dir.path(), &ProfileKey::new(KEY)).context("the profile does not open")?;
    let found = owed(&store, account).await;
    let wrong = store.read(|r| r.audit()).await;
    store.close().await;
    let (found, wrong) = (found?, wrong?);
    ensure!(wrong.is_empty(), "the lists do not say what the rows say: {wrong:?}");
    // What had been answered by then must stand; what was under way may stand or not.
    let answered = moments.iter().rposition(|m| m.ops <= cut).unwrap_or(0);
    let possible = moments.iter().skip(answered).take(2);
    let rebuilt = report.damaged_cache.is_some();
    // A cache that was built anew has no rows yet to name what is wanted of them; how much that is stands in profile.db.
    let is_kept = |m: &Moment| {
        let waiting = if rebuilt { m.owed.wishes == found.wishes } else { m.owed.waiting == found.waiting };
        waiting && m.owed.outbox == found.outbox && m.owed.drafts == found.drafts
    };
    if !possible.into_iter().any(is_kept) {
        let owed = moments.get(answered).map(|m| &m.owed);
        bail!("what had been answered is not there.\n    owed:  {owed:?}\n    found: {found:?}");
    }
    Ok((report.healed > 0, rebuilt))
}

fn sheet(account: AccountId, step: u32) -> Draft {
    Draft {
        id: DraftId(0),
        account,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: format!("Sheet {step}"),
        html: None,
        text: "The keel is laid.".into(),
        quote_html: String::new(),
        quote_text: String::new(),
        attachments: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        answers: None,
        forwards: false,
        saved_at: 0,
    }
}

fn listed((path, attribute): (&str, &str)) -> Listed {
    Listed {
        wire_name: path.into(),
        path: path.into(),
        delimiter: Some('/'),
        attributes: Some(attribute.to_owned()).filter(|a| !a.is_empty()).into_iter().collect(),
        subscribed: true,
        status: None,
    }
}

fn mail(uid: u32) -> NewPlacement {
    let mut identity = [0; 16];
    identity[..4].copy_from_slice(&uid.to_le_bytes());
    let date = Some(1_700_000_000 + i64::from(uid) * 60);
    NewPlacement {
        uid,
        flags: Flags::none(),
        modseq: None,
        internal_date: date,
        size: 1_000 + uid,
        facts: ServerFacts::default(),
        headers: Headers {
            subject: format!("Letter {uid}"),
            from: vec![Address { name: "Jonas Lindqvist".into(), address: "jonas@solheim.example".into() }],
            date,
            message_id: Some(format!("{uid}@solheim.example")),
            identity,
            ..Headers::default()
        },
    }
}

fn letter(account: AccountId, step: u32) -> OutboxRow {
    OutboxRow {
        account,
        state: OutboxState::Held,
        due: i64::MAX,
        envelope_from: "marit@fjordlys.example".into(),
        recipients: vec!["jonas@solheim.example".into()],
        subject: format!("Mail {step}"),
        raw: format!("Subject: Mail {step}\r\n\r\nThe winch sits further back.\r\n").into_bytes(),
        message_id: format!("{step}@fjordlys.example"),
        draft: None,
        answers: None,
        forwards: false,
    }
}
