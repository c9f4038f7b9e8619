//! A disk that fills: after any write of a store at work there is room for no other, for a while. Nothing that was answered
//! is lost, what was refused is not half there, reading goes on, and with room all goes on.

use super::image::{Files, files, write};
use super::run::{KEY, Stage, begin, owed};
use super::{Did, Disk, forget, watch};
use anyhow::{Context, Result, ensure};
use godwit_domain::{AccountId, ErrorKind};
use godwit_engine::store::{ProfileKey, Store};
use godwit_tests::sample::Dice;
use std::path::Path;

/// Steps that meet a full disk before there is room again.
const STEPS_WITHOUT_ROOM: u32 = 3;

/// What a campaign of full disks saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filled {
    /// Moments at which the disk was full.
    pub moments: u32,
    /// Times the profile could not even be opened.
    pub unopened: u32,
    /// Steps that were refused for want of room.
    pub refused: u32,
}

/// Works for `steps` steps, again and again, with room for so many writes, `stride` more each time.
pub async fn fill_disk(seed: u64, steps: u32, stride: usize) -> Result<Filled> {
    let home = tempfile::Builder::new().prefix("godwit-full-").tempdir()?;
    let account = begin(home.path()).await?;
    let before = files(home.path())?;
    let writes = on_disk(&before, None, async |dir, disk| {
        work(dir, account, seed, steps, disk).await?;
        Ok(disk.ops().iter().filter(|op| matches!(op.did, Did::Write { .. })).count())
    })
    .await?;
    ensure!(writes > 100, "hardly anything is written: {writes}");
    let mut all = Filled::default();
    for room in (0..writes).step_by(stride.max(1)) {
        let seen = on_disk(&before, Some(u32::try_from(room)?), async |dir, disk| work(dir, account, seed, steps, disk).await)
            .await
            .with_context(|| format!("room for {room} of {writes} writes, seed {seed}"))?;
        all.moments += 1;
        all.unopened += seen.unopened;
        all.refused += seen.refused;
    }
    Ok(all)
}

async fn on_disk<T>(before: &Files, room: Option<u32>, run: impl AsyncFnOnce(&Path, &Disk) -> Result<T>) -> Result<T> {
    let dir = tempfile::Builder::new().prefix("godwit-full-").tempdir()?;
    write(before, dir.path())?;
    let disk = watch(dir.path());
    disk.set_room(room);
    let done = run(dir.path(), &disk).await;
    forget(&disk);
    done
}

async fn work(dir: &Path, account: AccountId, seed: u64, steps: u32, disk: &Disk) -> Result<Filled> {
    let mut seen = Filled::default();
    let key = ProfileKey::new(KEY);
    let store = match Store::open(dir, &key) {
        Ok((store, _)) => store,
        Err(error) => {
            ensure!(error.kind == ErrorKind::StorageFull, "a full disk is said to be something else: {error}");
            seen.unopened += 1;
            disk.set_room(None);
            Store::open(dir, &key).context("with room again the profile does not open")?.0
        }
    };
    let stage = Stage::of(&store, account).await?;
    let (mut dice, mut left) = (Dice::new(seed), STEPS_WITHOUT_ROOM);
    for step in 0..steps {
        let stood = owed(&store, account).await?;
        let done = stage.step(&store, step, &mut dice).await;
        let wrote = done.is_ok() && disk.has_room();
        if let Err(error) = done {
            ensure!(error.kind == ErrorKind::StorageFull, "step {step}: a full disk is said to be something else: {error}");
            let stands = owed(&store, account).await.context("a full disk can be read")?;
            ensure!(stood == stands, "step {step} was refused and is there:\n    {stood:?}\n    {stands:?}");
            seen.refused += 1;
            left -= 1;
            if left == 0 {
                disk.set_room(None);
            }
        }
        let mut wrong = store.read(|r| r.audit()).await?;
        // What was taken into the profile alone is shown with the next write that finds room.
        wrong.retain(|words| wrote || !words.contains("intent"));
        ensure!(wrong.is_empty(), "step {step}: the lists do not say what the rows say: {wrong:?}");
    }
    disk.set_room(None);
    let (next, stood) = (stage.step(&store, steps, &mut dice).await, owed(&store, account).await?);
    next.context("with room again nothing goes on")?;
    store.close().await;
    let (store, report) = Store::open(dir, &key)?;
    let (stands, wrong) = (owed(&store, account).await?, store.read(|r| r.audit()).await?);
    store.close().await;
    ensure!(report.damaged_cache.is_none(), "a full disk damaged the cache");
    ensure!(wrong.is_empty(), "opened anew, the lists do not say what the rows say: {wrong:?}");
    ensure!(stood == stands, "opened anew, something else is wanted:\n    {stood:?}\n    {stands:?}");
    Ok(seen)
}
