//! Fuzz targets for what servers say: any bytes in, properties asserted. The unit tests play them with seeded mutants;
//! `cargo xtask fuzz NAME` gives them, and those of `godwit_domain`, to libFuzzer. Nothing of this is in the program.

use crate::imap::fuzz as imap;
use crate::smtp::fuzz as smtp;
use godwit_mutate::Target;

/// The engine's own.
pub const TARGETS: &[Target] = &[
    Target { name: "framing", run: imap::framing, seeds: imap::conversations, words: imap::WORDS },
    Target { name: "tokens", run: imap::tokens, seeds: imap::lines, words: imap::WORDS },
    Target { name: "responses", run: imap::responses, seeds: imap::conversations, words: imap::WORDS },
    Target { name: "list", run: imap::list, seeds: imap::list_lines, words: imap::WORDS },
    Target { name: "status", run: imap::status, seeds: imap::status_lines, words: imap::WORDS },
    Target { name: "fetch", run: imap::fetch, seeds: imap::fetch_lines, words: imap::WORDS },
    Target { name: "search", run: imap::search, seeds: imap::search_lines, words: imap::WORDS },
    Target { name: "vanished", run: imap::vanished, seeds: imap::search_lines, words: imap::WORDS },
    Target { name: "codes", run: imap::codes, seeds: imap::code_lines, words: imap::WORDS },
    Target { name: "other-data", run: imap::other_data, seeds: imap::other_lines, words: imap::WORDS },
    Target {
        name: "mailbox-names",
        run: imap::mailbox_names,
        seeds: imap::names,
        words: &["&", "-", "&-", "AGE", "2D3cjA", ",", "\u{e9}"],
    },
    Target { name: "smtp-replies", run: smtp::replies, seeds: smtp::seeds, words: smtp::WORDS },
];

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! played {
        ($($test:ident $name:literal $rounds:literal;)*) => {
            $(#[test]
            fn $test() {
                godwit_mutate::play(TARGETS.iter().find(|t| t.name == $name).unwrap(), $rounds);
            })*

            #[test]
            fn every_target_is_played() {
                let played = [$($name),*];
                assert!(TARGETS.iter().all(|t| played.contains(&t.name)) && played.len() == TARGETS.len());
            }
        };
    }

    played! {
        any_bytes_in_any_chunks_are_the_same_frames "framing" 4_000;
        any_text_is_tokens_that_come_back_or_is_refused "tokens" 8_000;
        any_conversation_is_read_within_its_budget "responses" 4_000;
        any_list_line_is_sound "list" 4_000;
        any_status_line_is_sound "status" 4_000;
        any_fetch_line_is_sound "fetch" 4_000;
        any_search_line_is_a_sound_set "search" 4_000;
        any_vanished_line_is_a_sound_set "vanished" 4_000;
        any_response_code_is_sound "codes" 4_000;
        any_other_data_is_sound_or_passed_over "other-data" 4_000;
        any_mailbox_name_is_read_and_written_back "mailbox-names" 8_000;
        any_smtp_reply_in_any_chunks_is_the_same "smtp-replies" 4_000;
    }
}
