//! Fuzz targets for reading and showing mail: any bytes in, properties asserted. The unit tests play them with seeded
//! mutants; `cargo xtask fuzz NAME` gives them to libFuzzer. Nothing of this is in the program.

mod messages;
mod pages;
mod seeds;
#[cfg(test)]
mod tests;

use godwit_mutate::Target;

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "headers", run: messages::headers, seeds: seeds::headers, words: seeds::HEADER_WORDS },
    Target { name: "addresses", run: messages::addresses, seeds: seeds::addresses, words: seeds::ADDRESS_WORDS },
    Target { name: "encoded-words", run: messages::encoded_words, seeds: seeds::encoded_words, words: seeds::ADDRESS_WORDS },
    Target { name: "mime", run: messages::mime, seeds: seeds::mime, words: seeds::HEADER_WORDS },
    Target { name: "html", run: pages::html, seeds: seeds::html, words: seeds::HTML_WORDS },
    Target { name: "plain-text", run: pages::plain_text, seeds: seeds::plain_text, words: seeds::HTML_WORDS },
    Target { name: "style", run: pages::style, seeds: seeds::style, words: seeds::STYLE_WORDS },
    Target { name: "mailto", run: messages::mailto, seeds: seeds::mailto, words: seeds::ADDRESS_WORDS },
    Target { name: "uid-sets", run: messages::uid_sets, seeds: seeds::uid_sets, words: &["*", ":", ",", "4294967295", "0"] },
];

/// Text of any bytes, as it reaches code that takes text.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}
