//! Text from files, made harmless where it is going to stand.

use std::fmt::Write;

/// Widest line of a terminal.
pub(crate) const WIDTH: usize = 120;

/// Where text is going to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// One line of a terminal.
    Terminal,
    /// A cell or a line of Markdown.
    Markdown,
    /// A cell of comma-separated values, before quoting.
    Csv,
    /// An element or an attribute of HTML, SVG or XML.
    Markup,
}

/// Text as it may stand in a medium: nothing in it steers a terminal, begins markup or is taken for a
/// formula, and no character reorders its neighbours.
pub fn escape(text: &str, medium: Medium) -> String {
    let mut safe = String::with_capacity(text.len());
    // Spreadsheets take such a cell for a formula; the apostrophe says that it is text.
    if medium == Medium::Csv && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        safe.push('\'');
    }
    for letter in text.chars() {
        match (medium, letter) {
            (Medium::Csv | Medium::Markup, '\n' | '\r' | '\t') => safe.push(letter),
            (Medium::Terminal, letter) if steers(letter) => safe.push('?'),
            (_, letter) if steers(letter) => safe.push('\u{fffd}'),
            (Medium::Markdown, '|' | '[' | ']' | '*' | '`') => safe.extend(['\\', letter]),
            (Medium::Markup, '&') => safe.push_str("&amp;"),
            (Medium::Markdown | Medium::Markup, '<') => safe.push_str("&lt;"),
            (Medium::Markup, '>') => safe.push_str("&gt;"),
            (Medium::Markup, '"') => safe.push_str("&quot;"),
            (Medium::Markup, '\'') => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

/// Characters that a terminal obeys, that XML has not, or that turn the direction of writing.
fn steers(letter: char) -> bool {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter.is_control() || turns || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// A whole text, whose lines stay, without characters that steer.
pub(crate) fn unsteered(text: &str) -> String {
    let safe = |letter: char| {
        if steers(letter) && !letter.is_whitespace() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(safe).collect()
}

/// Text without line breaks and control characters.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A text in lines of at most [`WIDTH`] characters: the first after one indent, the others after another. A
/// longer word, a path for example, is not broken.
pub(crate) fn wrapped(text: &str, first: &str, others: &str) -> String {
    let mut lines = String::from(first);
    let mut used = first.len();
    for (place, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if place > 0 && used + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(others);
            used = others.len();
        } else if place > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines + "\n"
}

/// Text as part of an address: all but letters, digits, `-._` and what is kept as `%XX`.
pub(crate) fn percent_encoded(text: &str, kept: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => safe.push(byte as char),
            other if kept.as_bytes().contains(&other) => safe.push(other as char),
            other => {
                let _ = write!(safe, "%{other:02X}");
            }
        }
    }
    safe
}

/// A name as part of a file's name: a task's is that of a folder, but may come from a file.
pub(crate) fn file_stem(name: &str) -> String {
    let safe = |letter: char| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    name.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_between_words() {
        let text = "word ".repeat(60);
        let lines = wrapped(text.trim(), "  ", "    ");
        assert_eq!(lines.split_whitespace().count(), 60);
        for (place, line) in lines.lines().enumerate() {
            assert!(
                line.len() <= WIDTH && line.starts_with(if place == 0 { "  w" } else { "    w" })
            );
        }
        assert_eq!(wrapped("a", "- ", "  "), "- a\n");
    }

    #[test]
    fn no_medium_is_steered() {
        let hostile = "=a|<b>\u{1b}[31m\u{202e}\"'&\n";
        for (medium, safe) in [
            (Medium::Terminal, "=a|<b>?[31m?\"'&?"),
            (
                Medium::Markdown,
                "=a\\|&lt;b>\u{fffd}\\[31m\u{fffd}\"'&\u{fffd}",
            ),
            (Medium::Csv, "'=a|<b>\u{fffd}[31m\u{fffd}\"'&\n"),
            (
                Medium::Markup,
                "=a|&lt;b&gt;\u{fffd}[31m\u{fffd}&quot;&#39;&amp;\n",
            ),
        ] {
            assert_eq!(escape(hostile, medium), safe, "{medium:?}");
        }
        assert_eq!(file_stem("../a b"), "---a-b");
    }
}
