//! What synchronising deals in: sets of UIDs, what a server says of a mailbox and its messages, and the decisions about them.
//! Both the wire side and the store side of the engine speak these types; neither knows the other.

mod audit;
mod backoff;
mod items;
mod push;
mod uid_set;
mod window;

pub use audit::*;
pub use backoff::*;
pub use items::*;
pub use push::*;
pub use uid_set::*;
pub use window::*;
