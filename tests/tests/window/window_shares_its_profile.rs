//! The window and the command line on one profile: what either does, the other shows.

use super::{Desk, letter};
use anyhow::Result;
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::{Godwitctl, built};
use godwit_tests::webdriver::Name;
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn the_command_line_asks_the_open_window() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    for subject in ["Slipway drawings", "Winch and cradle"] {
        dovecot.deliver(&marit, &letter(subject, &marit))?;
    }
    let desk = Desk::new(dovecot)?;
    let window = desk.open_with(dovecot, &marit)?;
    window.find("option", Name::Has("Winch and cradle"))?;
    let programs = built("godwitctl")?;
    let ctl = Godwitctl::at(&desk.profile.path().join("profile"), desk.env(), programs.parent().expect("a folder"));
    ctl.ok(&["archive", &ctl.id(&marit, "INBOX", "Winch and cradle")?])?;
    window.gone("option", Name::Has("Winch and cradle"))?;
    ctl.ok(&["undo"])?;
    window.find("option", Name::Has("Winch and cradle"))?;
    Ok(())
}

#[test]
fn a_second_start_raises_the_first_window_and_ends() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let desk = Desk::new(dovecot)?;
    let window = desk.open()?;
    window.find("heading", "Add your mail account")?;
    let mut second = Command::new(built("godwit")?);
    second.arg("--profile").arg(desk.profile.path().join("profile")).envs(desk.env());
    let mut second = second.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = second.try_wait()? {
            break status;
        }
        if start.elapsed() > Duration::from_secs(20) {
            second.kill()?;
            anyhow::bail!("a second window stayed open on the same profile");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}");
    window.find("heading", "Add your mail account")?;
    Ok(())
}

#[test]
fn a_message_file_is_shown_and_its_attachment_saved() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let desk = Desk::new(dovecot)?;
    let downloads = desk.downloads()?;
    let window = desk.open()?;
    window.find("heading", "Add your mail account")?;
    let file = desk.profile.path().join("Old letter.eml");
    std::fs::write(
        &file,
        "From: Nils <nils@fjordlys.example>\r\nTo: marit@fjordlys.example\r\nSubject: The mast\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
         <style>.x{color:#123456}</style><p class=x>Lies in the shed</p>\r\n--b\r\nContent-Type: text/plain; name=list.txt\r\n\
         Content-Disposition: attachment; filename=list.txt\r\n\r\nrope\r\n--b--\r\n",
    )?;
    let status = Command::new(built("godwit")?)
        .arg("--profile")
        .arg(desk.profile.path().join("profile"))
        .arg(&file)
        .envs(desk.env())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    assert!(status.success(), "{status}");
    let dialog = window.find("dialog", "The mast")?;
    assert!(window.text(&dialog)?.contains("Old letter.eml"));
    let frame = window.find("iframe", "Message body")?;
    window.enter(&frame)?;
    let shown =
        window.script("return document.body.innerText + getComputedStyle(document.querySelector('p')).color", json!([]))?;
    window.leave_frames()?;
    assert_eq!(shown, json!("Lies in the shedrgb(18, 52, 86)"), "with its text and its style sheet");
    window.press_on("button", "Save attachment")?;
    let saved = window.wait("the saved file", || Ok(std::fs::read_to_string(downloads.join("list.txt")).ok()))?;
    assert_eq!(saved.trim(), "rope");
    Ok(())
}
