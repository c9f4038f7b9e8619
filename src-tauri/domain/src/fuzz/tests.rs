//! The targets, played with seeded mutants; and what they or a reader of the code found, kept.

use super::{TARGETS, messages, pages};
use crate::mime;
use crate::steps::counted;

fn play(name: &str, rounds: usize) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target of this name");
    godwit_mutate::play(target, rounds);
}

macro_rules! played {
    ($($test:ident $name:literal $rounds:literal;)*) => {
        $(#[test]
        fn $test() {
            play($name, $rounds);
        })*

        #[test]
        fn every_target_is_played() {
            let played = [$($name),*];
            assert!(TARGETS.iter().all(|t| played.contains(&t.name)) && played.len() == TARGETS.len());
        }
    };
}

played! {
    headers_of_any_bytes_are_bounded_and_clean "headers" 2_000;
    addresses_of_any_text_are_bounded_and_clean "addresses" 6_000;
    encoded_words_of_any_text_are_decoded_in_linear_time "encoded-words" 6_000;
    any_bytes_are_a_message_whose_parts_can_be_had "mime" 700;
    any_html_is_shown_safely "html" 1_000;
    any_text_is_shown_safely_in_linear_time "plain-text" 3_000;
    any_style_is_harmless "style" 2_000;
    any_mailto_is_read_or_refused "mailto" 4_000;
    any_set_is_read_or_refused "uid-sets" 6_000;
}

/// What would cost the square of its length if each sign were looked for to the end.
#[test]
fn a_field_of_nothing_but_open_signs_costs_its_length_only() {
    for unit in [
        "(",
        "\"",
        "\\\"",
        "<,",
        "<",
        "a@[ ",
        "a@[,",
        "=?utf-8?B? ",
        "=?a?q? ",
        "=?a?x? ",
        "(\\",
        "\"\\\" ",
        "a:(",
        "<\"",
        "( ( a )",
    ] {
        let field = unit.repeat((256 << 10) / unit.len());
        messages::addresses(field.as_bytes());
        messages::encoded_words(field.as_bytes());
        messages::encoded_words(format!("{field}?=").as_bytes());
        let header = format!("To: {field}\r\nSubject: {field}\r\nReferences: {field}\r\n\r\n");
        assert!(mime::headers(header.as_bytes()).subject.chars().count() <= mime::MAX_WORDS);
    }
}

#[test]
fn a_word_of_nothing_but_closing_signs_costs_its_length_only() {
    for unit in [")!", "]!", "}!", "(!", ")]!", "!)"] {
        pages::plain_text(format!("http://a.example/{}", unit.repeat(200 << 10)).as_bytes());
    }
}

#[test]
fn a_header_block_of_a_hundred_thousand_types_costs_its_length_only() {
    for field in ["Content-Type: a/b\n", "Content-Type: multipart/digest\nContent-Transfer-Encoding: base64\n"] {
        let raw = format!("{}\n\nbody\n", field.repeat(100_000));
        let (steps, _) = counted(|| mime::parse(raw.as_bytes()));
        assert!(steps < 4 * raw.len() as u64, "{steps} steps for {} bytes", raw.len());
    }
}

#[test]
fn an_address_literal_never_takes_the_next_address_with_it() {
    let found: Vec<String> =
        mime::all_addresses("a@b.example,me@[192.0.2.1], you@[IPv6:::1]").into_iter().map(|a| a.address).collect();
    assert_eq!(found, ["a@b.example", "me@[192.0.2.1]", "you@[IPv6:::1]"]);
}
