//! `doctor`: each check with pass or fail and the mend.

use crate::face::Face;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};
use godwit_domain::api::{Doctor, DoctorLine};
use godwit_domain::{Error, ErrorKind};

/// All checks. Fails where one does.
pub async fn run(face: &mut Face, out: Output) -> Outcome {
    tell(&face.ask(Doctor {}).await?, out)
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
