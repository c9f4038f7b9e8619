//! `demo`: a sample mailbox on a private server and the window on a throwaway profile. `run`: the window on your own.

use crate::builds;
use crate::runner::{command, run};
use anyhow::Result;

/// The app on the profile of whoever asks.
pub fn run_on_own_profile(args: &[&str]) -> Result<()> {
    let programs = builds::programs()?;
    run(&mut command(programs.join(format!("godwit{}", std::env::consts::EXE_SUFFIX)), args))
}

/// The demo: in a window where there is a display, else as a picture.
#[cfg(unix)]
pub fn demo() -> Result<()> {
    use crate::apt;
    use crate::machine::has_display;
    let headless: &[&[_]] = &[apt::BUILD, apt::DOVECOT, apt::HEADLESS];
    apt::need(if has_display() { &headless[..2] } else { headless })?;
    let programs = builds::programs()?;
    show::demo(&programs, has_display())
}

/// The demo needs Dovecot, which does not run here.
#[cfg(not(unix))]
pub fn demo() -> Result<()> {
    anyhow::bail!("the demo needs Dovecot, which does not run on this system. `cargo xtask run` opens the app on your own mail.")
}

#[cfg(unix)]
mod show {
    use crate::machine::root;
    use anyhow::{Context, Result, bail};
    use godwit_tests::display::Display;
    use godwit_tests::dovecot::{Dovecot, Setup, User};
    use godwit_tests::godwitctl::Godwitctl;
    use godwit_tests::keyring::Keyring;
    use godwit_tests::sample;
    use godwit_tests::webdriver::{Name, Window};
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    pub fn demo(programs: &Path, has_display: bool) -> Result<()> {
        let start = Instant::now();
        let dovecot = Dovecot::start(&Setup::default())?;
        let now = time::OffsetDateTime::now_utc();
        let accounts = [
            (User::of(sample::OWNER), sample::mailbox(sample::SEED, now)),
            (User::of(sample::OWNER_AT_HOME), sample::private_mailbox(sample::SEED, now)),
        ];
        let mut count = 0;
        for (user, folders) in &accounts {
            for folder in folders {
                dovecot.import(user, &folder.path, &folder.messages)?;
                count += folder.messages.len();
            }
        }
        println!("{count} messages in {:.1} s", start.elapsed().as_secs_f64());
        let profile = tempfile::Builder::new().prefix("godwit-demo-").tempdir()?;
        let mut env = vec![
            godwit_tests::godwitctl::root_env(&dovecot.root()),
            ("GODWIT_PASSPHRASE".to_owned(), "only for the demo".to_owned()),
        ];
        let ctl = Godwitctl::at(profile.path(), env.clone(), programs);
        for (user, _) in &accounts {
            ctl.add(&dovecot, user)?;
        }
        let godwit = programs.join("godwit");
        if has_display {
            let mut window = Command::new(&godwit);
            let status = window.arg("--profile").arg(profile.path()).envs(env).status().context("open the window")?;
            if !status.success() {
                bail!("godwit ended with {status}");
            }
            return Ok(());
        }
        ctl.ok(&["sync"])?;
        let (display, session) = (Display::start(1280, 800)?, Keyring::start()?);
        env.extend(display.env());
        env.extend(session.env());
        picture(&godwit, profile.path(), env)
    }

    fn picture(godwit: &Path, profile: &Path, env: Vec<(String, String)>) -> Result<()> {
        let profile = profile.display().to_string();
        let window = Window::open(godwit, &["--profile", &profile], env, None)?;
        window.patience.set(Duration::from_secs(60));
        window.find("listbox", "Messages")?;
        window.press_on("option", Name::Has(sample::SHOWN))?;
        window.find("heading", Name::Has(sample::SHOWN))?;
        let frame = window.find("iframe", "Message body")?;
        window.enter(&frame)?;
        window.wait("the message's text", || {
            let text = window.script("return document.body.innerText.trim().length", serde_json::json!([]))?;
            Ok(text.as_u64().filter(|n| *n > 0))
        })?;
        window.leave_frames()?;
        window.wait("fonts and pictures", || {
            let ready = window.script("return document.fonts.status === 'loaded'", serde_json::json!([]))?;
            Ok(ready.as_bool().filter(|r| *r))
        })?;
        // Away from the row that was clicked, whose hover buttons hide the subject.
        window.point_at(900, 20)?;
        std::thread::sleep(Duration::from_millis(300));
        let file = root().join("target/demo.png");
        std::fs::create_dir_all(root().join("target"))?;
        std::fs::write(&file, window.picture()?)?;
        println!("No display here, so here is a picture: {}", file.display());
        Ok(())
    }
}
