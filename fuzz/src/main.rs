//! One program for all targets: `GODWIT_FUZZ_TARGET` names the one that libFuzzer plays. With `GODWIT_FUZZ_SEEDS` its seeds are
//! written into that folder first, so that libFuzzer begins where the unit tests do.
#![no_main]

use godwit_mutate::Target;
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

fn all() -> impl Iterator<Item = &'static Target> {
    godwit_engine::fuzz::TARGETS.iter().chain(godwit_domain::fuzz::TARGETS)
}

fn begin() {
    let name = std::env::var("GODWIT_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = all().find(|t| t.name == name) else {
        let names: Vec<&str> = all().map(|t| t.name).collect();
        eprintln!("There is no target \u{201c}{name}\u{201d}. There are: {}", names.join(", "));
        std::process::exit(2);
    };
    if let Some(folder) = std::env::var_os("GODWIT_FUZZ_SEEDS") {
        for (n, seed) in (target.seeds)().into_iter().enumerate() {
            if let Err(error) = std::fs::write(Path::new(&folder).join(format!("seed-{n}")), seed) {
                eprintln!("A seed can't be written: {error}");
                std::process::exit(2);
            }
        }
    }
    TARGET.get_or_init(|| *target);
}

fuzz_target!(init: begin(), |input: &[u8]| {
    if let Some(target) = TARGET.get() {
        (target.run)(input);
    }
});
