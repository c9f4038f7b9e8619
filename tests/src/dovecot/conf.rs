//! The configuration file of a private Dovecot. As root it drops to the users that Debian's package makes; as anyone
//! else it runs wholly as that person.

use super::Ports;
use crate::authority::{Authority, Leaf};
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

/// What Dovecot 2.3 tells about itself after sign-in; a mask takes words out of it.
pub const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES \
    THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED \
    I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY \
    PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE COMPRESS=DEFLATE LITERAL+ NOTIFY SPECIAL-USE";

/// How a server differs from the usual one.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The certificate it shows.
    pub leaf: Leaf,
    /// Capabilities it keeps quiet about, as QRESYNC or MOVE.
    pub masked: Vec<&'static str>,
    /// One password for everyone, instead of `secret-` and the local part.
    pub password: Option<String>,
    /// More lines for the end of the configuration.
    pub extra: String,
}

/// Who runs what: (internal user, login user, mail uid, mail gid).
struct Owners {
    internal: String,
    login: String,
    group: String,
    uid: u32,
    gid: u32,
    is_root: bool,
}

pub(super) fn write(dir: &Path, setup: &Setup, authority: &Authority, ports: Ports, relay: u16) -> Result<()> {
    let owners = owners(dir)?;
    let mail = dir.join("mail");
    fs::create_dir_all(&mail)?;
    if owners.is_root {
        chown(&mail, Some(owners.uid), Some(owners.gid)).context("give the mail folder to its owner")?;
    }
    let leaf = authority.leaf(setup.leaf)?;
    let Ports { imap, imaps, submission, submissions, lmtp } = ports;
    let Owners { internal, login, group, uid, gid, is_root } = owners;
    let root = dir.display();
    let chroots = if is_root {
        String::new()
    } else {
        ["anvil", "imap-login", "submission-login"].map(|s| format!("service {s} {{\n  chroot =\n}}\n")).concat()
    };
    let capabilities = if setup.masked.is_empty() {
        String::new()
    } else {
        let left: Vec<&str> = CAPABILITIES.split_whitespace().filter(|c| !setup.masked.contains(c)).collect();
        format!("  imap_capability = {}\n", left.join(" "))
    };
    let mailboxes = [("Drafts", "Drafts"), ("Sent", "Sent"), ("Archive", "Archive"), ("Junk", "Junk"), ("Trash", "Trash")]
        .map(|(name, role)| format!("  mailbox {name} {{\n    auto = subscribe\n    special_use = \\{role}\n  }}\n"))
        .concat();
    let text = format!(
        "base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap submission lmtp
listen = 127.0.0.1
hostname = test.example
postmaster_address = postmaster@test.example
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
auth_cache_size = 0
mail_max_userip_connections = 100
mail_fsync = never
mail_plugins = zlib
submission_max_mail_size = 300M
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
submission_relay_ssl = no
mail_home = {root}/mail/%u
mail_location = maildir:~/Maildir:LAYOUT=fs:UTF-8
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
{mailboxes}}}
protocol imap {{
  mail_plugins = zlib imap_zlib
{capabilities}}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service submission-login {{
  service_count = 0
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {submissions}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
{chroots}{extra}
",
        cert = leaf.cert.display(),
        key = leaf.key.display(),
        extra = setup.extra,
        password = setup.password.as_deref().unwrap_or("secret-%n"),
    );
    fs::write(dir.join("dovecot.conf"), text).context("write Dovecot's configuration")
}

fn owners(dir: &Path) -> Result<Owners> {
    let me = fs::metadata(dir)?;
    if me.uid() == 0 {
        let nobody = fs::read_to_string("/etc/passwd")?;
        let fields = nobody.lines().find(|l| l.starts_with("nobody:")).context("no user nobody on this machine")?;
        let mut ids = fields.split(':').skip(2).map(str::parse);
        let (uid, gid) = (ids.next().context("nobody has no uid")??, ids.next().context("nobody has no gid")??);
        let (internal, login) = ("dovecot".to_owned(), "dovenull".to_owned());
        return Ok(Owners { group: internal.clone(), internal, login, uid, gid, is_root: true });
    }
    let id = |flag| -> Result<String> {
        let out = Command::new("id").arg(flag).output().context("ask id who we are")?;
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let name = id("-un")?;
    Ok(Owners { internal: name.clone(), login: name, group: id("-gn")?, uid: me.uid(), gid: id("-g")?.parse()?, is_root: false })
}
