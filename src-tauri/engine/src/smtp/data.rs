//! The bytes of a mail on the wire (RFC 5321 sections 2.3.8 and 4.5.2): every line end becomes CRLF, and for DATA every leading
//! dot is doubled, chunk by chunk.
//! No byte of a message can end it early: a bare CR or LF never reaches the wire.

/// Turns a message into what goes over the wire, without the closing dot. State lasts from chunk to chunk.
#[derive(Debug)]
pub struct Dotted {
    doubles: bool,
    line_start: bool,
    after_cr: bool,
}

impl Default for Dotted {
    fn default() -> Self {
        Self { doubles: true, line_start: true, after_cr: false }
    }
}

impl Dotted {
    /// For BDAT, which says how long a chunk is: dots mean nothing there (RFC 3030 section 2).
    pub fn counted() -> Self {
        Self { doubles: false, ..Self::default() }
    }

    /// Appends the wire form of `chunk` to `out`: at most three times as long.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        for &byte in chunk {
            match byte {
                // The LF of a CRLF whose CR has written both.
                b'\n' if self.after_cr => {}
                b'\r' | b'\n' => {
                    out.extend_from_slice(b"\r\n");
                    self.line_start = true;
                }
                byte => {
                    if byte == b'.' && self.line_start && self.doubles {
                        out.push(b'.');
                    }
                    out.push(byte);
                    self.line_start = false;
                }
            }
            self.after_cr = byte == b'\r';
        }
    }

    /// Ends the last line where the message did not.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line_start {
            out.extend_from_slice(b"\r\n");
            self.line_start = true;
        }
    }
}

/// What has to be known of a message before it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Bytes as SIZE counts them (RFC 1870): with CRLF, without doubled dots.
    pub size: u64,
    /// Whether a byte has its high bit set.
    pub eight_bit: bool,
}

/// Measures a message.
pub fn measure(raw: &[u8]) -> Measured {
    let mut size = raw.len() as u64;
    let mut after_cr = false;
    for &byte in raw {
        // A bare CR or a bare LF becomes two bytes.
        match byte {
            b'\n' if after_cr => size -= 1,
            b'\r' | b'\n' => size += 1,
            _ => {}
        }
        after_cr = byte == b'\r';
    }
    if !raw.is_empty() && !matches!(raw.last(), Some(b'\r' | b'\n')) {
        size += 2;
    }
    Measured { size, eight_bit: !raw.is_ascii() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(raw: &[u8], chunk: usize) -> Vec<u8> {
        let (mut dotted, mut out) = (Dotted::default(), Vec::new());
        raw.chunks(chunk).for_each(|c| dotted.push(c, &mut out));
        dotted.finish(&mut out);
        out
    }

    #[test]
    fn lines_end_in_crlf_and_leading_dots_are_doubled() {
        let check = |raw: &str, wire: &str| {
            assert_eq!(String::from_utf8(whole(raw.as_bytes(), 1)).unwrap(), wire, "{raw:?}");
            assert_eq!(String::from_utf8(whole(raw.as_bytes(), 100)).unwrap(), wire, "{raw:?}");
        };
        check("", "");
        check("a", "a\r\n");
        check("a\r\n", "a\r\n");
        check(".\r\n", "..\r\n");
        check("a\n.\nb", "a\r\n..\r\nb\r\n");
        check("a\r.\rMAIL FROM:<x>", "a\r\n..\r\nMAIL FROM:<x>\r\n");
        check("a\n.\r\n", "a\r\n..\r\n");
        check("a\r\r\n.", "a\r\n\r\n..\r\n");
        check("a.b\r\n...\r\n", "a.b\r\n....\r\n");
    }

    proptest! {
        #[test]
        fn no_message_ends_early_and_sizes_are_true(raw in "[a.\r\né]{0,40}", chunk in 1usize..9) {
            let wire = whole(raw.as_bytes(), chunk);
            prop_assert_eq!(&wire, &whole(raw.as_bytes(), 1000));
            let closed = [b"\r\n".as_slice(), &wire, b".\r\n"].concat();
            let end = closed.windows(5).position(|w| w == b"\r\n.\r\n").unwrap();
            prop_assert_eq!(end + 5, closed.len());
            let undotted = String::from_utf8(wire).unwrap().replace("\r\n", "\n");
            prop_assert!(!undotted.contains('\r'));
            let doubled = undotted.split('\n').filter(|l| l.starts_with('.')).count();
            prop_assert_eq!(measure(raw.as_bytes()).size as usize, undotted.replace('\n', "\r\n").len() - doubled);
            let (mut counted, mut bare) = (Dotted::counted(), Vec::new());
            raw.as_bytes().chunks(chunk).for_each(|c| counted.push(c, &mut bare));
            counted.finish(&mut bare);
            prop_assert_eq!(bare.len() as u64, measure(raw.as_bytes()).size);
        }
    }
}
