//! What synchronising deals in: sets of UIDs, what a server says of a mailbox and its messages.
//! Both the wire side and the store side of the engine speak these types; neither knows the other.

mod items;
mod uid_set;

pub use items::*;
pub use uid_set::*;
