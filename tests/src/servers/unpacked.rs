//! Where the servers lie that are unpacked and not installed, and how their programs find the libraries beside them.
//! It unpacks nothing: `cargo xtask test --only servers` does.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// One unpacked server.
pub struct Unpacked {
    root: PathBuf,
}

/// Folders of libraries inside a package.
const LIBRARIES: &[&str] = &["usr/lib", "lib"];

impl Unpacked {
    /// Finds one by name.
    pub fn find(name: &str) -> Result<Self> {
        let servers = match std::env::var_os("GODWIT_SERVERS_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => {
                let program = std::env::current_exe()?;
                let built = program.ancestors().find(|a| a.ends_with("debug") || a.ends_with("release"));
                built.and_then(Path::parent).context("the test program lies in no target folder")?.join("servers")
            }
        };
        let root = servers.join(name).join("root");
        if !servers.join(name).join("packages").exists() {
            bail!("{name} is not unpacked. Run cargo xtask test --only servers, which fetches it without installing it.");
        }
        Ok(Self { root })
    }

    /// The path of a program or a folder in it.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// The variable that makes its programs find its libraries.
    pub fn library_path(&self) -> Result<(String, String)> {
        let mut dirs = Vec::new();
        for base in LIBRARIES.iter().map(|l| self.root.join(l)).filter(|d| d.is_dir()) {
            // Where Debian puts a machine's own libraries: usr/lib/x86_64-linux-gnu and the like.
            for entry in std::fs::read_dir(&base)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().contains("-linux-gnu") {
                    dirs.push(entry.path().display().to_string());
                }
            }
            dirs.push(base.display().to_string());
        }
        Ok(("LD_LIBRARY_PATH".into(), dirs.join(":")))
    }
}
