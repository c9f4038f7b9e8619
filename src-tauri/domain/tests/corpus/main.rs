//! Real mail and real attacks, gathered elsewhere and never part of this repository. Each test names its floor: what passed when it
//! was last measured. Without the corpus every test says "skipped: no corpus" and passes. See docs/parsing.md.

// A test may stop at once where the corpus is not what it says.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod archive;
mod expected;
mod hostile;
mod layout;
mod survive;
mod vectors;
