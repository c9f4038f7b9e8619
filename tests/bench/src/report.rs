//! The numbers for people: one table, a column per size.

use crate::engine::{Done, Pages};
use crate::rounds::Outcome;

/// The middle one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |i: usize| values.get(i).copied().unwrap_or_default();
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { (at(half.saturating_sub(1)) + at(half)) / 2.0 } else { at(half) }
}

/// The value below which `share` of the sorted values lie.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// The table.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut lines = vec![row("messages", outcomes, |o| o.messages.to_string())];
    let mut add = |name: &str, value: &dyn Fn(&Outcome) -> String| lines.push(row(name, outcomes, value));
    add("first 50 rows in a list, s", &|o| format!("{:.3}", side(o, |e| e.first_rows_secs)));
    add("last row in a list, s", &|o| format!("{:.2}", side(o, |e| e.last_row_secs)));
    add("bare reader, s", &|o| format!("{:.2}", median(o.bare.iter().map(|b| b.wall_secs))));
    add("ratio (median of pairs)", &|o| format!("{:.2}", median(pairs(o))));
    add("engine CPU to the last row, s", &|o| format!("{:.2}", side(o, |e| e.last_row_cpu_secs)));
    add("bare reader CPU, s", &|o| format!("{:.2}", median(o.bare.iter().map(|b| b.cpu_secs))));
    add("bare reader, server cold, s", &|o| format!("{:.2}", o.cold.wall_secs));
    add("bare reader, MB", &|o| format!("{:.1}", megabytes(median(o.bare.iter().map(|b| b.bytes as f64)))));
    add("whole pass with first words, s", &|o| format!("{:.2}", side(o, |e| e.pass_secs)));
    add("whole pass, engine CPU s", &|o| format!("{:.2}", side(o, |e| e.pass_cpu_secs)));
    add("peak memory at the last row, MiB", &|o| format!("{:.0}", side(o, |e| e.peak_kib as f64) / 1024.0));
    add("peak memory of the pass, MiB", &|o| format!("{:.0}", side(o, |e| e.pass_peak_kib as f64) / 1024.0));
    add("profile on disk, MB", &|o| format!("{:.1}", megabytes(side(o, |e| e.disk_bytes as f64))));
    add("page of 50, p50 / p99 ms", &|o| paged(o, |e| e.plain.as_ref()));
    add("  the same by conversation", &|o| paged(o, |e| e.threaded.as_ref()));
    add("open a list, first page, ms", &|o| opened(o, |e| e.plain.as_ref()));
    add("  the same by conversation", &|o| opened(o, |e| e.threaded.as_ref()));
    add("nothing new, s", &|o| format!("{:.3}", median(last(o).unchanged_secs.iter().copied())));
    add("nothing new, engine CPU ms", &|o| format!("{:.1}", last(o).unchanged_cpu_secs * 1000.0));
    add("turns: first 50 / last row / pass", &|o| {
        format!("{} / {} / {}", o.wire.first_rows_turns, o.wire.last_row_turns, o.wire.pass_turns)
    });
    add("nothing new: turns, KB", &|o| format!("{}, {:.1}", o.wire.unchanged_turns, o.wire.unchanged_bytes as f64 / 1000.0));
    lines.join("\n")
}

fn row(name: &str, outcomes: &[Outcome], value: impl Fn(&Outcome) -> String) -> String {
    let cells: String = outcomes.iter().map(|o| format!("{:>18}", value(o))).collect();
    format!("{name:<36}{cells}")
}

fn side(outcome: &Outcome, value: impl Fn(&Done) -> f64) -> f64 {
    median(outcome.engine.iter().map(value))
}

fn pairs(outcome: &Outcome) -> impl Iterator<Item = f64> {
    outcome.engine.iter().zip(&outcome.bare).map(|(engine, bare)| engine.last_row_secs / bare.wall_secs)
}

fn megabytes(bytes: f64) -> f64 {
    bytes / 1e6
}

/// The run that also leafed and synced again.
fn last(outcome: &Outcome) -> Done {
    outcome.engine.last().cloned().unwrap_or_default()
}

fn paged(outcome: &Outcome, which: impl Fn(&Done) -> Option<&Pages>) -> String {
    let last = last(outcome);
    which(&last).map_or("-".to_owned(), |p| format!("{:.2} / {:.2}", percentile(&p.ms, 0.5), percentile(&p.ms, 0.99)))
}

fn opened(outcome: &Outcome, which: impl Fn(&Done) -> Option<&Pages>) -> String {
    let last = last(outcome);
    which(&last).map_or("-".to_owned(), |p| format!("{:.1}", p.open_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_middle_of_two() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([]), 0.0);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 0.99), 99.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
