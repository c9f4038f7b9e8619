//! Facts about this machine and where things lie in the repository.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Whether a person sits there and can answer.
pub fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether this is Linux, where everything runs.
pub const IS_LINUX: bool = cfg!(target_os = "linux");

/// Whether windows can be shown.
pub fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|v: std::ffi::OsString| !v.is_empty());
    !IS_LINUX || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Whether we are root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

/// Whether a program is on the path.
pub fn has_program(name: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|dir| dir.join(name).is_file() || dir.join(format!("{name}.cmd")).is_file())
}

/// The npm program: a script with another ending on Windows.
pub fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}
