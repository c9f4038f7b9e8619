//! Power loss: unsynced writes are forgotten at any point, between the two files too, and the profile keeps every wish
//! that had been answered.

use anyhow::{Result, bail, ensure};
use godwit_torture::power::{Verdict, fill_disk, lose_power};

#[test]
fn and_every_wish_that_was_answered_is_kept_and_shown() -> Result<()> {
    let runtime = godwit_torture::campaign::runtime()?;
    let summary = match runtime.block_on(lose_power(1954, 24, 7))? {
        Verdict::Kept(summary) => summary,
        Verdict::Lost(story) => bail!(story),
    };
    ensure!(summary.cuts > 60, "the power hardly went: {summary:?}");
    ensure!(summary.between > 0, "it never went between an intent and its projection: {summary:?}");
    Ok(())
}

#[test]
fn and_a_disk_that_fills_after_any_write_costs_nothing_that_was_answered() -> Result<()> {
    let runtime = godwit_torture::campaign::runtime()?;
    let filled = runtime.block_on(fill_disk(1954, 24, 5))?;
    ensure!(filled.moments > 30 && filled.refused > filled.moments && filled.unopened > 0, "the disk hardly filled: {filled:?}");
    Ok(())
}
