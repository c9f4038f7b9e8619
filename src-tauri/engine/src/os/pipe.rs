//! The owner's listening end and how to find it: a Unix socket inside the profile, or a named pipe on Windows.
//! Where the path is too long for a socket (or on Windows) the real name is random and stands in the profile's `owner.path`,
//! which only the profile's owner can read. Only the holder of the profile's lock binds, so what lies there is stale.

use super::dirs::{read_small, write_private};
use super::io_error;
use godwit_domain::Result;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use system::{Listener, Stream, connect};

const POINTER: &str = "owner.path";

/// What binding left on the disk; taken away again when the owner goes.
pub struct Traces(Vec<PathBuf>);

impl Drop for Traces {
    fn drop(&mut self) {
        for path in &self.0 {
            // What stays is stale and goes with the next bind.
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
}

fn remove_stale(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(io_error("clear the last run's socket", path, &e)),
        _ => Ok(()),
    }
}

/// The name in the profile's pointer file.
fn pointed_at(profile: &Path) -> Result<Option<PathBuf>> {
    let bytes = read_small(&profile.join(POINTER), 4096)?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(PathBuf::from))
}

fn point_at(profile: &Path, name: &str) -> Result<PathBuf> {
    let pointer = profile.join(POINTER);
    write_private(&pointer, name.as_bytes())?;
    Ok(pointer)
}

#[cfg(unix)]
mod system {
    use super::*;
    use crate::os::dirs::restrict;
    use crate::os::random_name;
    use std::os::unix::fs::MetadataExt;
    use tokio::net::{UnixListener, UnixStream};

    const SOCKET: &str = "owner.sock";
    /// sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the closing NUL.
    const MAX_PATH: usize = 100;

    pub type Stream = UnixStream;

    pub struct Listener {
        socket: UnixListener,
        uid: u32,
    }

    impl Listener {
        pub fn bind(profile: &Path) -> Result<(Self, Traces)> {
            let inside = profile.join(SOCKET);
            remove_stale(&inside)?;
            forget_outside(profile)?;
            let (path, traces) = if fits(&inside) { (inside.clone(), Traces(vec![inside])) } else { outside(profile)? };
            let told = |e: io::Error| io_error("open the profile's socket", &path, &e);
            let socket = UnixListener::bind(&path).map_err(told)?;
            restrict(&path)?;
            let uid = fs::metadata(&path).map_err(told)?.uid();
            Ok((Self { socket, uid }, traces))
        }

        /// The next connection of the same person; anybody else's is closed unread.
        pub async fn accept(&mut self) -> io::Result<Stream> {
            loop {
                let (stream, _) = self.socket.accept().await?;
                if stream.peer_cred()?.uid() == self.uid {
                    return Ok(stream);
                }
            }
        }
    }

    pub async fn connect(profile: &Path) -> Result<Option<Stream>> {
        let path = match pointed_at(profile)? {
            Some(path) => path,
            None => profile.join(SOCKET),
        };
        if !fits(&path) {
            return Ok(None);
        }
        match UnixStream::connect(&path).await {
            Ok(stream) => Ok(Some(stream)),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
            Err(e) => Err(io_error("reach the running Godwit", &path, &e)),
        }
    }

    fn fits(path: &Path) -> bool {
        path.as_os_str().len() <= MAX_PATH
    }

    /// A folder with a name nobody guesses in the runtime folder or the temp folder, for a socket whose own path is too long.
    fn outside(profile: &Path) -> Result<(PathBuf, Traces)> {
        let name = random_name()?;
        let name = format!("godwit-{}", name.get(..12).unwrap_or(&name));
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir());
        let bases = runtime.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
        let dir = bases.map(|base| base.join(&name)).find(|dir| dir.is_absolute() && fits(&dir.join(SOCKET)));
        let Some(dir) = dir else {
            return Err(godwit_domain::Error::invalid(
                "The paths to the profile and to the temp folder are too long for a socket.",
            )
            .mend("Use a shorter path with --profile DIR."));
        };
        // Not recursive: a folder that somebody put there before us is an error.
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&dir).map_err(|e| io_error("create a folder for the socket", &dir, &e))?;
        let socket = dir.join(SOCKET);
        let mut traces = Traces(vec![socket.clone(), dir]);
        traces.0.insert(0, point_at(profile, &socket.to_string_lossy())?);
        Ok((socket, traces))
    }

    /// Clears what a killed owner left outside: one socket and its folder, never more, and only under our own name.
    fn forget_outside(profile: &Path) -> Result<()> {
        if let Some(socket) = pointed_at(profile)? {
            let dir = socket.parent().filter(|dir| dir.file_name().is_some_and(|n| n.to_string_lossy().starts_with("godwit-")));
            if let Some(dir) = dir.filter(|_| socket.file_name().is_some_and(|n| n == SOCKET)) {
                drop(Traces(vec![socket.clone(), dir.to_path_buf()]));
            }
            remove_stale(&profile.join(POINTER))?;
        }
        Ok(())
    }
}

#[cfg(windows)]
mod system {
    use super::*;
    use crate::os::random_name;
    use std::time::Duration;
    use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};

    /// ERROR_PIPE_BUSY: every instance is taken for a moment.
    const BUSY: i32 = 231;

    pub type Stream = NamedPipeClient;

    pub struct Listener {
        name: String,
        next: NamedPipeServer,
    }

    impl Listener {
        pub fn bind(profile: &Path) -> Result<(Self, Traces)> {
            remove_stale(&profile.join(POINTER))?;
            // A new random name every time: nobody can sit on it before us.
            let name = format!(r"\\.\pipe\godwit-{}", random_name()?);
            let told = |e: io::Error| io_error("open the profile's pipe", Path::new(&name), &e);
            let next = ServerOptions::new().first_pipe_instance(true).reject_remote_clients(true).create(&name).map_err(told)?;
            let pointer = point_at(profile, &name)?;
            Ok((Self { name, next }, Traces(vec![pointer])))
        }

        pub async fn accept(&mut self) -> io::Result<NamedPipeServer> {
            self.next.connect().await?;
            let fresh = ServerOptions::new().reject_remote_clients(true).create(&self.name)?;
            Ok(std::mem::replace(&mut self.next, fresh))
        }
    }

    pub async fn connect(profile: &Path) -> Result<Option<Stream>> {
        let Some(name) = pointed_at(profile)? else { return Ok(None) };
        for _ in 0..100 {
            match ClientOptions::new().open(&name) {
                Ok(stream) => return Ok(Some(stream)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(e) if e.raw_os_error() == Some(BUSY) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(e) => return Err(io_error("reach the running Godwit", &name, &e)),
            }
        }
        Err(godwit_domain::Error::new(godwit_domain::ErrorKind::Busy, "The running Godwit takes no more calls just now.")
            .mend("Try again in a moment."))
    }
}
