//! Child processes that end with us. Each runs under a small shell that watches a pipe we hold: when the pipe closes,
//! by drop, exit, panic or kill, the shell stops the child with its group. A folder goes with it when our process is gone.
//! Nothing a test starts outlives the test binary.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const WATCH: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ cat <&3 >/dev/null; kill -TERM $child; sleep 4; kill -KILL $child; } 2>/dev/null &
wait $child
# Still somebody there: this was an orderly stop, and the folder is theirs.
if [ -n "$TIED_REMOVE" ] && ! kill -0 $TIED_OWNER 2>/dev/null; then
  rm -rf -- "$TIED_REMOVE" || { sleep 1; rm -rf -- "$TIED_REMOVE"; }
fi
kill -KILL 0
"#;

/// A running child, tied to this process.
pub struct Tied {
    shell: Child,
}

/// What to run, and how.
pub struct Spawn<'a> {
    command: Command,
    remove: Option<&'a Path>,
    log: Option<PathBuf>,
}

impl<'a> Spawn<'a> {
    /// A program with its arguments.
    pub fn new<S: AsRef<std::ffi::OsStr>>(program: S, args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WATCH, "tied"]).arg(program).args(args).process_group(0);
        Self { command, remove: None, log: None }
    }

    /// Adds to the child's environment.
    pub fn envs<K: AsRef<std::ffi::OsStr>, V: AsRef<std::ffi::OsStr>>(mut self, vars: impl IntoIterator<Item = (K, V)>) -> Self {
        self.command.envs(vars);
        self
    }

    /// Removes this folder after the child when our process has ended, however it ended.
    pub fn removing_at_exit(mut self, dir: &'a Path) -> Self {
        self.remove = Some(dir);
        self
    }

    /// Sends what the child prints to a file.
    pub fn log(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Result<Tied> {
        self.command.stdin(Stdio::piped());
        match &self.log {
            Some(path) => {
                let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
                self.command.stdout(file.try_clone()?).stderr(file);
            }
            None => {
                self.command.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        self.command.env("TIED_OWNER", std::process::id().to_string());
        self.command.env("TIED_REMOVE", self.remove.map(Path::as_os_str).unwrap_or_default());
        Ok(Tied { shell: self.command.spawn().context("start a child under /bin/sh")? })
    }
}

impl Tied {
    /// Whether the child still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.shell.try_wait(), Ok(None))
    }

    /// Waits until `ready` says yes; fails when the child ends first or time is up.
    pub fn wait_until(&mut self, what: &str, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        loop {
            if ready() {
                return Ok(());
            }
            if !self.is_running() {
                bail!("{what}: the process ended before it was ready");
            }
            if start.elapsed() > limit {
                bail!("{what}: not ready after {} s", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Tied {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell ends itself within five seconds at most.
        let _ = self.shell.wait();
    }
}
