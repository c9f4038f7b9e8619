//! A seeded mutator for the fuzz targets: plain `fn(&[u8])` that hold their properties by assertion. It needs no second
//! build, so it runs with the unit tests; `cargo xtask fuzz` gives the same targets to libFuzzer for as long as one likes.
//! It knows nothing of what it mutates.

mod corpus;
mod rng;

pub use corpus::{archive, line_cases};
pub use rng::Rng;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What takes any bytes and panics where a property does not hold.
pub type Run = fn(&[u8]);

/// A target: its name, what it does, what it begins with, and words that mean something to it.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name for `cargo xtask fuzz`.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: Run,
    /// Small inputs in the repository, and those of the corpus where there is one.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that the mutator puts in.
    pub words: &'static [&'static str],
}

/// Inputs have at most this many bytes here; libFuzzer may go further.
const MOST: usize = 16 << 10;

/// How many inputs a target gets, unless `GODWIT_FUZZ_ROUNDS` says otherwise.
pub fn rounds(usual: usize) -> usize {
    std::env::var("GODWIT_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Gives a target all its seeds, then mutants of them. What made it panic is printed in full, with the seed that repeats it.
pub fn play(target: &Target, usual_rounds: usize) {
    let seed = std::env::var("GODWIT_FUZZ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut rng = Rng::new(seed);
    let mut seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    for seed in &seeds {
        shown(target, seed, 0);
    }
    // Long seeds were read once as they are; mutants of them would all be alike.
    seeds.retain(|s| s.len() <= MOST);
    for _ in 0..rounds(usual_rounds) {
        shown(target, &mutant(&mut rng, &seeds, target.words), seed);
    }
}

fn shown(target: &Target, input: &[u8], seed: u64) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        let text: String = input.iter().take(2_000).flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect();
        eprintln!("fuzz target {}, seed {seed}, {} bytes: b\"{text}\"", target.name, input.len());
        resume_unwind(panic);
    }
}

/// A seed changed in a few places.
pub fn mutant(rng: &mut Rng, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut out = rng.one_of(seeds).cloned().unwrap_or_default();
    for _ in 0..=rng.below(4) {
        change(rng, &mut out, seeds, words);
    }
    out.truncate(MOST);
    out
}

fn change(rng: &mut Rng, out: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let (from, to) = rng.span(out.len());
    match rng.below(8) {
        0 => out.truncate(from),
        1 => drop(out.drain(from..to)),
        2 => {
            let byte = rng.byte();
            if let Some(at) = out.get_mut(from) {
                *at = byte;
            }
        }
        3 => {
            if let Some(at) = out.get_mut(from) {
                *at ^= 1 << rng.below(8);
            }
        }
        4 => put(out, from, rng.one_of(words).map_or(&[][..], |w| w.as_bytes())),
        5 => {
            let other = rng.one_of(seeds).map_or(&[][..], Vec::as_slice);
            let (a, b) = rng.span(other.len());
            put(out, from, other.get(a..b).unwrap_or_default());
        }
        6 => {
            // What is read twice costs the square of its length: a piece again and again shows that.
            let piece = out.get(from..to.min(from + 40)).unwrap_or_default().to_vec();
            let times = 1 << rng.below(10);
            put(out, from, &piece.repeat(times.min(MOST / piece.len().max(1))));
        }
        _ => {
            let mut bytes = [0; 8];
            bytes.fill_with(|| rng.byte());
            put(out, from, bytes.get(..rng.below(8)).unwrap_or_default());
        }
    }
}

fn put(out: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let at = at.min(out.len());
    out.splice(at..at, bytes.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_mutants_and_all_stay_small() {
        let seeds = vec![b"* 1 FETCH (UID 5)\r\n".to_vec(), vec![b'x'; 4_000]];
        let made = |seed| {
            let mut rng = Rng::new(seed);
            (0..500).map(|_| mutant(&mut rng, &seeds, &["(", "{5}"])).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
        assert!(made(7).iter().all(|m| m.len() <= MOST));
        assert!(made(7).iter().collect::<std::collections::HashSet<_>>().len() > 400);
    }

    #[test]
    #[should_panic(expected = "found it")]
    fn a_panic_in_a_target_is_not_swallowed() {
        let run: Run = |input| assert!(!input.contains(&b'!'), "found it");
        play(&Target { name: "exclaims", run, seeds: || vec![b"abc".to_vec()], words: &["!"] }, 500);
    }
}
