//! Modified UTF-7, in which old servers spell mailbox names (RFC 3501 section 5.1.3).
//! A name that is not valid is shown as it is: nothing here fails, and commands always use the server's own spelling.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The spelling that CREATE and RENAME send.
pub fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut run: Vec<u8> = Vec::new();
    for c in path.chars() {
        if (' '..='~').contains(&c) {
            end_run(&mut run, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| run.extend(unit.to_be_bytes()));
        }
    }
    end_run(&mut run, &mut out);
    out
}

fn end_run(run: &mut Vec<u8>, out: &mut String) {
    if !run.is_empty() {
        out.push('&');
        out.push_str(&BASE64.encode(&*run));
        out.push('-');
        run.clear();
    }
}

/// What people see; `None` where it is not modified UTF-7, so that the raw name is shown.
pub fn decode(wire: &str) -> Option<String> {
    let mut out = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some(at) = rest.find('&') {
        let (plain, shifted) = rest.split_at_checked(at)?;
        let (code, after) = shifted.strip_prefix('&')?.split_once('-')?;
        out.push_str(plain);
        if code.is_empty() {
            out.push('&');
        } else {
            let bytes = BASE64.decode(code).ok()?;
            let (pairs, odd) = bytes.as_chunks::<2>();
            if !odd.is_empty() {
                return None;
            }
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            out.push_str(&String::from_utf16(&units).ok()?);
        }
        rest = after;
    }
    out.push_str(rest);
    out.bytes().all(|b| b != 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_read_as_the_rfc_spells_them() {
        let check = |wire: &str, path: &str| {
            assert_eq!(decode(wire).as_deref(), Some(path));
            assert_eq!(encode(path), wire);
        };
        check("INBOX", "INBOX");
        check("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語");
        check("Entw&APw-rfe", "Entwürfe");
        check("a &- b", "a & b");
        check("&2D3cjA-", "💌");
        check("", "");
    }

    #[test]
    fn what_is_no_utf7_has_no_reading() {
        for bad in ["&", "a&b", "&AGE", "&####-", "&AA-", "&2D0-", "&AAA-"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            let wire = encode(&name);
            prop_assert!(wire.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert_eq!(decode(&wire), Some(name));
        }

        #[test]
        fn any_spelling_is_read_or_left(wire in "[&a-zA-Z0-9,+/ -]{0,30}|.{0,20}") {
            let _ = decode(&wire);
        }
    }
}
