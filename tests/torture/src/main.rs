//! `cargo xtask torture`: every fault at every byte, for as long as it is given.

#[cfg(unix)]
mod asked;
#[cfg(unix)]
mod planted;

#[cfg(unix)]
fn main() -> anyhow::Result<std::process::ExitCode> {
    asked::run(&std::env::args().skip(1).collect::<Vec<_>>())
}

#[cfg(not(unix))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("torture needs Dovecot, which does not run on this system")
}
