//! godwitctl: the second face on the same engine, for scripts and terminals. One JSON document or readable text on stdout,
//! everything else on stderr; it knows requests and their shapes, and nothing of IMAP, SQL or MIME.

mod accounts;
mod args;
mod doctor;
mod face;
mod failure;
mod mailboxes;
mod messages;
mod names;
mod output;
mod reading;
mod removed;
mod sending;
mod shapes;
mod sync;
mod values;
mod verbs;

use args::{AccountCommand, Args, AttachmentCommand, Command, MailboxCommand};
use clap::Parser;
use face::Face;
use failure::{Failure, Outcome};
use godwit_engine::os::dirs;
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap answers wrong usage itself: exit 2, help and version exit 0.
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("GODWIT_LOG").unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("godwitctl: The system gave no threads to run on: {error}. Close some programs and try again.");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(args));
    // What still runs is of no use to anyone: a name look-up that hangs must not hold up the exit.
    runtime.shutdown_background();
    failure::exit(outcome)
}

async fn run(args: Args) -> Outcome {
    let out = Output { json: args.json };
    match args.command {
        Command::Parse { file } => return reading::parse(&file, out),
        Command::Render { file, allow_remote } => return reading::render(&file, allow_remote, out),
        Command::Account(AccountCommand::Discover { email }) => return accounts::discover(&email, out),
        _ => {}
    }
    let dir = dirs::profile(args.profile.as_deref())?;
    let watch = matches!(args.command, Command::Sync { watch: true, .. });
    let mut face = match Face::open(&dir, watch).await {
        Ok(face) => face,
        Err(error) if matches!(args.command, Command::Doctor { .. }) => return doctor::not_open(error, out),
        Err(error) => return Err(error.into()),
    };
    let outcome = with_profile(args.command, &mut face, out).await;
    face.close().await;
    outcome
}

async fn with_profile(command: Command, face: &mut Face, out: Output) -> Outcome {
    match command {
        Command::Account(command) => accounts::run(command, face, out).await,
        Command::Sync { account, watch, bodies } => sync::run(face, account.as_deref(), bodies.into(), watch, out).await,
        Command::Mailboxes => mailboxes::list(face, out).await,
        Command::Mailbox(MailboxCommand::Create { mailbox }) => mailboxes::create(face, &mailbox, out).await,
        Command::Mailbox(MailboxCommand::Rename { mailbox, to }) => mailboxes::rename(face, &mailbox, &to, out).await,
        Command::Mailbox(MailboxCommand::Empty { mailbox, yes }) => removed::empty(face, &mailbox, yes, out).await,
        Command::Mailbox(MailboxCommand::Delete { mailbox }) => mailboxes::delete(face, &mailbox, out).await,
        Command::List { mailbox, page, threads } => messages::list(face, &mailbox, page, threads, out).await,
        Command::Search { query, limit } => messages::search(face, query, limit, out).await,
        Command::Show { message, part } => reading::show(face, message, part.what(), out).await,
        Command::Attachment(AttachmentCommand::Save { message, to }) => reading::save(face, message, &to, out).await,
        Command::Mark { messages, marks } => verbs::mark(face, messages, marks, out).await,
        Command::Move { messages, to } => verbs::to_mailbox(face, messages, &to, verbs::Carry::Move, out).await,
        Command::Copy { messages, to } => verbs::to_mailbox(face, messages, &to, verbs::Carry::Copy, out).await,
        Command::Archive { messages } => verbs::perform(face, godwit_domain::Verb::Archive, messages, out).await,
        Command::Delete { messages, for_good } => verbs::delete(face, messages, for_good, out).await,
        Command::Junk { messages, not } => verbs::junk(face, messages, not, out).await,
        Command::Undo { receipt } => verbs::undo(face, receipt, out).await,
        Command::Removed { account, limit } => removed::list(face, &account, limit, out).await,
        Command::Restore { messages } => removed::restore(face, messages, out).await,
        Command::Send { file, account } => sending::send(face, &file, &account, out).await,
        Command::Outbox { command } => sending::outbox(face, command, out).await,
        Command::Doctor { bundle: None } => doctor::run(face, out).await,
        Command::Doctor { bundle: Some(file) } => doctor::bundle(face, &file, out).await,
        Command::Parse { .. } | Command::Render { .. } => Err(Failure::bug("This needs no profile.")),
    }
}
