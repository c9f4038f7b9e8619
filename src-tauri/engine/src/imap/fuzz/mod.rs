//! Targets for framing, tokens and the typed views of responses.

mod seeds;
mod views;

pub(crate) use seeds::*;
pub(crate) use views::*;

use super::framer::{Frame, FrameError, Framer, Part};
use super::mutf7;
use super::token::{MOST_DEPTH, Token, text_tokens};
use crate::steps::counted;

fn frames(input: &[u8], step: usize, budget: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut framer, mut out) = (Framer::default(), Vec::new());
    framer.set_budget(budget);
    for mut chunk in input.chunks(step.max(1)) {
        while !chunk.is_empty() {
            match framer.feed(chunk) {
                Ok((taken, frame)) => {
                    out.extend(frame);
                    chunk = chunk.get(taken..).unwrap_or_default();
                }
                Err(why) => return (out, Some(why)),
            }
        }
    }
    (out, None)
}

/// The same frames whatever the chunks; never more than came, never more literals than the budget; written again, read the same.
pub(crate) fn framing(input: &[u8]) {
    let [step, budget, wire @ ..] = input else { return };
    let (step, budget) = (usize::from(*step), usize::from(*budget) * 16);
    let (steps, (whole, end)) = counted(|| frames(wire, wire.len(), budget));
    assert!(steps <= 2 * (wire.len() as u64 + 1), "{steps} steps for {} bytes", wire.len());
    assert_eq!(frames(wire, step, budget), (whole.clone(), end));
    assert!(whole.iter().map(Frame::len).sum::<usize>() <= wire.len());
    for frame in &whole {
        let kept = frame.parts.iter().map(|p| if let Part::Literal { bytes, .. } = p { bytes.len() } else { 0 });
        assert!(kept.sum::<usize>() <= budget);
        written_again(frame);
    }
}

fn written_again(frame: &Frame) {
    let mut wire = Vec::new();
    for part in &frame.parts {
        match part {
            Part::Text(text) => wire.extend_from_slice(text),
            Part::Literal { bytes, announced } if bytes.len() as u64 == *announced => {
                wire.extend_from_slice(format!("~{{{announced}}}\r\n").as_bytes());
                wire.extend_from_slice(bytes);
            }
            Part::Literal { .. } => return,
        }
    }
    wire.extend_from_slice(b"\r\n");
    assert_eq!(frames(&wire, wire.len(), wire.len()).0.as_slice(), std::slice::from_ref(frame));
}

/// In linear time, no deeper than allowed; written again, read the same.
pub(crate) fn tokens(input: &[u8]) {
    let (steps, read) = counted(|| text_tokens(input));
    assert!(steps <= 3 * (input.len() as u64 + 1), "{steps} steps for {} bytes", input.len());
    let Ok(read) = read else { return };
    let (count, depth) = size(&read);
    assert!(count <= input.len() && depth <= MOST_DEPTH, "{count} tokens, {depth} deep");
    let mut again = Vec::new();
    write(&read, &mut again);
    assert_eq!(text_tokens(&again).as_deref(), Ok(read.as_slice()), "{:?}", String::from_utf8_lossy(&again));
}

fn size(tokens: &[Token<'_>]) -> (usize, usize) {
    tokens.iter().fold((0, 0), |(count, depth), token| match token {
        Token::List(inner) => {
            let (c, d) = size(inner);
            (count + c + 1, depth.max(d + 1))
        }
        _ => (count + 1, depth),
    })
}

fn write(tokens: &[Token<'_>], out: &mut Vec<u8>) {
    for (n, token) in tokens.iter().enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        match token {
            Token::Atom(bytes) | Token::Literal(bytes, _) => out.extend_from_slice(bytes),
            Token::Quoted(bytes) => {
                out.push(b'"');
                bytes.iter().for_each(|b| {
                    if matches!(b, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(*b);
                });
                out.push(b'"');
            }
            Token::List(inner) => {
                out.push(b'(');
                write(inner, out);
                out.push(b')');
            }
        }
    }
}

/// What people see and what the server hears never drift apart.
pub(crate) fn mailbox_names(input: &[u8]) {
    let name = String::from_utf8_lossy(input);
    let wire = mutf7::encode(&name);
    assert!(wire.bytes().all(|b| (0x20..0x7f).contains(&b)), "{wire:?}");
    assert!(wire.len() <= 6 * name.len() + 8, "{} bytes for {}", wire.len(), name.len());
    if !name.contains('\0') {
        assert_eq!(mutf7::decode(&wire).as_deref(), Some(&*name));
    }
    if let Some(shown) = mutf7::decode(&name) {
        assert!(shown.len() <= 2 * name.len(), "{} bytes out of {}", shown.len(), name.len());
        assert_eq!(mutf7::decode(&mutf7::encode(&shown)), Some(shown));
    }
}
