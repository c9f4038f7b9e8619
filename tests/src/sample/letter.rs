//! One letter and its bytes: header fields with encoded words, text in several charsets and transfer encodings,
//! alternatives, inline pictures and attachments, as real programs write them (RFC 5322, 2045, 2047, 2231).

use super::people::Person;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use time::format_description::well_known::Rfc2822;
use time::{OffsetDateTime, UtcOffset};

/// How the text travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, quoted-printable.
    #[default]
    Utf8,
    /// UTF-8, base64: what programs choose for other scripts.
    Utf8Base64,
    /// UTF-8 as it is.
    EightBit,
    /// ISO 8859-1, quoted-printable.
    Latin1,
    /// windows-1251, base64.
    Cyrillic,
}

/// An attachment or inline picture.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Content-ID, for pictures in the text.
    pub content_id: Option<&'static str>,
}

/// A letter before it is bytes.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Author.
    pub from: Person,
    /// To.
    pub to: Person,
    /// Cc.
    pub cc: Vec<Person>,
    /// Subject.
    pub subject: String,
    /// Seconds since 1970.
    pub date: i64,
    /// Message-ID without brackets.
    pub id: String,
    /// Ancestors, oldest first.
    pub references: Vec<String>,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: Option<String>,
    /// What comes along.
    pub files: Vec<File>,
    /// How the text travels.
    pub charset: Charset,
    /// More header fields, as they stand.
    pub fields: Vec<(&'static str, String)>,
}

impl Letter {
    /// A plain letter.
    pub fn new(from: Person, to: Person, subject: &str, date: i64, key: &str, text: &str) -> Self {
        let domain = from.address.split('@').nth(1).unwrap_or("test.example");
        Self {
            from,
            to,
            cc: Vec::new(),
            subject: subject.into(),
            date,
            id: format!("{key}.{date}@{domain}"),
            references: Vec::new(),
            text: text.into(),
            html: None,
            files: Vec::new(),
            charset: Charset::default(),
            fields: Vec::new(),
        }
    }

    /// Makes it an answer, with the other letter quoted below.
    pub fn answers(&mut self, other: &Self) {
        self.references.clone_from(&other.references);
        self.references.push(other.id.clone());
        if !self.subject.starts_with("Re: ") {
            self.subject.insert_str(0, "Re: ");
        }
        let first = other.text.split("\n\nOn ").next().unwrap_or_default();
        let quoted: String = first.lines().fold(String::new(), |out, line| out + "> " + line + "\n");
        let _ = write!(self.text, "\n\nOn {}, {} wrote:\n{quoted}", day(other.date), other.from.name);
    }

    /// The bytes, CRLF lines.
    pub fn raw(&self) -> Vec<u8> {
        let mut out = String::new();
        let mut field = |name: &str, value: &str| {
            let _ = write!(out, "{name}: {value}\r\n");
        };
        field("Return-Path", &format!("<{}>", self.from.address));
        field("Date", &stamp(self.date));
        field("From", &mailbox(self.from));
        field("To", &mailbox(self.to));
        if !self.cc.is_empty() {
            field("Cc", &self.cc.iter().map(|p| mailbox(*p)).collect::<Vec<_>>().join(",\r\n "));
        }
        field("Subject", &encoded(&self.subject, "Subject: ".len()));
        field("Message-ID", &format!("<{}>", self.id));
        if let Some(parent) = self.references.last() {
            field("In-Reply-To", &format!("<{parent}>"));
            field("References", &self.references.iter().map(|r| format!("<{r}>")).collect::<Vec<_>>().join("\r\n "));
        }
        for (name, value) in &self.fields {
            field(name, value);
        }
        field("MIME-Version", "1.0");
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body());
        out
    }

    fn body(&self) -> Vec<u8> {
        let mut body = text_part("plain", &self.text, self.charset);
        if let Some(html) = &self.html {
            let mut page = text_part("html", html, self.charset);
            let inline: Vec<_> = self.files.iter().filter(|f| f.content_id.is_some()).map(file_part).collect();
            if !inline.is_empty() {
                page = self.multipart("related", std::iter::once(page).chain(inline));
            }
            body = self.multipart("alternative", [body, page]);
        }
        let attached: Vec<_> = self.files.iter().filter(|f| f.content_id.is_none()).map(file_part).collect();
        if !attached.is_empty() {
            body = self.multipart("mixed", std::iter::once(body).chain(attached));
        }
        body
    }

    fn multipart(&self, kind: &str, parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
        let boundary = format!("={kind}_{}", self.id.replace('@', "_"));
        let mut out = format!("Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\"\r\n\r\n").into_bytes();
        for part in parts {
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            out.extend_from_slice(&part);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        out
    }
}

/// The bytes with CRLF lines.
pub fn crlf(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 30);
    let mut last = 0;
    for byte in message {
        if *byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        last = *byte;
    }
    out
}

fn text_part(kind: &str, text: &str, charset: Charset) -> Vec<u8> {
    let text = crlf(text.as_bytes());
    let text = String::from_utf8_lossy(&text);
    let (name, encoding, body) = match charset {
        Charset::Utf8 => ("utf-8", "quoted-printable", quoted_printable(text.as_bytes())),
        Charset::Utf8Base64 => ("utf-8", "base64", base64_lines(text.as_bytes())),
        Charset::EightBit => ("utf-8", "8bit", text.as_bytes().to_vec()),
        Charset::Latin1 => {
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
            ("iso-8859-1", "quoted-printable", quoted_printable(&bytes))
        }
        Charset::Cyrillic => ("windows-1251", "base64", base64_lines(&text.chars().map(windows_1251).collect::<Vec<_>>())),
    };
    let mut out =
        format!("Content-Type: text/{kind}; charset={name}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").into_bytes();
    out.extend_from_slice(&body);
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn file_part(file: &File) -> Vec<u8> {
    let (name, disposition) = (encoded_name(&file.name), if file.content_id.is_some() { "inline" } else { "attachment" });
    let mut out = format!("Content-Type: {}\r\nContent-Transfer-Encoding: base64\r\n", file.media_type);
    if let Some(id) = file.content_id {
        let _ = write!(out, "Content-ID: <{id}>\r\n");
    }
    let _ = write!(out, "Content-Disposition: {disposition};\r\n {name}\r\n\r\n");
    let mut out = out.into_bytes();
    out.extend_from_slice(&base64_lines(&file.data));
    out
}

/// A file name parameter, RFC 2231 where it must be.
fn encoded_name(name: &str) -> String {
    if name.is_ascii() {
        return format!("filename=\"{name}\"");
    }
    let mut out = "filename*=utf-8''".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn mailbox(person: Person) -> String {
    let is_plain = person.name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    let name = match (is_plain, person.name.is_ascii()) {
        (true, _) => person.name.to_owned(),
        (false, true) => format!("\"{}\"", person.name),
        (false, false) => encoded(person.name, 6),
    };
    format!("{name} <{}>", person.address)
}

/// Encoded words of at most 75 characters, folded; plain text stays plain.
fn encoded(text: &str, used: usize) -> String {
    if text.is_ascii() && text.len() + used < 900 {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut chunk = String::new();
    for c in text.chars() {
        if chunk.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(c);
    }
    words.push(chunk);
    words.iter().map(|w| format!("=?utf-8?B?{}?=", STANDARD.encode(w))).collect::<Vec<_>>().join("\r\n ")
}

fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 5 / 4);
    for line in text.split_inclusive(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        let mut width = 0;
        for (index, byte) in line.iter().enumerate() {
            let is_last = index + 1 == line.len();
            let is_plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && !is_last);
            let piece = if is_plain { char::from(*byte).to_string() } else { format!("={byte:02X}") };
            if width + piece.len() > 75 {
                out.extend_from_slice(b"=\r\n");
                width = 0;
            }
            width += piece.len();
            out.extend_from_slice(piece.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn base64_lines(data: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(data);
    let mut out = Vec::with_capacity(text.len() * 79 / 76 + 2);
    for line in text.as_bytes().chunks(76) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn windows_1251(c: char) -> u8 {
    let code = u32::from(c);
    match c {
        _ if code < 0x80 => code as u8,
        'А'..='я' => (code - 0x0410 + 0xC0) as u8,
        'І' => 0xB2,
        'і' => 0xB3,
        'Ї' => 0xAF,
        'ї' => 0xBF,
        'Є' => 0xAA,
        'є' => 0xBA,
        '’' => 0x92,
        '—' => 0x97,
        _ => b'?',
    }
}

fn local(date: i64) -> OffsetDateTime {
    let offset = UtcOffset::from_hms(1, 0, 0).unwrap_or(UtcOffset::UTC);
    OffsetDateTime::from_unix_timestamp(date).unwrap_or(OffsetDateTime::UNIX_EPOCH).to_offset(offset)
}

fn stamp(date: i64) -> String {
    local(date).format(&Rfc2822).unwrap_or_default()
}

fn day(date: i64) -> String {
    let date = local(date);
    format!("{} {} {}", date.day(), date.month(), date.year())
}
