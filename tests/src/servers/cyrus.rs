//! A private Cyrus out of the unpacked package: its own configuration, spool and ports. A person's mailboxes come into
//! being with their first sign-in. Nothing of /etc or /var is read.

use super::saslauthd;
use super::unpacked::Unpacked;
use crate::authority::{Authority, Leaf};
use crate::net::{answers, free_ports};
use crate::tied::{Spawn, Tied};
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A running Cyrus.
pub struct Cyrus {
    /// IMAP over TLS.
    pub imaps: u16,
    dir: PathBuf,
    _process: Tied,
}

const FOLDERS: &str = "Drafts|Sent|Archive|Junk|Trash";

impl Cyrus {
    pub fn start(dir: &Path, authority: &Authority) -> Result<Self> {
        let unpacked = Unpacked::find("cyrus")?;
        let [imaps] = free_ports()?;
        let (user, ids) = owner(dir)?;
        let root = dir.display();
        let leaf = authority.leaf(Leaf::Good)?;
        for below in ["conf/db", "conf/proc", "conf/log", "conf/msg", "conf/socket", "spool"] {
            fs::create_dir_all(dir.join(below))?;
        }
        let imapd = format!(
            "configdirectory: {root}/conf
partition-default: {root}/spool
defaultpartition: default
cyrus_user: {user}
admins: cyrus
servername: localhost
virtdomains: userid
defaultdomain: test.example
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {root}/sasl
sasl_mech_list: PLAIN LOGIN
allowplaintext: no
autocreate_quota: 0
autocreate_inbox_folders: {FOLDERS}
autocreate_subscribe_folders: {FOLDERS}
xlist-drafts: Drafts
xlist-sent: Sent
xlist-archive: Archive
xlist-junk: Junk
xlist-trash: Trash
tls_server_cert: {cert}
tls_server_key: {key}
idlesocket: {root}/conf/socket/idle
",
            cert = leaf.cert.display(),
            key = leaf.key.display(),
        );
        fs::write(dir.join("imapd.conf"), imapd)?;
        let program = |name: &str| unpacked.path(&format!("usr/lib/cyrus/bin/{name}")).display().to_string();
        let cyrus = format!(
            "START {{\n  recover cmd=\"{} -C {root}/imapd.conf -r\"\n}}
SERVICES {{\n  imaps cmd=\"{} -C {root}/imapd.conf -s -U 30\" listen=\"127.0.0.1:{imaps}\" prefork=1\n}}
EVENTS {{\n}}
DAEMON {{\n  idled cmd=\"{} -C {root}/imapd.conf -d\"\n}}\n",
            program("ctl_cyrusdb"),
            program("imapd"),
            program("idled"),
        );
        fs::write(dir.join("cyrus.conf"), cyrus)?;
        if let Some((uid, gid)) = ids {
            give_away(dir, uid, gid)?;
        }
        saslauthd::answer_at(&dir.join("sasl"))?;
        let file = |name: &str| dir.join(name).display().to_string();
        let args =
            ["-C", &file("imapd.conf"), "-M", &file("cyrus.conf"), "-p", &file("pid"), "-L", &file("log")].map(str::to_owned);
        let spawn = Spawn::new(program("master"), args).envs([unpacked.library_path()?]);
        let mut process = spawn.removing_at_exit(dir).log(dir.join("stderr")).start()?;
        let ready = process.wait_until("Cyrus", Duration::from_secs(20), || answers(imaps));
        ready.with_context(|| format!("Cyrus said: {}", log(dir)))?;
        Ok(Self { imaps, dir: dir.to_owned(), _process: process })
    }

    pub fn log(&self) -> String {
        log(&self.dir)
    }
}

fn log(dir: &Path) -> String {
    ["stderr", "log"].map(|name| fs::read_to_string(dir.join(name)).unwrap_or_default()).concat()
}

/// Whom Cyrus runs as. It refuses to be root, so root hands the folder to nobody.
fn owner(dir: &Path) -> Result<(String, Option<(u32, u32)>)> {
    if fs::metadata(dir)?.uid() == 0 {
        let users = fs::read_to_string("/etc/passwd")?;
        let line = users.lines().find(|l| l.starts_with("nobody:")).context("no user nobody on this machine")?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        let (uid, gid) = (ids.next().context("nobody has no uid")??, ids.next().context("nobody has no gid")??);
        return Ok(("nobody".into(), Some((uid, gid))));
    }
    let out = Command::new("id").arg("-un").output().context("ask id who we are")?;
    Ok((String::from_utf8_lossy(&out.stdout).trim().to_owned(), None))
}

fn give_away(path: &Path, uid: u32, gid: u32) -> Result<()> {
    chown(path, Some(uid), Some(gid)).with_context(|| format!("give away {}", path.display()))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give_away(&entry?.path(), uid, gid)?;
        }
    } else {
        // Keys stay its own alone.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
