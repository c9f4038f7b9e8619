//! What this process has used so far, from /proc. Where there is none, zeros: the tables then show a dash.

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

/// How often a thread of this process went to sleep and was woken, so far; the relay's are left out.
pub fn wake_ups() -> u32 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of_task = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let field = |name: &str| status.lines().find_map(|l| Some(l.strip_prefix(name)?.trim().to_owned()));
        let count = field("voluntary_ctxt_switches:").and_then(|n| n.parse::<u32>().ok()).unwrap_or_default();
        if field("Name:").as_deref() == Some(crate::counter::RELAY) { 0 } else { count }
    };
    tasks.map(of_task).sum()
}
