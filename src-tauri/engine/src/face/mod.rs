//! The answers to requests, one file a subject. Here meet store, workers, reading and outbox; none of them knows the others' words.

mod accounts;
mod bundle;
pub(crate) mod compose;
mod doctor;
mod files;
mod gap;
mod keep;
mod lists;
mod mailboxes;
mod messages;
mod removed;
mod sending;

use crate::engine::{Engine, json};
use godwit_domain::Result;
use godwit_domain::api::Request;
use serde_json::Value;

macro_rules! answers {
    ($engine:ident, $request:ident, $($variant:ident => $room:ident :: $name:ident,)*) => {
        // On the heap: the longest of all answers would otherwise stand on the stack of whoever asks, whatever is asked.
        match $request { $(Request::$variant(asked) => json(Box::pin($room::$name($engine, asked)).await?),)* }
    };
}

pub(crate) async fn answer(engine: &Engine, request: Request) -> Result<Value> {
    answers! { engine, request,
        Accounts => accounts::list,
        AccountDiscover => accounts::discover,
        AccountTry => accounts::check,
        AccountAdd => accounts::add,
        AccountTest => accounts::test,
        AccountQuota => accounts::quota,
        AccountPassword => accounts::password,
        AccountEdit => accounts::edit,
        AccountRemove => accounts::remove,
        Status => accounts::status,
        Sync => accounts::sync,
        NetworkBack => accounts::network_back,
        Mailboxes => mailboxes::list,
        MailboxCreate => mailboxes::create,
        MailboxRename => mailboxes::rename,
        MailboxDelete => mailboxes::delete,
        MailboxSubscribe => mailboxes::subscribe,
        ViewOpen => lists::open,
        ViewWindow => lists::window,
        ViewPosition => lists::position,
        ViewClose => lists::close,
        Rows => lists::rows,
        Search => lists::search,
        MessageOpen => messages::open,
        MessageClose => messages::close,
        Conversation => messages::conversation,
        MessageRaw => messages::raw,
        AttachmentSave => messages::save_attachment,
        AttachmentOpen => messages::open_attachment,
        FileOpen => files::open,
        FilePartSave => files::save_part,
        FilePartOpen => files::open_part,
        LinkTarget => messages::link,
        Perform => lists::perform,
        Undo => lists::undo,
        RemovedMessages => removed::list,
        Restore => removed::restore,
        MailboxEmpty => removed::empty,
        Compose => compose::start,
        Drafts => compose::list,
        DraftSave => compose::save,
        DraftRest => compose::rest,
        DraftDiscard => compose::discard,
        DraftAttach => compose::attach_path,
        DraftDetach => compose::detach,
        DraftSend => sending::send_draft,
        SendRaw => sending::send_raw,
        Outbox => sending::list,
        OutboxRetry => sending::retry,
        OutboxCancel => sending::cancel,
        Contacts => compose::contacts,
        KeepSettings => keep::list,
        KeepSet => keep::set,
        DiskUses => keep::disk_use,
        GetSettings => accounts::settings,
        SetSettings => accounts::set_settings,
        GetFetching => accounts::fetching,
        Doctor => doctor::run,
        DoctorBundle => bundle::make,
    }
}
