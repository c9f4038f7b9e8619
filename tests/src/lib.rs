//! Fixtures that journeys, window tests, the demo and the bench share: a private Dovecot with its own certificate
//! authority, other servers beside it, a relay behind it, sample mail, a private keychain, a display, and hands for the two faces.
//! Everything binds loopback only, lives in a temporary folder and ends with the process that started it.

#[cfg(unix)]
pub mod authority;
#[cfg(unix)]
pub mod display;
#[cfg(unix)]
pub mod dovecot;
#[cfg(unix)]
pub mod gate;
#[cfg(unix)]
pub mod godwitctl;
#[cfg(unix)]
pub mod keyring;
#[cfg(unix)]
pub mod mailbox;
#[cfg(unix)]
pub mod net;
#[cfg(unix)]
pub mod notifier;
#[cfg(unix)]
pub mod relay;
pub mod sample;
#[cfg(unix)]
pub mod servers;
#[cfg(unix)]
pub mod tied;
#[cfg(unix)]
pub mod webdriver;
