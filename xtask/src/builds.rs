//! Builds: the interface by npm, the programs by cargo, and what is generated out of sources.

use crate::machine::{npm, root, target};
use crate::runner::{command, run};
use crate::{apt, machine};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

/// Installs the interface's packages when package-lock.json changed since the last time.
pub fn npm_packages() -> Result<()> {
    if !machine::has_program("npm") {
        bail!("npm is not installed. Install Node 20.19 or newer (nodejs.org).");
    }
    let lock = fs::read(root().join("package-lock.json")).context("read package-lock.json")?;
    let stamp = root().join("node_modules/.godwit-lock");
    if fs::read(&stamp).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    run(&mut command(npm(), &["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock).context("remember what npm installed")
}

/// Builds the interface into ui/dist, which the shell takes in.
pub fn interface() -> Result<()> {
    npm_packages()?;
    run(&mut command(npm(), &["run", "--silent", "build"]))
}

/// Builds `godwit` and `godwitctl`; answers their folder.
pub fn programs() -> Result<PathBuf> {
    apt::need(&[apt::BUILD])?;
    interface()?;
    run(&mut command("cargo", &["build", "--package", "godwit", "--package", "godwit-cli"]))?;
    Ok(target().join("debug"))
}

/// A built test program.
#[derive(Clone, Debug)]
pub struct TestProgram {
    /// The package it belongs to.
    pub package: String,
    /// The package's folder, where it is to be run.
    pub dir: PathBuf,
    /// The program.
    pub path: PathBuf,
}

/// Builds all programs and all tests at once, so that nothing is compiled twice for different stages; answers the tests.
pub fn everything() -> Result<Vec<TestProgram>> {
    static BUILT: Mutex<Option<Vec<TestProgram>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(tests) = built.as_ref() {
        return Ok(tests.clone());
    }
    apt::need(&[apt::BUILD])?;
    interface()?;
    let mut args = vec!["build", "--workspace", "--all-targets", "--message-format=json-render-diagnostics"];
    // Replacing a running program is refused on Windows, and this is that program.
    if cfg!(windows) {
        args.extend(["--exclude", "xtask"]);
    }
    println!("$ cargo {}", args.join(" "));
    let out = command("cargo", &args).stderr(Stdio::inherit()).output().context("start cargo build")?;
    if !out.status.success() {
        bail!("cargo build failed ({})", out.status);
    }
    let tests: Vec<TestProgram> = String::from_utf8_lossy(&out.stdout).lines().filter_map(test_program).collect();
    *built = Some(tests.clone());
    Ok(tests)
}

/// The test program that one line of cargo's messages tells of.
fn test_program(line: &str) -> Option<TestProgram> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_test = message["profile"]["test"].as_bool()?;
    let path = PathBuf::from(message["executable"].as_str()?);
    let dir = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let is_bench = message["target"]["kind"].as_array()?.iter().any(|k| k == "bench");
    let id = message["package_id"].as_str()?;
    let package = id.rsplit_once('#').map_or(id, |(url, tail)| match tail.split_once('@') {
        Some((name, _)) => name,
        None => url.rsplit('/').next().unwrap_or(tail),
    });
    (is_test && !is_bench).then(|| TestProgram { package: package.to_owned(), dir, path })
}

/// Times and memory of the engine beside a bare reader, optimised as a package is.
pub fn bench(args: &[&str]) -> Result<()> {
    if cfg!(not(unix)) {
        bail!("the bench needs Dovecot, which does not run on this system");
    }
    apt::need(&[apt::BUILD, apt::DOVECOT])?;
    let build = ["run", "--quiet", "--release", "--package", "godwit-bench", "--bin", "bench", "--"];
    run(&mut command("cargo", &[&build, args].concat()))
}

/// Breaks lines and processes under the engine for as long as it is given, and counts the mail afterwards.
pub fn torture(args: &[&str]) -> Result<()> {
    if cfg!(not(unix)) {
        bail!("torture needs Dovecot, which does not run on this system");
    }
    apt::need(&[apt::BUILD, apt::DOVECOT])?;
    let mut build = vec!["run", "--quiet", "--package", "godwit-torture", "--bin", "torture"];
    if args.contains(&"--planted") {
        build.extend(["--features", "planted"]);
    }
    build.push("--");
    // The process that is killed is the command line.
    run(&mut command("cargo", &["build", "--quiet", "--package", "godwit-cli"]))?;
    run(&mut command("cargo", &[&build, args].concat()))
}

/// All icon sizes and formats out of the drawing.
pub fn icons() -> Result<()> {
    npm_packages()?;
    run(&mut command(npm(), &["run", "--silent", "tauri", "--", "icon", "icons/icon.svg", "--output", "icons"]))
}

/// The TypeScript types out of the Rust ones.
pub fn bindings() -> Result<()> {
    run(command("cargo", &["test", "--quiet", "--package", "godwit-domain", "bindings"]).env("GODWIT_WRITE_BINDINGS", "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_found_in_what_cargo_tells() {
        let line = |id: &str, test: bool, kind: &str| {
            let text = format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/r/tests/Cargo.toml","target":{{"kind":["{kind}"]}},"profile":{{"test":{test}}},"executable":"/t/x-1"}}"#
            );
            test_program(&text).map(|t| t.package)
        };
        assert_eq!(line("path+file:///r/tests#godwit-tests@0.1.0", true, "test").as_deref(), Some("godwit-tests"));
        assert_eq!(line("path+file:///r/xtask#0.1.0", true, "bin").as_deref(), Some("xtask"));
        assert_eq!(line("path+file:///r/tests#godwit-tests@0.1.0", false, "bin"), None);
        assert_eq!(line("path+file:///r/tests#godwit-tests@0.1.0", true, "bench"), None);
        assert_eq!(test_program("not json").map(|t| t.package), None);
    }
}
