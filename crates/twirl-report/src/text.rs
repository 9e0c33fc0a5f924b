//! Text from files, made harmless where it is going to stand.

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
