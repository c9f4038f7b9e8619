//! Edits here, edits there, broken lines, kills and restarts out of a seed: all agree after every round, no wish is lost,
//! and one more pass changes nothing.

use anyhow::{Result, ensure};
use godwit_torture::lane::Keep;
use godwit_torture::random::play;
use godwit_torture::server::Kind;

const ROUNDS: u32 = 8;

#[test]
fn agree_on_a_server_with_everything() -> Result<()> {
    ensure!(play(Kind::Full, Keep::Profile, 1954, ROUNDS)? > 0, "the line never broke");
    Ok(())
}

#[test]
fn agree_on_a_server_without_move_and_uidplus() -> Result<()> {
    ensure!(play(Kind::Plain, Keep::Profile, 1955, ROUNDS)? > 0, "the line never broke");
    Ok(())
}

#[test]
fn agree_while_the_engine_works_in_the_background() -> Result<()> {
    ensure!(play(Kind::Full, Keep::Awake, 1956, ROUNDS)? > 0, "the line never broke");
    Ok(())
}
