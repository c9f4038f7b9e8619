//! Programs out of Debian's packages that are never installed, because they would push others off the machine or start by
//! themselves on a person's desktop: downloaded, unpacked below `target/servers/NAME`, and run from there. The libraries
//! that the machine lacks for them come along. Once there, no network is needed.

use crate::{apt, machine};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages unpacked together into one root.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    /// The folder below `target/servers`.
    pub name: &'static str,
    /// What lies in it.
    pub packages: &'static [&'static str],
    /// Programs in it that must find all their libraries.
    pub programs: &'static [&'static str],
}

/// A desktop's notifications.
pub const DUNST: Root = Root { name: "dunst", packages: &["dunst", "libxss1", "libnotify4"], programs: &[] };

/// A second IMAP server.
pub const CYRUS: Root = Root {
    name: "cyrus",
    packages: &["cyrus-imapd", "cyrus-common"],
    programs: &[
        "usr/lib/cyrus/bin/master",
        "usr/lib/cyrus/bin/imapd",
        "usr/lib/cyrus/bin/idled",
        "usr/lib/cyrus/bin/ctl_cyrusdb",
    ],
};

/// A third. Without gamin each sign-in searches a second for what tells of changed files.
pub const COURIER: Root = Root {
    name: "courier",
    packages: &["courier-imap", "courier-base", "courier-authlib", "gamin"],
    programs: &["usr/bin/imapd", "usr/libexec/gam_server"],
};

/// What makes a program believe that it is another day.
pub const FAKETIME: Root = Root { name: "faketime", packages: &["libfaketime"], programs: &[] };

/// Whether this machine has what it takes.
pub fn possible() -> bool {
    machine::IS_LINUX && machine::has_program("apt-get") && machine::has_program("dpkg-deb")
}

/// Unpacks what is not there yet. Where there is no apt it does nothing.
pub fn need(root: Root) -> Result<()> {
    if !possible() {
        return Ok(());
    }
    let dir = folder(root);
    // Written last, so what was cut off half-way is done again.
    let done = dir.join("packages");
    let wanted = root.packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|held| held == wanted) {
        return Ok(());
    }
    eprintln!("Unpacking {} below {}. Nothing is installed.", root.packages.join(", "), dir.display());
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("empty {}", dir.display()))?;
    }
    let archives = dir.join("archives");
    fs::create_dir_all(&archives).with_context(|| format!("make {}", archives.display()))?;
    unpack(root, &archives, &dir.join("root"))?;
    check(root, &dir.join("root"))?;
    fs::write(&done, wanted).with_context(|| format!("write {}", done.display()))
}

/// The packages, then the libraries they name that are not here, then theirs.
fn unpack(root: Root, archives: &Path, into: &Path) -> Result<()> {
    let mut waiting: Vec<String> = root.packages.iter().map(|&p| p.to_owned()).collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut done = BTreeSet::new();
    while !waiting.is_empty() {
        apt::download(&waiting, archives)?;
        waiting.clear();
        for entry in fs::read_dir(archives)? {
            let archive = entry?.path();
            if archive.extension().is_none_or(|e| e != "deb") || !done.insert(archive.clone()) {
                continue;
            }
            said(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(into))?;
            let depends = said(Command::new("dpkg-deb").arg("-f").arg(&archive).arg("Depends"))?;
            waiting.extend(libraries(&depends, apt::is_installed)?.into_iter().filter(|l| seen.insert(l.clone())));
        }
    }
    Ok(())
}

fn check(root: Root, at: &Path) -> Result<()> {
    let dirs = ["usr/lib", "lib"].iter().flat_map(|base| {
        let base = at.join(base);
        let below = fs::read_dir(&base).into_iter().flatten().flatten().map(|e| e.path());
        let mut all: Vec<PathBuf> = below.filter(|p| p.to_string_lossy().contains("-linux-gnu")).collect();
        all.push(base);
        all
    });
    let path = std::env::join_paths(dirs)?;
    for program in root.programs {
        let found = said(Command::new("ldd").arg(at.join(program)).env("LD_LIBRARY_PATH", &path))?;
        if let Some(line) = found.lines().find(|l| l.contains("not found")) {
            bail!("{program} lacks a library: {}", line.trim());
        }
    }
    Ok(())
}

/// The libraries among a Depends field that this machine has not: of alternatives the first one.
fn libraries(depends: &str, is_installed: impl Fn(&str) -> Result<bool>) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for group in depends.split(',') {
        let names: Vec<&str> = group.split('|').filter_map(|a| a.trim().split([' ', '(', ':']).next()).collect();
        let Some(library) = names.iter().find(|n| n.starts_with("lib")) else { continue };
        let mut there = false;
        for name in &names {
            there |= is_installed(name)?;
        }
        if !there {
            out.push((*library).to_owned());
        }
    }
    Ok(out)
}

fn said(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().with_context(|| format!("run {name}"))?;
    if !out.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn folder(root: Root) -> PathBuf {
    machine::target().join("servers").join(root.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_that_are_missing_are_fetched_too() {
        let here = |name: &str| Ok(["libc6", "libfam0"].contains(&name));
        let depends = "courier-base (= 1.0), debconf | debconf-2.0, libc6 (>= 2.34), libgamin0 | libfam0, libpcre3, libicu72:any";
        assert_eq!(libraries(depends, here).unwrap(), ["libpcre3", "libicu72"]);
        assert_eq!(libraries("", here).unwrap(), Vec::<String>::new());
    }
}
