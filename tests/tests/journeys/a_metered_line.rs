//! On a line that costs by the byte nothing is fetched that nobody asked for. NetworkManager itself needs a network to manage, so its
//! one property is told here by a stand-in, over a real bus.

use super::letter;
use anyhow::{Context, Result, ensure};
use godwit_tests::dovecot::Dovecot;
use godwit_tests::godwitctl::Godwitctl;
use godwit_tests::keyring::Keyring;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

const YES: u32 = 1;
const NO: u32 = 2;
const GUESS_YES: u32 = 3;
const NAME: &str = "org.freedesktop.NetworkManager";
const PATH: &str = "/org/freedesktop/NetworkManager";
const LIMIT: Duration = Duration::from_secs(30);

struct NetworkManager(u32);

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl NetworkManager {
    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.0
    }
}

fn say(bus: &Connection, metered: u32) -> Result<()> {
    let interface = bus.object_server().interface::<_, NetworkManager>(PATH)?;
    let mut manager = interface.get_mut();
    manager.0 = metered;
    zbus::block_on(manager.metered_changed(interface.signal_emitter())).context("tell of the change")
}

fn start(bus: &Keyring, metered: u32) -> Result<Connection> {
    Ok(Builder::address(bus.address())?.name(NAME)?.serve_at(PATH, NetworkManager(metered))?.build()?)
}

struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself; the test then says why.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// An owner that stays and listens.
fn watch(ctl: &Godwitctl) -> Result<Watch> {
    let mut child = ctl.spawn(&["--json", "sync", "--watch", "--bodies", "none"])?;
    let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
    lines.next().context("a first document")??;
    // Whoever stops reading stops the watch: its lines are taken until it ends.
    std::thread::spawn(move || lines.count());
    Ok(Watch(child))
}

/// Waits until so many messages are here whole and so many are listed.
fn wait_until(ctl: &Godwitctl, marit: &godwit_tests::dovecot::User, listed: usize, whole: u64) -> Result<()> {
    let until = Instant::now() + LIMIT;
    loop {
        let now = (ctl.list(marit, "INBOX")?.len(), ctl.json(&["disk"])?[0]["whole"].as_u64().context("a number")?);
        if now == (listed, whole) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "listed and whole are {now:?}, not {:?}", (listed, whole));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn nothing_comes_of_itself_while_the_system_says_that_the_line_is_metered() -> Result<()> {
    let dovecot = Dovecot::shared()?;
    let marit = dovecot.user("marit");
    let mut server = dovecot.mailbox(&marit)?;
    let bus = Keyring::without_keychain()?;
    let ctl = Godwitctl::new(dovecot)?.with_env("DBUS_SYSTEM_BUS_ADDRESS", Some(bus.address()));
    ctl.add(dovecot, &marit)?;
    for subject in ["Keel", "Mast"] {
        server.append("INBOX", "", &letter(subject))?;
    }
    let manager = start(&bus, GUESS_YES)?;
    let _watch = watch(&ctl)?;
    wait_until(&ctl, &marit, 2, 0)?;
    std::thread::sleep(Duration::from_secs(2));
    wait_until(&ctl, &marit, 2, 0)?;
    // What a person opens comes all the same.
    let keel = ctl.id(&marit, "INBOX", "Keel")?;
    ensure!(ctl.run(&["show", &keel, "--raw"])?.code == 0, "an opened message did not come");
    wait_until(&ctl, &marit, 2, 1)?;
    say(&manager, NO)?;
    wait_until(&ctl, &marit, 2, 2)?;
    // And back: the next mail is listed, and that is all.
    say(&manager, YES)?;
    std::thread::sleep(Duration::from_secs(3));
    server.append("INBOX", "", &letter("Winch"))?;
    wait_until(&ctl, &marit, 3, 2)?;
    std::thread::sleep(Duration::from_secs(2));
    wait_until(&ctl, &marit, 3, 2)?;
    // It ended and says nothing any more: what nobody calls metered is not.
    drop(manager);
    wait_until(&ctl, &marit, 3, 3)?;
    // And on such a line new mail is here whole as soon as it is here.
    server.append("INBOX", "", &letter("Cradle"))?;
    wait_until(&ctl, &marit, 4, 4)
}
