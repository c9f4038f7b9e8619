//! The real window: the built `godwit` under Xvfb, a real keychain, a real server, found by role and name only.

mod window_answers_mail;
mod window_comes_back;
mod window_does_much_at_once;
mod window_fits_everyone;
mod window_keeps_two_accounts;
mod window_lets_nothing_out;
mod window_reads_and_files_mail;
mod window_says_what_is_wrong;
mod window_shares_its_profile;
mod window_tells_of_new_mail;

use anyhow::{Context, Result};
use godwit_tests::display::Display;
use godwit_tests::dovecot::{Dovecot, User};
use godwit_tests::godwitctl::{built, root_env};
use godwit_tests::keyring::Keyring;
use godwit_tests::webdriver::{Name, Window};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// A person's desk: a screen, a keychain and a profile. Windows come and go on it.
struct Desk {
    display: Display,
    keyring: Keyring,
    profile: TempDir,
    root: (String, String),
}

impl Desk {
    fn new(dovecot: &Dovecot) -> Result<Self> {
        Ok(Self {
            display: Display::start(1280, 800)?,
            keyring: Keyring::start()?,
            profile: tempfile::Builder::new().prefix("godwit-window-").tempdir()?,
            root: root_env(&dovecot.root()),
        })
    }

    /// Opens the window and waits until it has painted something with a name.
    fn open(&self) -> Result<Window> {
        let env = self.env();
        let profile = self.profile.path().join("profile").display().to_string();
        let log = self.profile.path().join("godwit.log");
        let window = Window::open(&built("godwit")?, &["--profile", &profile], env, Some(&log));
        let window = window.with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        window.patience.set(Duration::from_secs(30));
        Ok(window)
    }

    /// What every program on this desk is started with.
    fn env(&self) -> Vec<(String, String)> {
        let mut env = self.display.env();
        env.extend(self.keyring.env());
        env.push(self.root.clone());
        env.push(("XDG_CONFIG_HOME".into(), self.profile.path().join("config").display().to_string()));
        env
    }

    /// Where this desk keeps what is saved: not there before something is.
    fn downloads(&self) -> Result<PathBuf> {
        let (config, downloads) = (self.profile.path().join("config"), self.profile.path().join("Downloads"));
        std::fs::create_dir_all(&config)?;
        std::fs::write(config.join("user-dirs.dirs"), format!("XDG_DOWNLOAD_DIR=\"{}\"\n", downloads.display()))?;
        Ok(downloads)
    }

    /// Opens the window with this person's account set up by hand, in its inbox.
    fn open_with(&self, dovecot: &Dovecot, user: &User) -> Result<Window> {
        let window = self.open()?;
        window.find("heading", "Add your mail account")?;
        set_up_by_hand(&window, dovecot, user)?;
        window.find("listbox", "Messages")?;
        Ok(window)
    }
}

/// From the wizard's first page to "Add account".
fn set_up_by_hand(window: &Window, dovecot: &Dovecot, user: &User) -> Result<()> {
    set_up_at(window, dovecot, dovecot.ports.imaps, user)
}

/// The same where mail comes through another port.
fn set_up_at(window: &Window, dovecot: &Dovecot, imaps: u16, user: &User) -> Result<()> {
    window.press_on("button", "Set up by hand")?;
    window.fill("textbox", "Your name", "Marit Solheim")?;
    window.fill("textbox", "Email address", &user.address)?;
    window.fill("password", "Password", &user.password)?;
    window.fill("textbox", "IMAP server", "localhost")?;
    window.fill("textbox", "IMAP port", &imaps.to_string())?;
    window.fill("textbox", "SMTP server", "localhost")?;
    window.fill("textbox", "SMTP port", &dovecot.ports.submissions.to_string())?;
    window.fill("textbox", "User name", &user.address)?;
    window.press_on("button", "Add account")
}

/// Opens a message by its subject and waits until its body can be read; answers the body's text.
fn read(window: &Window, subject: &str) -> Result<String> {
    window.press_on("option", Name::Has(subject))?;
    window.find("heading", Name::Has(subject))?;
    let frame = window.find("iframe", "Message body")?;
    window.enter(&frame)?;
    let text = window.wait("the message's text", || {
        let text = window.script("return document.body ? document.body.innerText : ''", serde_json::json!([]))?;
        Ok(text.as_str().filter(|t| !t.trim().is_empty()).map(str::to_owned))
    });
    window.leave_frames()?;
    text
}

/// A message from Jonas with this subject.
fn letter(subject: &str, to: &User) -> Vec<u8> {
    let id = subject.replace(' ', "-");
    format!(
        "Date: Thu, 19 Nov 2026 09:42:00 +0100\r\nFrom: Jonas Lindqvist <jonas@test.example>\r\nTo: {}\r\nMessage-ID: <{id}@test.example>\r\n\
         Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>The winch sits <b>40 cm</b> further back.</p>\r\n",
        to.address
    )
    .into_bytes()
}
