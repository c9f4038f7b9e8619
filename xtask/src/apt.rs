//! Installs what a Debian-like machine lacks, saying what and why, and asking first at a terminal. It removes nothing,
//! starts no service and touches no server's configuration.

use crate::machine;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A package and what it is for.
type Package = (&'static str, &'static str);

/// What the app is built with.
pub const BUILD: &[Package] = &[
    ("build-essential", "compiles the C parts: SQLCipher, zstd, ring"),
    ("pkg-config", "finds the libraries below"),
    ("perl", "configures the OpenSSL inside SQLCipher"),
    ("libwebkit2gtk-4.1-dev", "the web view that draws the window"),
    ("librsvg2-dev", "icons, for packages and menus"),
];

/// What shows a window where no display is, and drives it.
pub const HEADLESS: &[Package] = &[
    ("xvfb", "a display nobody sees"),
    ("webkit2gtk-driver", "drives the real window in tests and takes the demo's picture"),
    ("dbus", "a private session bus"),
    ("dbus-bin", "asks the private keychain whether it is up"),
    ("gnome-keyring", "a real keychain on the private session bus"),
    ("fontconfig", "picks fonts for pictures"),
    ("fonts-inter", "the interface's typeface in pictures"),
    ("fonts-noto-core", "Arabic, Hebrew, Thai, Greek, Cyrillic in the sample mail"),
    ("fonts-noto-cjk", "Chinese and Japanese in the sample mail"),
    ("fonts-noto-color-emoji", "emoji in the sample mail"),
];

/// A mail server to talk to. It is never started as a service: only private copies on loopback run.
pub const DOVECOT: &[Package] = &[
    ("dovecot-imapd", "the real IMAP server of the demo and the journeys"),
    ("dovecot-submissiond", "takes the mail they send"),
    ("dovecot-lmtpd", "delivers it"),
    ("iproute2", "goes from one network into another in a namespace of its own"),
    ("python3", "its imaplib counts what is left on the server after every injury"),
];

/// Denies service starts while installing, then restores whatever stood there.
const INSTALL: &str = r#"
set -e
policy=/usr/sbin/policy-rc.d
kept=$policy.before-godwit
restore() { rm -f "$policy"; if [ -e "$kept" ]; then mv "$kept" "$policy"; fi; }
if [ ! -e "$kept" ] && [ -e "$policy" ]; then mv "$policy" "$kept"; fi
trap restore EXIT
trap 'exit 1' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove "$@"
"#;

/// Installs what is missing of these. Elsewhere than on Debian-like Linux it does nothing.
pub fn need(packages: &[&[Package]]) -> Result<()> {
    if !machine::IS_LINUX || !machine::has_program("apt-get") {
        return Ok(());
    }
    let mut missing = Vec::new();
    for package in packages.iter().copied().flatten() {
        if !is_installed(package.0)? {
            missing.push(*package);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|p| p.0).collect();
    eprintln!("These packages are missing and will be installed with apt:");
    for (name, why) in &missing {
        eprintln!("  {name:<24} {why}");
    }
    if machine::at_terminal() && !agreed()? {
        bail!("nothing was installed. By hand: apt-get install {}", names.join(" "));
    }
    let plan = simulate(&names)?;
    let removed: Vec<&str> = plan.lines().filter_map(|l| l.strip_prefix("Remv ")).filter_map(|l| l.split(' ').next()).collect();
    if !removed.is_empty() {
        bail!(
            "apt would remove {} to install {}. Nothing was changed. Decide yourself which of them this machine keeps.",
            removed.join(", "),
            names.join(", ")
        );
    }
    let installed = as_root(&["sh", "-c", INSTALL, "install"]).args(&names).status().context("run apt-get")?;
    if !installed.success() {
        bail!("apt-get could not install {}", names.join(", "));
    }
    Ok(())
}

/// Whether a package is installed.
pub fn is_installed(package: &str) -> Result<bool> {
    let out = Command::new("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]).output().context("run dpkg-query")?;
    Ok(out.stdout == b"installed")
}

/// Fetches package files into a folder and installs nothing. Lists that name files which are gone are refreshed once.
pub fn download(names: &[String], into: &Path) -> Result<()> {
    for is_last in [false, true] {
        let mut fetch = Command::new("apt-get");
        // Its own user can't write into our folder, which is no trouble: nothing of root's is at stake.
        fetch.args(["-q", "-o", "APT::Sandbox::User=root", "download"]).args(names).current_dir(into);
        let out = fetch.stdin(Stdio::null()).output().context("run apt-get download")?;
        if out.status.success() {
            return Ok(());
        }
        if is_last {
            bail!("apt-get can't fetch {}: {}", names.join(", "), String::from_utf8_lossy(&out.stderr).trim());
        }
        let updated = as_root(&["apt-get", "update"]).stdout(Stdio::null()).status().context("run apt-get update")?;
        if !updated.success() {
            eprintln!("apt-get update failed; going on with the lists that are there.");
        }
    }
    unreachable!("the second round returns")
}

fn agreed() -> Result<bool> {
    eprint!("Install them now? [Y/n] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

/// What apt would do; its lists are refreshed once where it knows too little.
fn simulate(names: &[&str]) -> Result<String> {
    for is_last in [false, true] {
        let mut plan = Command::new("apt-get");
        plan.args(["-s", "install", "--no-install-recommends"]).args(names).env("LC_ALL", "C");
        let out = plan.output().context("run apt-get -s")?;
        if out.status.success() && (is_last || lists_are_fresh()) {
            return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
        }
        if is_last {
            bail!("apt-get can't install {}: {}", names.join(", "), String::from_utf8_lossy(&out.stderr).trim());
        }
        // Old lists name files that the mirrors no longer have.
        let updated = as_root(&["apt-get", "update"]).stdout(Stdio::null()).status().context("run apt-get update")?;
        if !updated.success() {
            eprintln!("apt-get update failed; going on with the lists that are there.");
        }
    }
    unreachable!("the second round returns")
}

fn lists_are_fresh() -> bool {
    let changed = std::fs::metadata("/var/lib/apt/lists").and_then(|m| m.modified());
    changed.is_ok_and(|t| t.elapsed().is_ok_and(|age| age.as_secs() < 24 * 3600))
}

fn as_root(words: &[&str]) -> Command {
    let (program, rest) = if machine::is_root() { (words[0], &words[1..]) } else { ("sudo", words) };
    let mut command = Command::new(program);
    command.args(rest);
    command
}
