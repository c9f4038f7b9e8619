//! Reading messages. The only room that names `mail_parser`; every parse runs under limits and `catch_unwind`.
//! Nothing here fails: what can't be read comes out empty or as it stands, with a line in `problems`.

mod addresses;
pub(crate) mod charset;
mod fields;
mod flowed;
mod headers;
mod names;
mod params;
mod parse;
mod preview;
mod tame;
mod words;

#[cfg(any(test, feature = "fuzz"))]
pub(crate) use addresses::addresses as all_addresses;
pub(crate) use fields::{cleaned, is_unseen};
pub use headers::*;
pub use names::{danger, safe_name};
pub use parse::{parse, part, part_by_content_id, text_end};
pub use preview::{preview, preview_of_text};
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use words::decode as decoded_words;

/// Bytes of a message that are looked at; what lies behind is cut off and named as a problem.
pub const MAX_MESSAGE: usize = 128 << 20;
/// Bytes of a header block that are looked at.
pub const MAX_HEADER: usize = 1 << 20;
/// Bytes of one header field that are looked at.
pub const MAX_FIELD: usize = 512 << 10;
/// Header fields that are looked at.
pub const MAX_FIELDS: usize = 2_000;
/// Addresses kept of one field.
pub const MAX_ADDRESSES: usize = 5_000;
/// Message-IDs kept of one field: the newest ones.
pub const MAX_IDS: usize = 200;
/// Characters kept of a subject, a name or an address.
pub const MAX_WORDS: usize = 4_000;
/// Bytes of text and of HTML that are kept.
pub const MAX_TEXT: usize = 8 << 20;
/// Attachments that are listed.
pub const MAX_ATTACHMENTS: usize = 2_000;

/// Runs a parser that must not take the process down. A panic counts as "not readable".
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}

/// A prefix of at most `max` bytes that ends between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
