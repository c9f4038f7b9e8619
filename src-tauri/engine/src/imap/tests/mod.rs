//! The wire, played by a scripted server: what servers do, and what they should not.

mod changing;
mod chatter;
mod corpus;
mod fetching;
mod hostile;
mod idle;
mod lines;
mod mailboxes;
mod notify;
mod sign_in;
