//! Each screen is judged by axe, as rendered, in light and dark, wide and narrow, and with real content.

use super::{Desk, letter, read};
use anyhow::{Context, Result, bail};
use godwit_tests::dovecot::Dovecot;
use godwit_tests::webdriver::{Name, Window, key};
use serde_json::json;
use std::path::Path;

/// Fails with what axe finds on the screen as it stands.
fn judge(window: &Window, screen: &str) -> Result<()> {
    let found = findings(window)?;
    if !found.is_empty() {
        bail!("axe on {screen}:\n{}", found.join("\n"));
    }
    Ok(())
}

/// What axe finds.
fn findings(window: &Window) -> Result<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(path).context("read axe-core out of node_modules (npm ci)")?;
    window.script(&axe, json!([]))?;
    // The frame's content is the sender's; animations are waited for, since half-faded text has no contrast.
    let found = window.script_async(
        "const done = arguments[arguments.length - 1];
         Promise.all(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished.catch(() => 0)))
           .then(() => window.axe.run(document, { iframes: false }))
           .then((r) => done(r.violations.map((v) => v.id + ': ' + v.help + ' | ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' || '))))
           .catch((e) => done(['axe failed: ' + e]));",
        json!([]),
    )?;
    Ok(serde_json::from_value(found)?)
}

/// The looks that each screen is judged in: theme, width and height.
const LOOKS: [(&str, u32, u32); 4] = [("light", 1280, 800), ("dark", 1280, 800), ("light", 640, 800), ("dark", 640, 800)];

/// Judges a screen in every look, and leaves it as a person has it.
fn judge_all(window: &Window, screen: &str) -> Result<()> {
    for (theme, width, height) in LOOKS {
        window.resize(width, height)?;
        window.script("document.documentElement.dataset.theme = arguments[0]", json!([theme]))?;
        judge(window, &format!("{screen}, {theme}, {width} px wide"))?;
    }
    window.resize(1280, 800)?;
    window.script("document.documentElement.dataset.theme = 'light'", json!([]))?;
    Ok(())
}

#[test]
fn axe_finds_nothing_on_each_screen_in_each_look() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    for subject in ["Slipway drawings", "Winch and cradle", "Old papers"] {
        dovecot.deliver(&marit, &letter(subject, &marit))?;
    }
    let desk = Desk::new(dovecot)?;
    let window = desk.open()?;
    window.find("heading", "Add your mail account")?;
    judge_all(&window, "the wizard")?;
    super::set_up_by_hand(&window, dovecot, &marit)?;
    window.find("option", Name::Has("Slipway drawings"))?;
    judge_all(&window, "the inbox")?;
    read(&window, "Slipway drawings")?;
    judge_all(&window, "a message")?;
    window.press_on("button", "More actions")?;
    window.find("menu", Name::Any)?;
    judge(&window, "a menu")?;
    window.press(key::ESCAPE)?;
    window.press_on("button", "Reply")?;
    window.find("textbox", "Message body")?;
    judge_all(&window, "the composer")?;
    window.press_on("button", "Discard draft")?;
    window.press_on("button", "Settings")?;
    window.find("navigation", "Settings sections")?;
    for part in ["Appearance", "Reading", "Writing", "Notifications", "Keyboard", "Help", "Accounts"] {
        window.press_on("button", part)?;
        window.find("heading", if part == "Help" { Name::Any } else { Name::Is(part) })?;
        judge_all(&window, &format!("the settings' {part}"))?;
    }
    // The judge itself is judged: what is planted must be found.
    let plant = "const b = document.createElement('button'); b.style.color = b.style.background = '#777'; document.querySelector('main, body').append(b);";
    window.script(plant, json!([]))?;
    let found = findings(&window)?;
    assert!(found.iter().any(|f| f.starts_with("button-name")), "axe missed a button without a name: {found:?}");
    Ok(())
}
