//! Real mail and real attacks, gathered elsewhere and never part of this repository. Each test names its floor: what passed when it
//! was last measured. Without the corpus every test says "skipped: no corpus" and passes. See docs/parsing.md.

mod archive;
mod expected;
mod hostile;
mod layout;
mod survive;
mod vectors;
