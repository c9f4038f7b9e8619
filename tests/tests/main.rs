//! Journeys and window tests: plain stories about a person and their mail, told against real servers.

mod arrows;
mod fixtures;
mod journeys;
#[cfg(unix)]
mod servers;
#[cfg(unix)]
mod torture;
mod window;
