//! What mail *is* to Godwit: types, rules and decisions as pure functions.
//! No tokio, no sockets, no SQL, no files, no clock: whoever calls hands those in.

pub mod account;
pub mod action;
pub mod api;
pub mod bindings;
pub mod compose;
pub mod discover;
pub mod draft;
pub mod error;
pub mod event;
pub mod flags;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod html;
pub mod ids;
pub mod keep;
pub mod labels;
pub mod mailbox;
pub mod message;
pub mod mime;
pub mod quirks;
pub mod redact;
pub mod removed;
pub mod sending;
pub mod settings;
mod steps;
pub mod sync;
pub mod view;

pub use account::*;
pub use action::*;
pub use draft::*;
pub use error::*;
pub use event::*;
pub use flags::{FlagEdit, Flags};
pub use ids::*;
pub use keep::*;
pub use mailbox::*;
pub use message::*;
pub use removed::*;
pub use settings::*;
pub use view::*;
