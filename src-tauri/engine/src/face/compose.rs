//! Drafts: started, saved, given attachments, thrown away; and made into what goes out.

use super::messages::blocking;
use crate::engine::Engine;
use crate::store::{Lane, OutboxRow};
use godwit_domain::api::*;
use godwit_domain::compose::{self, DraftProblem, Start};
use godwit_domain::*;
use std::path::PathBuf;

/// The largest file that can be attached, in bytes.
const MOST_ATTACHED: u64 = 50 << 20;
/// Drafts that one answer lists.
const MOST_DRAFTS: usize = 100;
/// Proposals while typing an address.
const MOST_CONTACTS: u32 = 50;

pub(super) async fn start(engine: &Engine, asked: Compose) -> Result<Draft> {
    match asked.from {
        ComposeFrom::Nothing { account } => {
            let account = account_or_first(engine, account).await?;
            put(engine, with_signature(Start::default(), &account), account.id, None, Vec::new()).await
        }
        ComposeFrom::Mailto { url } => {
            let account = account_or_first(engine, None).await?;
            put(engine, with_signature(compose::mailto(&url)?, &account), account.id, None, Vec::new()).await
        }
        ComposeFrom::Reply { id, all } => {
            let account = account_of(engine, id).await?;
            // What can be read can be answered.
            let raw = engine.inner.line.readable(id).await?.raw;
            let me = own_addresses(engine).await?;
            let start = blocking(move || compose::reply(&mime::parse(&raw), &me, all)).await?;
            put(engine, with_signature(start, &account), account.id, Some(id), Vec::new()).await
        }
        ComposeFrom::Forward { id } => {
            let (account, raw) = (account_of(engine, id).await?, super::messages::whole(engine, id).await?);
            let (start, parts) = blocking(move || {
                let start = compose::forward(&mime::parse(&raw));
                let parts = start.parts.iter().filter_map(|part| mime::part(&raw, *part)).collect();
                (start, parts)
            })
            .await?;
            put(engine, with_signature(start, &account), account.id, Some(id), parts).await
        }
        ComposeFrom::Message { id } => {
            let kept = engine.inner.context.store.read(move |r| r.draft_kept_at(id)?.map(|draft| r.draft(draft)).transpose());
            if let Some(draft) = kept.await? {
                return Ok(draft);
            }
            let (account, raw) = (account_of(engine, id).await?, super::messages::whole(engine, id).await?);
            let (start, parts) = blocking(move || {
                let start = compose::resume(&mime::parse(&raw));
                let parts = start.parts.iter().filter_map(|part| mime::part(&raw, *part)).collect();
                (start, parts)
            })
            .await?;
            let draft = put(engine, start, account.id, None, parts).await?;
            take_up(engine, draft, id).await
        }
        ComposeFrom::Draft { draft } => engine.inner.context.store.read(move |r| r.draft(draft)).await,
    }
}

/// A message of a Drafts mailbox and the draft made of it are one from now on.
async fn take_up(engine: &Engine, draft: Draft, id: PlacementId) -> Result<Draft> {
    engine
        .inner
        .context
        .store
        .write(Lane::User, move |w| {
            let date = w.message_of(id)?.date;
            w.draft_taken_up(draft.id, id, date)?;
            w.draft(draft.id)
        })
        .await
}

async fn account_or_first(engine: &Engine, account: Option<AccountId>) -> Result<Account> {
    engine
        .inner
        .context
        .store
        .read(move |r| match account {
            Some(id) => r.account(id),
            None => r
                .accounts()?
                .into_iter()
                .next()
                .ok_or_else(|| Error::invalid("There is no account to write from.").mend("Add your mail account first.")),
        })
        .await
}

async fn own_addresses(engine: &Engine) -> Result<Vec<String>> {
    engine.inner.context.store.read(|r| Ok(r.accounts()?.into_iter().map(|a| a.email).collect())).await
}

async fn account_of(engine: &Engine, id: PlacementId) -> Result<Account> {
    engine.inner.context.store.read(move |r| r.account(r.message_of(id)?.account)).await
}

/// The signature stands under the person's own words and above the quote.
fn with_signature(mut start: Start, account: &Account) -> Start {
    let signature = account.signature.trim_end();
    if !signature.is_empty() {
        start.text = format!("{}\n\n-- \n{signature}\n", start.text.trim_end());
    }
    start
}

async fn put(
    engine: &Engine,
    start: Start,
    account: AccountId,
    answers: Option<PlacementId>,
    parts: Vec<(Attachment, Vec<u8>)>,
) -> Result<Draft> {
    let draft = Draft { answers, ..start.into_draft(DraftId(0), account) };
    engine
        .inner
        .context
        .store
        .write(Lane::User, move |w| {
            let mut draft = w.draft_put(&draft)?;
            for (attachment, bytes) in parts {
                draft = w.draft_attach(draft.id, &attachment.name, &attachment.media_type, bytes)?;
            }
            // Nobody has written a word yet: "saved" would be said too early.
            Ok(Draft { saved_at: 0, ..draft })
        })
        .await
}

/// What lies in the outbox goes out from there and is no draft to be written on.
pub(super) async fn list(engine: &Engine, _: Drafts) -> Result<Vec<Draft>> {
    engine
        .inner
        .context
        .store
        .read(|r| {
            let mut leaving = Vec::new();
            for item in r.outbox_open()? {
                leaving.extend(r.outbox_head(item.id)?.mail.draft);
            }
            let mut drafts = r.drafts()?;
            drafts.retain(|draft| !leaving.contains(&draft.id));
            drafts.truncate(MOST_DRAFTS);
            Ok(drafts)
        })
        .await
}

pub(super) async fn save(engine: &Engine, asked: DraftSave) -> Result<Draft> {
    let mut draft = asked.draft;
    draft.html = draft.html.map(|html| html::sanitise_for_composer(&html));
    draft.quote_html = html::sanitise_for_composer(&draft.quote_html);
    draft.saved_at = crate::clock::now();
    let saved = engine.inner.context.store.write(Lane::User, move |w| w.draft_update(&draft)).await?;
    engine.inner.drafts.notify_one();
    Ok(saved)
}

pub(super) async fn rest(engine: &Engine, asked: DraftRest) -> Result<()> {
    engine.inner.context.store.write(Lane::User, move |w| w.draft_rests(asked.draft)).await?;
    engine.inner.drafts.notify_one();
    Ok(())
}

pub(super) async fn discard(engine: &Engine, asked: DraftDiscard) -> Result<()> {
    engine.inner.context.store.write(Lane::User, move |w| w.draft_discard(asked.draft)).await?;
    // Its copies may lie in any account: whoever it was written from may have changed.
    engine.inner.workers.push_all();
    Ok(())
}

pub(crate) async fn attach(engine: &Engine, draft: DraftId, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Draft> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MOST_ATTACHED {
        return Err(too_large());
    }
    let (name, media_type) = (mime::safe_name(name, media_type), media_type.to_owned());
    let attached = engine
        .inner
        .context
        .store
        .write(Lane::User, move |w| {
            let attached = w.draft_attach(draft, &name, &media_type, bytes)?;
            w.draft_touched(draft).map(|()| attached)
        })
        .await?;
    engine.inner.drafts.notify_one();
    Ok(attached)
}

fn too_large() -> Error {
    Error::invalid("This file is larger than 50 MB; most servers refuse such mail.").mend("Send a link to it instead.")
}

pub(super) async fn attach_path(engine: &Engine, asked: DraftAttach) -> Result<Draft> {
    let path = PathBuf::from(asked.path);
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = blocking(move || {
        let fail = |error: std::io::Error| crate::os::io_error("read a file", &path, &error);
        let size = std::fs::metadata(&path).map_err(fail)?.len();
        if size > MOST_ATTACHED {
            return Err(too_large());
        }
        std::fs::read(&path).map_err(fail)
    })
    .await??;
    attach(engine, asked.draft, &name, "application/octet-stream", bytes).await
}

pub(super) async fn detach(engine: &Engine, asked: DraftDetach) -> Result<Draft> {
    let detached = engine
        .inner
        .context
        .store
        .write(Lane::User, move |w| {
            w.draft_touched(asked.draft)?;
            w.draft_detach(asked.draft, &asked.attachment)
        })
        .await?;
    engine.inner.drafts.notify_one();
    Ok(detached)
}

pub(super) async fn contacts(engine: &Engine, asked: Contacts) -> Result<Vec<Contact>> {
    engine.inner.context.store.read(move |r| r.contacts(&asked.prefix, asked.limit.min(MOST_CONTACTS))).await
}

/// What goes out of a draft: built once, its Message-ID fixed here for good.
pub(super) async fn outgoing(engine: &Engine, draft: DraftId) -> Result<(OutboxRow, Settings)> {
    let (draft, account, files, settings) = engine
        .inner
        .context
        .store
        .read(move |r| {
            let draft = r.draft(draft)?;
            let account = r.account(draft.account)?;
            let files = draft.attachments.iter().map(|a| Ok((a.clone(), r.draft_attachment(draft.id, &a.id)?)));
            let files = files.collect::<Result<Vec<_>>>()?;
            Ok((draft, account, files, r.settings()?))
        })
        .await?;
    // A forgotten attachment is asked about in the composer; here only what no server would take stops the mail.
    if let Some(problem) = compose::check(&draft).into_iter().find(|p| !matches!(p, DraftProblem::AttachmentForgotten)) {
        return Err(Error::invalid(problem.to_string()).mend("Mend it in the draft, then send again."));
    }
    let identity = Identity { account: account.id, name: account.name, email: account.email, signature: account.signature };
    let message_id = new_message_id(&identity.email)?;
    let now = crate::clock::now();
    let envelope = compose::envelope(&draft, &identity);
    let (id, built) = (message_id.clone(), draft.clone());
    let raw = blocking(move || compose::build(&built, &identity, &id, now, files)).await?;
    let row = OutboxRow {
        account: draft.account,
        state: OutboxState::Held,
        due: now,
        envelope_from: envelope.from,
        recipients: envelope.recipients,
        subject: draft.subject,
        raw,
        message_id,
        draft: Some(draft.id),
        answers: draft.answers,
        forwards: draft.forwards,
    };
    Ok((row, settings))
}

/// A Message-ID nobody else makes, out of 128 random bits.
pub(super) fn new_message_id(email: &str) -> Result<String> {
    Ok(sending::message_id(&crate::os::random_name()?, email))
}
