//! File names that are safe to write and true to read, and which kinds of file must not be opened from a mail.

use super::fields::{cleaned, is_unseen};

/// Bytes a safe name has at most; file systems take 255.
const MAX_NAME: usize = 180;
/// Bytes of an extension that are kept when a name is cut.
const MAX_EXTENSION: usize = 16;

/// A file name out of what the sender wrote: no path, control, direction or reserved characters, never empty, extension kept.
pub fn safe_name(wanted: &str, media_type: &str) -> String {
    let last = wanted.rsplit(['/', '\\']).find(|p| !p.trim().is_empty()).unwrap_or_default();
    let plain: String =
        last.chars().map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }).collect();
    let plain = cleaned(&plain);
    let plain = plain.trim_matches(['.', ' ']);
    if plain.is_empty() {
        return format!("attachment{}", extension_of(media_type));
    }
    let name = shortened(plain);
    if reserved(&name) { format!("_{name}") } else { name }
}

/// Why a file of this name must not be opened from a mail, in one sentence; `None` for a harmless kind.
pub fn danger(name: &str, media_type: &str) -> Option<String> {
    let shown: String = name.chars().filter(|c| !is_unseen(*c)).collect();
    let lower = shown.to_lowercase();
    let mut parts = lower.rsplit('.').map(str::trim);
    let extension = parts.next().filter(|e| e.len() < lower.len()).unwrap_or_default();
    let inner = parts.next().unwrap_or_default();
    if PROGRAMS.contains(&extension) || (extension.is_empty() && PROGRAM_TYPES.contains(&media_type)) {
        let disguised = DOCUMENTS.contains(&inner);
        return Some(if disguised {
            format!("\u{201c}{shown}\u{201d} is a program, not a document.")
        } else {
            format!("\u{201c}{shown}\u{201d} is a program.")
        });
    }
    if MACROS.contains(&extension) {
        return Some(format!("\u{201c}{shown}\u{201d} is a document that can run macros."));
    }
    if IMAGES.contains(&extension) {
        return Some(format!("\u{201c}{shown}\u{201d} is a disk image; it can hold programs."));
    }
    None
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= MAX_EXTENSION => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let stem = super::cut(stem, MAX_NAME - extension.len()).trim_end_matches(['.', ' ']);
    format!("{stem}{extension}")
}

/// Names that Windows takes for devices, whatever their extension.
fn reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let digit = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")).unwrap_or_default();
    digit.chars().count() == 1 && digit.chars().all(|c| c.is_ascii_digit() || matches!(c, '\u{b9}' | '\u{b2}' | '\u{b3}'))
}

fn extension_of(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => ".png",
        "image/jpeg" | "image/jpg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/svg+xml" => ".svg",
        "application/pdf" => ".pdf",
        "application/zip" => ".zip",
        "application/pgp-signature" | "application/pgp-keys" => ".asc",
        "application/pkcs7-signature" => ".p7s",
        "application/pkcs7-mime" => ".p7m",
        "application/ms-tnef" => ".dat",
        "message/rfc822" | "message/global" => ".eml",
        "text/calendar" => ".ics",
        "text/vcard" | "text/x-vcard" => ".vcf",
        "text/csv" => ".csv",
        "text/html" => ".html",
        t if t.starts_with("text/") || t.starts_with("message/") => ".txt",
        _ => ".bin",
    }
}

const DOCUMENTS: &[&str] = &[
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "txt", "csv", "jpg", "jpeg", "png", "gif",
    "bmp", "webp", "tif", "tiff", "svg", "html", "htm", "mp3", "mp4", "mov", "avi", "wav", "zip", "eml", "ics",
];

const PROGRAMS: &[&str] = &[
    "ade",
    "adp",
    "app",
    "appimage",
    "application",
    "appref-ms",
    "apk",
    "applescript",
    "bas",
    "bash",
    "bat",
    "bin",
    "cgi",
    "chm",
    "class",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "diagcab",
    "dll",
    "elf",
    "exe",
    "fish",
    "flatpakref",
    "fxp",
    "gadget",
    "hlp",
    "hta",
    "inf",
    "ins",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "ksh",
    "library-ms",
    "lnk",
    "mam",
    "mpkg",
    "msc",
    "msh",
    "msi",
    "msix",
    "msp",
    "mst",
    "ocx",
    "osx",
    "out",
    "paf",
    "pif",
    "pkg",
    "pl",
    "ps1",
    "ps1xml",
    "ps2",
    "psc1",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyw",
    "pyz",
    "rb",
    "rdp",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "sct",
    "search-ms",
    "searchconnector-ms",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "snap",
    "sys",
    "terminal",
    "theme",
    "tool",
    "url",
    "vb",
    "vbe",
    "vbs",
    "webloc",
    "website",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xll",
    "xpi",
    "zsh",
];

const MACROS: &[&str] = &[
    "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm", "accdb", "accde", "mdb", "mde",
    "one", "iqy", "slk",
];

const IMAGES: &[&str] = &["iso", "img", "vhd", "vhdx", "dmg", "udf"];

const PROGRAM_TYPES: &[&str] = &[
    "application/x-msdownload",
    "application/x-msdos-program",
    "application/x-dosexec",
    "application/x-executable",
    "application/x-elf",
    "application/x-mach-binary",
    "application/x-sh",
    "application/x-shellscript",
    "application/java-archive",
    "application/x-ms-shortcut",
    "application/vnd.microsoft.portable-executable",
    "text/x-sh",
    "text/x-shellscript",
    "application/hta",
    "application/x-ms-installer",
    "application/x-msi",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_on_every_system() {
        let check = |wanted: &str, media_type: &str, want: &str| assert_eq!(safe_name(wanted, media_type), want, "{wanted:?}");
        check("report.pdf", "application/pdf", "report.pdf");
        check("../../etc/passwd", "", "passwd");
        check("C:\\Users\\x\\run.bat", "", "run.bat");
        check("..", "image/png", "attachment.png");
        check("", "message/rfc822", "attachment.eml");
        check("   ", "x/y", "attachment.bin");
        check("a\u{202e}fdp.exe", "", "afdp.exe");
        check("con.txt", "", "_con.txt");
        check("LPT1", "", "_LPT1");
        check("com\u{b9}.log", "", "_com\u{b9}.log");
        check("commons.log", "", "commons.log");
        check("a:b*c?.txt", "", "a_b_c_.txt");
        check("tab\there\r\n.txt", "", "tab here .txt");
        check(".bashrc", "", "bashrc");
        check("name. . .", "", "name");
        check("invoice.pdf                                        .exe", "", "invoice.pdf .exe");
        check("\u{65e5}\u{672c}.pdf", "", "\u{65e5}\u{672c}.pdf");
        let long = safe_name(&format!("{}.pdf", "\u{e9}".repeat(300)), "");
        assert!(long.len() <= MAX_NAME && long.ends_with(".pdf"), "{long}");
        let no_extension = safe_name(&format!("x.{}", "y".repeat(300)), "");
        assert!(no_extension.len() <= MAX_NAME);
    }

    #[test]
    fn programs_are_named_as_such() {
        let check = |name: &str, media_type: &str, want: Option<&str>| {
            assert_eq!(danger(name, media_type).as_deref(), want, "{name}");
        };
        check("invoice.pdf.exe", "application/pdf", Some("\u{201c}invoice.pdf.exe\u{201d} is a program, not a document."));
        check("setup.EXE", "", Some("\u{201c}setup.EXE\u{201d} is a program."));
        check("invoice.pdf .exe", "", Some("\u{201c}invoice.pdf .exe\u{201d} is a program, not a document."));
        check("run", "application/x-sh", Some("\u{201c}run\u{201d} is a program."));
        check("plan.docm", "", Some("\u{201c}plan.docm\u{201d} is a document that can run macros."));
        check("disk.iso", "", Some("\u{201c}disk.iso\u{201d} is a disk image; it can hold programs."));
        check("invoice.pdf", "application/pdf", None);
        check("exe", "text/plain", None);
        check("photo.jpg", "application/octet-stream", None);
    }
}
