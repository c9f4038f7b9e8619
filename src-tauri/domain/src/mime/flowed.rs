//! format=flowed (RFC 3676): soft line ends joined, space-stuffing taken off, quote marks kept.

/// Unfolds flowed text. `delsp`: the blank at a soft line end belongs to the encoding and goes.
pub(crate) fn unfold(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Quote depth of the paragraph that still flows.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let unquoted = line.trim_start_matches('>');
        let depth = line.len() - unquoted.len();
        let body = unquoted.strip_prefix(' ').unwrap_or(unquoted);
        let signature = body == "-- ";
        if open == Some(depth) && !signature {
            out.truncate(out.trim_end_matches('\n').len());
        } else if depth > 0 {
            out.extend(std::iter::repeat_n('>', depth));
            out.push(' ');
        }
        let soft = body.ends_with(' ') && !signature;
        out.push_str(if soft && delsp { body.strip_suffix(' ').unwrap_or(body) } else { body });
        out.push('\n');
        open = soft.then_some(depth);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_text_is_unfolded() {
        let check = |text: &str, delsp: bool, want: &str| assert_eq!(unfold(text, delsp), want);
        check("one \ntwo\nthree\n", false, "one two\nthree\n");
        check("one \r\ntwo\r\n", false, "one two\n");
        check("> a \n> b\n> c\n", false, "> a b\n> c\n");
        check("> a \nb\n", false, "> a \nb\n");
        check(" >not a quote\n", false, ">not a quote\n");
        check("text \n-- \nme\n", false, "text \n-- \nme\n");
        check("\u{65e5} \n\u{672c}\n", true, "\u{65e5}\u{672c}\n");
    }
}
