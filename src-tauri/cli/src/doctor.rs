//! `doctor`: each check with pass or fail and the mend.

use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};
use godwit_domain::api::{Doctor, DoctorBundle, DoctorLine};
use godwit_domain::{Error, ErrorKind};
use std::io::Write;
use std::path::Path;

/// All checks. Fails where one does.
pub async fn run(face: &mut Face, out: Output) -> Outcome {
    tell(&face.ask(Doctor {}).await?, out)
}

/// Writes the bundle as a new file, or prints it. It goes nowhere else.
pub async fn bundle(face: &mut Face, file: &Path, out: Output) -> Outcome {
    let text = face.ask(DoctorBundle {}).await?;
    if file == Path::new("-") {
        return out.answer(&text, || text.clone());
    }
    let cannot = |error: std::io::Error| {
        let what = format!("{} can't be written: {error}.", file.display());
        Failure::Failed(Error::invalid(what).mend("Name a new file in a folder of yours."))
    };
    let mut opened = std::fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(cannot)?;
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(cannot)?;
    let written = serde_json::json!({ "file": file, "lines": text.lines().count() });
    out.answer(&written, || {
        let lines = text.lines().count();
        format!("{} has {lines} lines of plain text. Read it before you pass it on; nothing was sent anywhere.", file.display())
    })
}

/// The profile could not even be opened: that is the finding.
pub fn not_open(error: Error, out: Output) -> Outcome {
    let check = if error.kind == ErrorKind::KeyUnavailable { "keychain" } else { "profile" };
    let line = DoctorLine { check: check.to_owned(), pass: false, detail: error.what, mend: error.mend };
    tell(&[line], out)
}

fn tell(lines: &[DoctorLine], out: Output) -> Outcome {
    out.answer(&lines, || {
        let row = |line: &DoctorLine| {
            let verdict = if line.pass { "pass" } else { "FAIL" }.to_owned();
            vec![verdict, line.check.clone(), line.detail.clone(), line.mend.clone()]
        };
        table(&["", "CHECK", "WHAT WAS SEEN", "MEND"], &lines.iter().map(row).collect::<Vec<_>>(), 300)
    })?;
    let failed = lines.iter().filter(|line| !line.pass).count();
    let Some(first) = lines.iter().find(|line| !line.pass) else { return Ok(()) };
    let error = Error::new(ErrorKind::Invalid, format!("{failed} of {} checks failed; first {}.", lines.len(), first.check));
    Err(Failure::Failed(error.mend(first.mend.clone())))
}
