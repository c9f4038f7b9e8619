//! A short torture: the line breaks at stepped offsets, and Python's imaplib counts the mail afterwards.
//! `cargo xtask torture` plays every offset.

mod random_histories;
mod the_line_breaks;
mod the_power_goes;
mod the_process_is_killed;
