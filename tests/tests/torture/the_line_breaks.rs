//! Whatever a person was doing when the line broke: no message is lost, none doubled, no intent dropped without a word.

use anyhow::{Result, ensure};
use godwit_torture::campaign::{inside_records, learn, run, stepped};
use godwit_torture::fault::Layer;
use godwit_torture::scenario::Scenario;

/// Steps through a scenario's bytes; the offsets are the same each time.
const STEPS: u64 = 2;

fn survives(scenario: Scenario) -> Result<()> {
    let cases = stepped(scenario, &learn(scenario, Layer::Plain)?, STEPS);
    let summary = run(&cases, 1, None, &|line| println!("{line}"))?;
    ensure!(summary.failed.is_empty(), "{} of {} failed:\n{}", summary.failed.len(), summary.played, summary.failed.join("\n"));
    ensure!(
        summary.played == cases.len() && summary.struck * 10 >= summary.played * 9,
        "the line was hardly broken: {summary:?}"
    );
    Ok(())
}

#[test]
fn while_flags_are_set() -> Result<()> {
    survives(Scenario::Flags)
}

#[test]
fn during_a_move() -> Result<()> {
    survives(Scenario::Move)
}

#[test]
fn during_a_move_on_a_server_without_move() -> Result<()> {
    survives(Scenario::MoveByCopy)
}

#[test]
fn during_a_move_on_a_server_that_tells_no_new_place() -> Result<()> {
    survives(Scenario::MoveBlind)
}

#[test]
fn during_a_copy() -> Result<()> {
    survives(Scenario::Copy)
}

#[test]
fn on_the_way_to_the_trash() -> Result<()> {
    survives(Scenario::Delete)
}

#[test]
fn while_the_trash_is_emptied() -> Result<()> {
    survives(Scenario::Expunge)
}

#[test]
fn during_a_bit_of_everything() -> Result<()> {
    survives(Scenario::Mixed)
}

#[test]
fn while_a_mail_goes_out() -> Result<()> {
    survives(Scenario::Send)
}

#[test]
fn while_a_mail_goes_out_in_chunks() -> Result<()> {
    survives(Scenario::SendChunks)
}

#[test]
fn while_a_copy_is_filed() -> Result<()> {
    survives(Scenario::Append)
}

#[test]
fn during_the_first_sync() -> Result<()> {
    survives(Scenario::FirstSync)
}

#[test]
fn while_a_folder_is_numbered_anew() -> Result<()> {
    survives(Scenario::Renumbered)
}

#[test]
fn when_the_target_of_a_move_is_gone() -> Result<()> {
    survives(Scenario::Refused)
}

#[test]
fn while_mail_moves_into_another_account() -> Result<()> {
    survives(Scenario::CarryIn)
}

#[test]
fn while_mail_moves_out_of_another_account() -> Result<()> {
    survives(Scenario::CarryOut)
}

#[test]
fn while_a_draft_is_replaced() -> Result<()> {
    survives(Scenario::Draft)
}

#[test]
fn while_a_draft_is_replaced_on_a_server_that_tells_no_new_place() -> Result<()> {
    survives(Scenario::DraftBlind)
}

#[test]
fn while_a_draft_is_sent() -> Result<()> {
    survives(Scenario::DraftSent)
}

#[test]
fn in_the_middle_of_a_tls_record_and_without_close_notify() -> Result<()> {
    for scenario in [Scenario::Mixed, Scenario::Send] {
        let cases = inside_records(scenario, &learn(scenario, Layer::Records)?, 6);
        let summary = run(&cases, 1, None, &|line| println!("{line}"))?;
        ensure!(summary.failed.is_empty(), "{}", summary.failed.join("\n"));
        ensure!(summary.struck * 10 >= summary.played * 9, "the line was hardly broken: {summary:?}");
    }
    Ok(())
}
