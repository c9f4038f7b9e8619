//! SIGKILL in the middle of the conversation, after each command that changes something and at seeded offsets.

use anyhow::{Result, ensure};
use godwit_torture::campaign::{kills, learn, run};
use godwit_torture::fault::Layer;
use godwit_torture::scenario::Scenario;

/// Kills of each scenario beside those right after a changing command.
const MORE: usize = 1;
const SEED: u64 = 1954;

fn survives_kills(scenario: Scenario) -> Result<()> {
    let cases = kills(scenario, &learn(scenario, Layer::Plain)?, SEED, MORE);
    let summary = run(&cases, 1, None, &|line| println!("{line}"))?;
    ensure!(summary.failed.is_empty(), "{} of {} failed:\n{}", summary.failed.len(), summary.played, summary.failed.join("\n"));
    ensure!(summary.struck * 10 >= summary.played * 9, "hardly anything was killed: {summary:?}");
    Ok(())
}

#[test]
fn while_flags_are_set() -> Result<()> {
    survives_kills(Scenario::Flags)
}

#[test]
fn during_moves() -> Result<()> {
    survives_kills(Scenario::Move)
}

#[test]
fn during_moves_on_a_server_without_move() -> Result<()> {
    survives_kills(Scenario::MoveByCopy)
}

#[test]
fn during_copies() -> Result<()> {
    survives_kills(Scenario::Copy)
}

#[test]
fn while_mail_goes_to_the_trash() -> Result<()> {
    survives_kills(Scenario::Delete)
}

#[test]
fn while_the_trash_is_emptied() -> Result<()> {
    survives_kills(Scenario::Expunge)
}

#[test]
fn during_a_first_sync() -> Result<()> {
    survives_kills(Scenario::FirstSync)
}

#[test]
fn during_a_bit_of_everything() -> Result<()> {
    survives_kills(Scenario::Mixed)
}

#[test]
fn during_a_move_on_a_server_that_tells_no_new_place() -> Result<()> {
    survives_kills(Scenario::MoveBlind)
}

#[test]
fn while_a_mail_goes_out() -> Result<()> {
    survives_kills(Scenario::Send)
}

#[test]
fn while_a_mail_goes_out_in_chunks() -> Result<()> {
    survives_kills(Scenario::SendChunks)
}

#[test]
fn while_a_copy_is_filed() -> Result<()> {
    survives_kills(Scenario::Append)
}

#[test]
fn while_mail_moves_into_another_account() -> Result<()> {
    survives_kills(Scenario::CarryIn)
}

#[test]
fn while_mail_moves_out_of_an_account() -> Result<()> {
    survives_kills(Scenario::CarryOut)
}

#[test]
fn while_a_draft_is_replaced() -> Result<()> {
    survives_kills(Scenario::Draft)
}

#[test]
fn while_a_draft_is_replaced_on_a_server_that_tells_no_new_place() -> Result<()> {
    survives_kills(Scenario::DraftBlind)
}

#[test]
fn while_a_draft_is_sent() -> Result<()> {
    survives_kills(Scenario::DraftSent)
}
