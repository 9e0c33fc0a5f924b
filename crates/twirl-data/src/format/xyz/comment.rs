//! The second line of a frame: pairs of key and value.

/// A key as written, and its value without quotes or brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
}

/// The pairs of a comment, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) pairs: Vec<Pair>,
}

impl Comment {
    /// Reads a line; the error says what is wrong.
    ///
    /// Blanks may stand around `=`. A value is bare, in double or single quotes with backslash
    /// escapes, in braces, or in brackets, which may nest. Words without `=` are free text. A value
    /// that is missing (`a= b=1`, as ASE writes an empty text) is empty.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let mut text = Text(line.trim());
        let mut pairs = Vec::new();
        loop {
            text.blanks();
            if text.0.is_empty() {
                return Ok(Self { pairs });
            }
            let key = text.key()?;
            text.blanks();
            if !text.take('=') {
                continue;
            }
            let blank = text.blanks();
            let value = if text.0.is_empty() || (blank && text.begins_with_pair()) {
                String::new()
            } else {
                let closed = text.value();
                closed.ok_or_else(|| format!("the value of {key} is not closed"))?
            };
            pairs.push(Pair { key, value });
        }
    }

    /// Values of the keys that are one of `names`, in any case.
    pub(super) fn all<'c, 'n>(
        &'c self,
        names: &'n [&'n str],
    ) -> impl Iterator<Item = &'c Pair> + use<'c, 'n> {
        self.pairs.iter().filter(move |pair| {
            let same = |name: &&str| name.eq_ignore_ascii_case(&pair.key);
            names.iter().any(same)
        })
    }

    /// The one value of the keys that are one of `names`; an error if there are several that differ.
    pub(super) fn one<'c>(&'c self, names: &[&str]) -> Result<Option<&'c str>, String> {
        let mut found: Option<&Pair> = None;
        for pair in self.all(names) {
            match found {
                Some(before) if before.value != pair.value => {
                    return Err(format!(
                        "{}={} and {}={} in one comment",
                        before.key, before.value, pair.key, pair.value
                    ));
                }
                _ => found = Some(pair),
            }
        }
        Ok(found.map(|pair| pair.value.as_str()))
    }
}

/// What is left of a line.
struct Text<'a>(&'a str);

impl Text<'_> {
    /// Skips blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let rest = self.0.trim_start();
        let any = rest.len() < self.0.len();
        self.0 = rest;
        any
    }

    fn take(&mut self, expected: char) -> bool {
        match self.0.strip_prefix(expected) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn skip(&mut self, bytes: usize) -> &str {
        let (head, rest) = self.0.split_at(bytes);
        self.0 = rest;
        head
    }

    /// A key or a word of free text; a stray `=` is passed over.
    fn key(&mut self) -> Result<String, String> {
        if self.0.starts_with('"') {
            return self
                .quoted('"')
                .ok_or_else(|| "a quotation mark is not closed".to_owned());
        }
        let end = self.0.find(|c: char| c.is_whitespace() || c == '=');
        match end {
            Some(0) => {
                self.take('=');
                Ok(String::new())
            }
            end => Ok(self.skip(end.unwrap_or(self.0.len())).to_owned()),
        }
    }

    /// Whether a key and `=` follow, so that no bare value can.
    fn begins_with_pair(&self) -> bool {
        let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let rest = self.0.trim_start_matches(name);
        rest.len() < self.0.len()
            && self.0.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && rest.trim_start().starts_with('=')
    }

    fn value(&mut self) -> Option<String> {
        match self.0.chars().next()? {
            quote @ ('"' | '\'') => self.quoted(quote),
            '{' => {
                let end = self.0.find('}')?;
                let value = self.skip(end + 1);
                Some(value[1..end].to_owned())
            }
            '[' => match self.bracketed() {
                // A SMILES may start with a bracket.
                Some(end) if self.0[end..].starts_with(|c: char| !c.is_whitespace()) => {
                    Some(self.bare())
                }
                Some(end) => {
                    let value = self.skip(end);
                    Some(value[1..end - 1].to_owned())
                }
                None => None,
            },
            _ => Some(self.bare()),
        }
    }

    /// Up to the closing mark. `\"`, `\'` and `\\` stand for the second character, `\n` for a line
    /// end; before anything else a backslash is itself, for programs that do not escape it.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut out = String::new();
        let mut characters = self.0.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                _ if character == quote => {
                    self.skip(at + quote.len_utf8());
                    return Some(out);
                }
                '\\' => match characters.next()?.1 {
                    'n' => out.push('\n'),
                    escaped @ ('"' | '\'' | '\\') => out.push(escaped),
                    other => out.extend(['\\', other]),
                },
                _ => out.push(character),
            }
        }
        None
    }

    /// Up to a blank. A backslash escapes only what must not stand bare.
    fn bare(&mut self) -> String {
        let mut out = String::new();
        let mut characters = self.0.char_indices().peekable();
        let mut end = self.0.len();
        while let Some((at, character)) = characters.next() {
            if character.is_whitespace() {
                end = at;
                break;
            }
            let special = |c: &char| c.is_whitespace() || "=\",{}[]\\".contains(*c);
            match characters.peek().map(|(_, next)| *next) {
                Some(next) if character == '\\' && special(&next) => {
                    out.push(next);
                    characters.next();
                }
                _ => out.push(character),
            }
        }
        self.skip(end);
        out
    }

    /// Where brackets that may nest are closed; quoted brackets do not count.
    fn bracketed(&self) -> Option<usize> {
        let (mut depth, mut quoted) = (0_usize, false);
        for (at, character) in self.0.char_indices() {
            match character {
                '"' => quoted = !quoted,
                '[' if !quoted => depth += 1,
                ']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> Vec<(String, String)> {
        let comment = Comment::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let pairs = comment.pairs.into_iter();
        pairs.map(|pair| (pair.key, pair.value)).collect()
    }

    #[test]
    fn values_in_every_form() {
        let table: &[(&str, &[(&str, &str)])] = &[
            (
                "a=1 b = 2 c =3 d= 4",
                &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")],
            ),
            (
                "a=\"x y\" b='p q' c={1 2} d=[1, [2, 3]]",
                &[("a", "x y"), ("b", "p q"), ("c", "1 2"), ("d", "1, [2, 3]")],
            ),
            (
                "note=\"a \\\" energy=1.0 \\\" b\" energy=-2000.0",
                &[("note", "a \" energy=1.0 \" b"), ("energy", "-2000.0")],
            ),
            (
                "smiles=\"C/C=C\\\\C\" t=\"a\\nb\"",
                &[("smiles", "C/C=C\\C"), ("t", "a\nb")],
            ),
            ("smiles=\"F/C=C\\F\"", &[("smiles", "F/C=C\\F")]),
            ("smiles=C/C=C\\C e=1", &[("smiles", "C/C=C\\C"), ("e", "1")]),
            (
                "smiles=[H:2][O:1][H:3] e=1",
                &[("smiles", "[H:2][O:1][H:3]"), ("e", "1")],
            ),
            (
                "empty= total_charge=1 energy=-2",
                &[("empty", ""), ("total_charge", "1"), ("energy", "-2")],
            ),
            (
                "i =        1, time =        0.500, E =       -17.16",
                &[("i", "1,"), ("time", "0.500,"), ("E", "-17.16")],
            ),
            ("water, drawn by hand", &[]),
            (
                "flag \"quoted key\"=3 last=",
                &[("quoted key", "3"), ("last", "")],
            ),
        ];
        for (line, expected) in table {
            let expected: Vec<(String, String)> = expected
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(pairs(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_closed_is_named() {
        for (line, expected) in [
            ("a=\"b c", "the value of a is not closed"),
            ("a=[1, [2]", "the value of a is not closed"),
            ("a={1 2", "the value of a is not closed"),
            ("\"a=1", "a quotation mark is not closed"),
        ] {
            assert_eq!(Comment::parse(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn a_key_that_is_repeated_with_another_value_is_refused() {
        let comment = Comment::parse("charge=1 charge=1 Energy=-1 energy=-2000").expect("pairs");
        assert_eq!(comment.one(&["charge"]), Ok(Some("1")));
        let error = comment.one(&["energy"]).expect_err("two energies");
        assert_eq!(error, "Energy=-1 and energy=-2000 in one comment");
        assert_eq!(comment.one(&["pbc"]), Ok(None));
    }
}
