//! Fetches mail servers that the tests run beside Dovecot, and unpacks them below target/servers without installing them:
//! installed, they would push Dovecot out. Once there, no network is needed. It starts nothing.

use crate::apt;
use crate::machine::{IS_LINUX, has_program, target};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server and the packages it is in.
struct Server {
    name: &'static str,
    packages: &'static [&'static str],
    /// Programs that must find all their libraries.
    programs: &'static [&'static str],
}

const SERVERS: &[Server] = &[
    Server {
        name: "cyrus",
        packages: &["cyrus-imapd", "cyrus-common"],
        programs: &[
            "usr/lib/cyrus/bin/master",
            "usr/lib/cyrus/bin/imapd",
            "usr/lib/cyrus/bin/idled",
            "usr/lib/cyrus/bin/ctl_cyrusdb",
        ],
    },
    Server {
        name: "courier",
        // Without gamin each sign-in searches a second for what tells of changed files.
        packages: &["courier-imap", "courier-base", "courier-authlib", "gamin"],
        programs: &["usr/bin/imapd", "usr/libexec/gam_server"],
    },
];

/// Where they are.
pub fn dir() -> PathBuf {
    target().join("servers")
}

/// Unpacks what is not there yet. `Some`: why this machine can't have them.
pub fn need() -> Result<Option<String>> {
    if !IS_LINUX || !has_program("apt-get") || !has_program("dpkg-deb") {
        return Ok(Some("Cyrus and Courier are unpacked out of Debian's packages, and this machine has no apt-get".into()));
    }
    for server in SERVERS {
        let at = dir().join(server.name);
        if !at.join(".unpacked").exists() {
            println!("fetching {} into {} (nothing is installed)", server.packages.join(", "), at.display());
            server.unpack(&at).with_context(|| format!("unpack {}", server.name))?;
        }
    }
    Ok(None)
}

impl Server {
    /// All or nothing: the mark comes last.
    fn unpack(&self, at: &Path) -> Result<()> {
        if at.exists() {
            fs::remove_dir_all(at)?;
        }
        let packages = at.join("packages");
        fs::create_dir_all(&packages)?;
        let mut waiting: Vec<String> = self.packages.iter().map(|&p| p.to_owned()).collect();
        let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
        while !waiting.is_empty() {
            let had: BTreeSet<PathBuf> = debs(&packages)?;
            apt::download(&waiting, &packages)?;
            waiting.clear();
            for deb in debs(&packages)?.difference(&had) {
                said(Command::new("dpkg-deb").arg("-x").arg(deb).arg(at))?;
                let depends = said(Command::new("dpkg-deb").arg("-f").arg(deb).arg("Depends"))?;
                for library in libraries(&depends, apt::is_installed)? {
                    if seen.insert(library.clone()) {
                        waiting.push(library);
                    }
                }
            }
        }
        fs::remove_dir_all(&packages)?;
        self.check(at)?;
        Ok(fs::write(at.join(".unpacked"), seen.into_iter().collect::<Vec<_>>().join("\n"))?)
    }

    fn check(&self, at: &Path) -> Result<()> {
        let dirs = ["usr/lib", "lib"].iter().flat_map(|base| {
            let base = at.join(base);
            let below = fs::read_dir(&base).into_iter().flatten().flatten().map(|e| e.path());
            let mut all: Vec<PathBuf> = below.filter(|p| p.to_string_lossy().contains("-linux-gnu")).collect();
            all.push(base);
            all
        });
        let path = std::env::join_paths(dirs)?;
        for program in self.programs {
            let found = said(Command::new("ldd").arg(at.join(program)).env("LD_LIBRARY_PATH", &path))?;
            if let Some(line) = found.lines().find(|l| l.contains("not found")) {
                bail!("{program} lacks a library: {}", line.trim());
            }
        }
        Ok(())
    }
}

fn debs(dir: &Path) -> Result<BTreeSet<PathBuf>> {
    let all = fs::read_dir(dir)?.map(|e| e.map(|e| e.path())).collect::<std::io::Result<BTreeSet<_>>>()?;
    Ok(all.into_iter().filter(|p| p.extension().is_some_and(|e| e == "deb")).collect())
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
    let out = command.output().with_context(|| format!("run {}", command.get_program().to_string_lossy()))?;
    if !out.status.success() {
        bail!("{}: {}", command.get_program().to_string_lossy(), String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_that_are_missing_are_fetched_too() {
        let here = |name: &str| Ok(["libc6", "libfam0"].contains(&name));
        let depends =
            "courier-base (= 1.0), debconf (>= 0.5) | debconf-2.0, libc6 (>= 2.34), libgamin0 | libfam0, libpcre3, libicu72:any";
        assert_eq!(libraries(depends, here).unwrap(), ["libpcre3", "libicu72"]);
        assert_eq!(libraries("", here).unwrap(), Vec::<String>::new());
    }
}
