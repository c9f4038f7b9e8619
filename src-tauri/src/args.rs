//! The command line of the window. What stands on it may come from a web page (`mailto:`), so it is read as hostile:
//! bounded, never run, never a path unless it names a file that is there.

use godwit_domain::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The longest `mailto:` address that is taken.
const MAX_MAILTO: usize = 64 * 1024;
/// The most things opened by one call.
const MAX_OPENS: usize = 16;

/// How it is called.
pub const USAGE: &str = "Usage: godwit [--profile DIR] [mailto:\u{2026} | FILE.eml \u{2026}]\n\n\
  --profile DIR  where everything of this profile lives (or GODWIT_PROFILE)\n\
  --help         this text\n  --version      the version";

/// Something to open once the window is there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Open {
    /// A `mailto:` address: starts a mail.
    Mailto {
        /// The whole URL.
        url: String,
    },
    /// A message in a file.
    File {
        /// Its absolute path.
        path: String,
    },
}

impl Open {
    /// As it is handed to another process, which reads it with [`open`].
    pub fn into_text(self) -> String {
        match self {
            Self::Mailto { url } => url,
            Self::File { path } => path,
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// The window.
    Window {
        /// `--profile`.
        profile: Option<PathBuf>,
        /// What to open in it.
        opens: Vec<Open>,
    },
    /// `--help`.
    Help,
    /// `--version`.
    Version,
}

/// Reads the arguments, without the program's own name.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked> {
    let mut args = args.into_iter();
    let (mut profile, mut opens, mut only_files) = (None, Vec::new(), false);
    while let Some(arg) = args.next() {
        let text = arg.to_str().unwrap_or_default();
        match text {
            _ if only_files => opens.push(file(&arg)?),
            "--" => only_files = true,
            "--help" | "-h" => return Ok(Asked::Help),
            "--version" | "-V" => return Ok(Asked::Version),
            "--profile" => profile = Some(folder(args.next())?),
            _ if text.starts_with("--profile=") => profile = Some(folder(text.get(10..).map(OsString::from))?),
            _ if text.starts_with('-') => {
                return Err(Error::invalid("There is no such option.").mend("Run godwit --help."));
            }
            _ => opens.push(open(&arg)?),
        }
        if opens.len() > MAX_OPENS {
            return Err(Error::invalid("That is too much to open at once.").mend("Open at most 16 messages."));
        }
    }
    Ok(Asked::Window { profile, opens })
}

/// One thing to open: from this command line, or handed over by another process.
pub fn open(arg: &OsStr) -> Result<Open> {
    match arg.to_str() {
        Some(text) if is_mailto(text) => mailto(text),
        // Desktops hand over files as addresses.
        Some(text) if text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file://")) => {
            let path = url::Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
            file(path.ok_or_else(|| Error::invalid("This file: address names no file of this computer."))?.as_os_str())
        }
        _ => file(arg),
    }
}

fn folder(value: Option<OsString>) -> Result<PathBuf> {
    value
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
        .ok_or_else(|| Error::invalid("--profile needs a folder.").mend("Write --profile DIR."))
}

fn is_mailto(text: &str) -> bool {
    text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
}

fn mailto(text: &str) -> Result<Open> {
    if text.len() > MAX_MAILTO || text.chars().any(char::is_control) {
        return Err(Error::invalid("This mailto: address is too long or has control characters."));
    }
    Ok(Open::Mailto { url: text.to_owned() })
}

fn file(arg: &OsStr) -> Result<Open> {
    let path = std::path::absolute(PathBuf::from(arg)).map_err(|_| Error::invalid("A file name is empty."))?;
    if !path.is_file() {
        return Err(Error::gone("There is no such file.").mend("Name a message file (.eml) or a mailto: address."));
    }
    match path.to_str() {
        Some(path) => Ok(Open::File { path: path.to_owned() }),
        None => Err(Error::invalid("The file's name is not Unicode.").mend("Give the file another name.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Asked> {
        parse(args.iter().map(OsString::from))
    }

    fn window(profile: Option<&str>, opens: Vec<Open>) -> Asked {
        Asked::Window { profile: profile.map(PathBuf::from), opens }
    }

    #[test]
    fn a_profile_is_read_in_both_spellings() {
        assert_eq!(read(&["--profile", "/p"]).unwrap(), window(Some("/p"), vec![]));
        assert_eq!(read(&["--profile=/p"]).unwrap(), window(Some("/p"), vec![]));
        assert_eq!(read(&[]).unwrap(), window(None, vec![]));
        for wrong in [&["--profile"][..], &["--profile="], &["--profile", ""]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_mailto_starts_a_mail_whatever_its_case() {
        let url = "MailTo:marit@fjordlys.example?subject=Tide";
        assert_eq!(read(&[url]).unwrap(), window(None, vec![Open::Mailto { url: url.into() }]));
        assert!(read(&["mailto:a@b\r\nBcc:c"]).is_err());
        assert!(read(&[&format!("mailto:{}", "a".repeat(MAX_MAILTO))]).is_err());
        assert!(read(&["mailto:a@b.example"; 17]).is_err());
    }

    #[test]
    fn a_file_must_be_there_and_an_option_must_be_known() {
        assert!(read(&["no-such-file.eml"]).is_err());
        assert!(read(&["--remote-debugging-port=1"]).is_err());
        assert!(read(&["--", "--help"]).is_err(), "after -- everything is a file");
        assert_eq!(read(&["--version"]).unwrap(), Asked::Version);
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let opened = window(None, vec![Open::File { path: here.into() }]);
        assert_eq!(read(&["--", here]).unwrap(), opened);
        let address = url::Url::from_file_path(here).unwrap();
        assert_eq!(read(&[address.as_str()]).unwrap(), opened, "as desktops hand it over");
        assert!(read(&["file://elsewhere.example/etc/hosts"]).is_err());
    }
}
