//! `cargo xtask fuzz`: the targets of the unit tests under libFuzzer, on the stable compiler. What is built for it stays in a
//! folder of its own, and so do the inputs that it found worth keeping.

use crate::machine::{root, target};
use crate::runner::{command, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What makes LLVM count edges and show comparisons, as libFuzzer wants them; the sanitisers themselves need a nightly compiler.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// The longest input, in bytes: what costs the square of its length shows at this size.
const LONGEST: u32 = 64 << 10;
/// Seconds that one input may take.
const PATIENCE: u32 = 20;
/// MiB that the program may take.
const MEMORY: u32 = 2048;

/// Plays a target for some minutes, or for ever.
pub fn fuzz(words: &[&str]) -> Result<()> {
    let (name, minutes) = match words {
        [name] => (*name, 0),
        [name, "--minutes", minutes] => (*name, minutes.parse::<u32>().context("--minutes wants a whole number")?),
        _ => bail!("cargo xtask fuzz NAME [--minutes N]; a name that does not exist lists them all"),
    };
    let program = built()?;
    let (kept, seeds) = (target().join("fuzz/kept").join(name), target().join("fuzz/seeds").join(name));
    fs::create_dir_all(&kept)?;
    fs::create_dir_all(&seeds)?;
    let found = format!("-artifact_prefix={}/found-{name}-", target().join("fuzz").display());
    let mut play = Command::new(program);
    play.env("GODWIT_FUZZ_TARGET", name).env("GODWIT_FUZZ_SEEDS", &seeds).current_dir(root()).arg(&kept).arg(&seeds);
    play.args([format!("-max_len={LONGEST}"), format!("-timeout={PATIENCE}"), format!("-rss_limit_mb={MEMORY}"), found]);
    play.arg(format!("-max_total_time={}", minutes * 60)).arg("-print_final_stats=1");
    run(&mut play)
}

fn built() -> Result<PathBuf> {
    let host = host()?;
    let folder = target().join("fuzz/build");
    // With a target named, build scripts and macros are left as they are.
    let mut build =
        command("cargo", &["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    run(build.env("RUSTFLAGS", COVERAGE.join(" ")).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(&host).join("release/godwit-fuzz"))
}

fn host() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output().context("start rustc")?;
    let said = String::from_utf8(said.stdout).context("read what rustc says")?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it builds for")
}
