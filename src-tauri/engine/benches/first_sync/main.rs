//! The first sync of a mailbox against a bare reader: time to the first 50 rows, time until the last row is in a view,
//! latency of list pages, peak memory. Each run is a process of its own on a fresh profile; engine and reader take turns.
//! `cargo xtask bench` runs it; sizes may be named: `cargo xtask bench 1000 10000`.

#[cfg(unix)]
mod bare;
#[cfg(unix)]
mod measured;
#[cfg(unix)]
mod rounds;

#[cfg(unix)]
fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["engine", port, submission, user, count] => measured::engine(port.parse()?, submission.parse()?, user, count.parse()?),
        ["bare", port, root, user] => bare::print(port.parse()?, root, user),
        [] => rounds::all(&[1_000, 10_000, 100_000]),
        sizes => rounds::all(&sizes.iter().map(|s| s.parse()).collect::<Result<Vec<usize>, _>>()?),
    }
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: the bench needs Dovecot, which does not run on this system");
}
