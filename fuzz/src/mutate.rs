//! Damage to bytes.

use rand::RngExt;
use twirl_core::Stream;

/// Most bytes of an input: damage doubles parts, and large files only cost time.
const LONGEST: usize = 1 << 20;

/// Text of numbers that readers should expect from others.
pub(crate) const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "255",
    "256",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "-1e308",
    "1e309",
    "5e-324",
    "1e-400",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
];

/// Text that no reader should hand on as it is.
const HOSTILE: &[&str] = &[
    "\u{1b}[31m",
    "\u{7}",
    "\0",
    "\r\n",
    "\n\n\n",
    "<script>alert(1)</script>",
    "=1+1",
    "../../x",
    "\u{202e}",
    "\u{feff}",
    "\u{10ffff}",
    "%s",
    "\\",
    "\"",
    "'",
    "`",
    "|",
];

/// One of a list.
pub(crate) fn pick<'a, T>(list: &'a [T], stream: &mut Stream) -> &'a T {
    &list[stream.random_range(0..list.len())]
}

/// One to four kinds of damage to one of the corpus; `words` are of the format.
pub(crate) fn bytes(corpus: &[Vec<u8>], words: &[&str], stream: &mut Stream) -> Vec<u8> {
    let mut out = pick(corpus, stream).clone();
    for _ in 0..=stream.random_range(0..4) {
        damage(&mut out, corpus, words, stream);
    }
    out.truncate(LONGEST);
    out
}

fn damage(out: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], stream: &mut Stream) {
    if out.is_empty() {
        out.push(stream.random());
    }
    let length = out.len();
    let at = place(length, stream);
    let end = (at + 1 + stream.random_range(0..16)).min(length);
    match stream.random_range(0..11) {
        0 => out.truncate(at),
        1 => out[at] ^= 1 << stream.random_range(0..8),
        2 => out[at] = stream.random(),
        3 => {
            let with = *pick(&[0x00, 0xFF, 0x7F, 0x80, b'9', b' ', b'\n'], stream);
            out[at..end].fill(with);
        }
        4 => {
            let value: u64 = *pick(
                &[0, 1, 1 << 31, 1 << 32, 1 << 60, u64::MAX, 0x7FF0 << 48],
                stream,
            );
            let value = if stream.random() {
                value
            } else {
                value.swap_bytes()
            };
            let size = *pick(&[2, 4, 8], stream);
            for (byte, with) in out[at..].iter_mut().zip(value.to_le_bytes()).take(size) {
                *byte = with;
            }
        }
        5 => {
            out.drain(at..end);
        }
        6 => {
            let part = out[at..end].to_vec();
            let times = *pick(&[1, 2, 50], stream);
            out.splice(at..at, part.repeat(times));
        }
        7 => {
            let other = pick(corpus, stream);
            let from = place(other.len(), stream);
            out.truncate(at);
            out.extend_from_slice(&other[from..]);
        }
        8 => {
            out.splice(at..at, pick(HOSTILE, stream).bytes());
        }
        9 if !words.is_empty() => {
            out.splice(at..at, pick(words, stream).bytes());
        }
        _ => number(out, at, stream),
    }
}

/// Headers are dense in the first bytes of a file, directories of archives in the last.
fn place(length: usize, stream: &mut Stream) -> usize {
    let near = length.clamp(1, 600);
    match stream.random_range(0..4) {
        0 => stream.random_range(0..near),
        1 => length.max(1) - 1 - stream.random_range(0..near),
        _ => stream.random_range(0..length.max(1)),
    }
}

/// Replaces the number in text that follows a place by another.
fn number(out: &mut Vec<u8>, at: usize, stream: &mut Stream) {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let Some(start) = out[at..].iter().position(u8::is_ascii_digit) else {
        return;
    };
    let start = at + start;
    let end = out[start..].iter().position(|byte| !is_part(byte));
    let end = end.map_or(out.len(), |end| start + end);
    out.splice(start..end, pick(NUMBERS, stream).bytes());
}
