//! What this process has used so far, from /proc. Where there is none, zeros: the tables then show a dash.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// CPU of all threads, ended ones too, and the peak of resident memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub cpu: Duration,
    pub peak_kib: u64,
}

/// Linux counts CPU for programs in hundredths of a second on every machine it runs on.
const TICKS: u64 = 100;

impl Usage {
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The program's name may hold spaces; what follows its bracket does not.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        Self { cpu: Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS), peak_kib: peak.unwrap_or_default() }
    }
}

/// How often the threads of this process went to sleep and were woken, so far, by thread; the relay's are left out.
#[derive(Clone, Debug, Default)]
pub struct WakeUps(BTreeMap<u32, (String, u32)>);

impl WakeUps {
    pub fn now() -> Self {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let of_task = |task: fs::DirEntry| {
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let field = |name: &str| status.lines().find_map(|l| Some(l.strip_prefix(name)?.trim().to_owned()));
            let count = field("voluntary_ctxt_switches:")?.parse().ok()?;
            Some((field("Pid:")?.parse().ok()?, (field("Name:").filter(|name| name != crate::counter::RELAY)?, count)))
        };
        Self(tasks.filter_map(of_task).collect())
    }

    /// What came since, by the threads' names.
    pub fn since(&self, earlier: &Self) -> BTreeMap<String, u32> {
        let mut all = BTreeMap::new();
        for (id, (name, count)) in &self.0 {
            let before = earlier.0.get(id).map_or(0, |(_, count)| *count);
            *all.entry(name.clone()).or_default() += count.saturating_sub(before);
        }
        all.retain(|_, count| *count > 0);
        all
    }
}
