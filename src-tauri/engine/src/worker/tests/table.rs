//! Lie by command: each kind of command of a whole life, answered in each wrong way that makes sense. Whatever the server
//! says, every call ends in time and within its memory, nothing is dropped here that the server still has, nothing is done to
//! a message that nobody meant, what was wanted comes true or is told, and the passes after it settle everything.

use super::lies::{ALL, FALSE_NEWS, Fault, GOING, REFUSING, RUBBISH};
use super::life::{Kind, Life, in_a_row};
use crate::pretend::Lie;
use std::collections::BTreeMap;

/// What servers offer; where one has no archive yet (not a capability), it is made.
const OFFERS: &[&str] = &[
    "ENABLE CONDSTORE QRESYNC UIDPLUS MOVE LIST-EXTENDED LIST-STATUS IDLE",
    "CONDSTORE UIDPLUS LITERAL+ OBJECTID",
    "MOVE IDLE",
    "",
    "ID NAMESPACE UIDPLUS MOVE X-NO-ARCHIVE",
];

/// One command of a life: at which server, of which kind, and how many of its kind came before.
#[derive(Clone, Copy)]
struct Place {
    offers: &'static str,
    kind: Kind,
    after: usize,
}

/// Every command of an honest life with each server, by kind.
async fn places() -> BTreeMap<Kind, Vec<Place>> {
    let mut places: BTreeMap<Kind, Vec<Place>> = BTreeMap::new();
    for offers in OFFERS {
        let mut life = Life::begin(offers, format!("[{offers}] no lie")).await;
        life.live().await;
        let heard: Vec<Kind> = life.desk.home.server.world().heard.iter().map(|(_, c)| Kind::of(c)).collect();
        let mut so_far: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in heard.into_iter().filter(|kind| *kind != Kind::Logout) {
            let after = so_far.entry(kind).or_default();
            places.entry(kind).or_default().push(Place { offers, kind, after: *after });
            *after += 1;
        }
        life.settle().await;
        life.ends_well(super::lies::Says::Nothing).await;
    }
    places
}

fn name(fault: &Fault, Place { offers, kind, after }: Place) -> String {
    format!("[{offers}] {} at {kind:?} {after}", fault.name)
}

async fn tell(fault: &'static Fault, place: Place) {
    let (Place { offers, kind, after }, case) = (place, name(fault, place));
    let mut life = Life::begin(offers, case).await;
    let times = in_a_row();
    life.desk.home.server.later_and_again(move |command| Kind::of(command) == kind, after, times, Lie::Bent(fault.bend));
    life.live().await;
    life.settle().await;
    life.settle().await;
    life.ends_well(fault.says).await;
}

/// Each lie at every fourth kind of command, at one place of it; `GODWIT_LIES=all`: everywhere, at every server;
/// `GODWIT_LIES="a BAD at Move 0"`: the cases whose name has these words. `GODWIT_LIES_IN_A_ROW=3`: each is told so often.
async fn play(table: &'static [Fault]) {
    let wanted = std::env::var("GODWIT_LIES").ok();
    let all = wanted.is_some();
    let wanted = wanted.filter(|words| words != "all").unwrap_or_default();
    let places = places().await;
    let (mut cases, mut failed) = (0, Vec::new());
    for (n, fault) in table.iter().enumerate() {
        let fitting = places.iter().filter(|(kind, _)| (fault.at)(**kind)).enumerate();
        let few = places.keys().filter(|kind| (fault.at)(**kind)).count() <= 4;
        for (k, (_, places)) in fitting.filter(|(k, _)| all || few || (k + n) % 4 == 0) {
            let one = [places[(7 * n + 5 * k) % places.len()]];
            for place in if all { places } else { &one[..] }.iter().filter(|place| name(fault, **place).contains(&wanted)) {
                // One that goes wrong does not hide the others.
                let told = tokio::spawn(tell(fault, *place));
                failed.extend(told.await.err().map(|_| name(fault, *place)));
                cases += 1;
            }
        }
    }
    assert!(failed.is_empty(), "{} of {cases} cases went wrong: {failed:#?}", failed.len());
    eprintln!("{cases} cases of {} lies at {} kinds of commands", table.len(), places.len());
    assert!(!wanted.is_empty() || cases >= 3 * table.len());
}

#[tokio::test]
async fn a_server_that_refuses_anything_at_any_time_loses_nothing() {
    play(REFUSING).await;
}

#[tokio::test]
async fn a_server_that_goes_silent_or_away_at_any_time_loses_nothing() {
    play(GOING).await;
}

#[tokio::test]
async fn a_server_that_tells_of_what_is_not_so_loses_nothing() {
    play(FALSE_NEWS).await;
}

#[tokio::test]
async fn a_server_that_talks_rubbish_at_any_time_loses_nothing() {
    play(RUBBISH).await;
}

/// Each fifth transaction of a life with each server; all with `GODWIT_LIES=all`.
#[tokio::test]
async fn a_disk_that_is_full_at_any_moment_loses_nothing() {
    let step = if std::env::var("GODWIT_LIES").is_ok_and(|all| all == "all") { 1 } else { 5 };
    for (n, offers) in (0..).zip(OFFERS) {
        for part in 0..3 {
            for room in (n % step..).step_by(step) {
                let case = format!("[{offers}] part {part}, room for {room}");
                let mut life = Life::begin(offers, case).await;
                let met = life.live_where_the_disk_fills(part, u32::try_from(room).unwrap()).await;
                life.settle().await;
                life.settle().await;
                life.ends_well(super::lies::Says::Nothing).await;
                if !met {
                    assert!(room > 5, "[{offers}] part {part}: {room}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_life_has_every_kind_of_command_and_each_lie_has_its_name() {
    let met = places().await;
    assert!((0..=Kind::Done as usize).all(|n| met.keys().any(|kind| *kind as usize == n)), "{:?}", met.keys());
    let mut names: Vec<&str> = ALL.iter().flat_map(|table| table.iter().map(|f| f.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
