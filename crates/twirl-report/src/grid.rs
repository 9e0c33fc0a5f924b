//! One table of text, written for a terminal, as markdown or as HTML.

use crate::text::{Medium, escape};

/// Widest line for a terminal.
const WIDTH: usize = 120;
const GAP: usize = 2;

/// A table: columns of text, at least one, then columns of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// What the table shows.
    pub title: String,
    /// Column names.
    pub head: Vec<String>,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
    /// Number of leading columns that hold text, aligned left.
    pub text_columns: usize,
}

impl Grid {
    /// A table without rows.
    pub fn new<S: Into<String>>(
        title: impl Into<String>,
        text_columns: usize,
        head: impl IntoIterator<Item = S>,
    ) -> Self {
        let head = head.into_iter().map(Into::into).collect();
        Self {
            title: title.into(),
            head,
            rows: Vec::new(),
            text_columns,
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it does not have a cell for each column.
    pub fn push(&mut self, row: Vec<String>) {
        assert_eq!(
            row.len(),
            self.head.len(),
            "a row of {} has a cell for each column",
            self.title
        );
        self.rows.push(row);
    }

    /// Aligned columns of at most 120 characters: columns that do not fit go below, with the text
    /// columns repeated. Empty without rows.
    #[expect(
        clippy::missing_panics_doc,
        reason = "the list of blocks starts with one"
    )]
    pub fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self
                    .rows
                    .iter()
                    .map(|row| &row[column])
                    .chain([&self.head[column]]);
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = format!("{}\n", self.title);
        let names: Vec<usize> = (0..self.text_columns).collect();
        let repeated = widths[..self.text_columns].iter().sum::<usize>() + GAP * (names.len() - 1);
        let mut blocks = vec![names.clone()];
        let mut used = repeated;
        for (column, width) in widths.iter().enumerate().skip(self.text_columns) {
            if used + GAP + width > WIDTH {
                blocks.push(names.clone());
                used = repeated;
            }
            used += GAP + width;
            blocks.last_mut().expect("starts with one").push(column);
        }
        for block in blocks {
            for row in std::iter::once(&self.head).chain(&self.rows) {
                let mut line = String::new();
                for &column in &block {
                    let (cell, width) = (&row[column], widths[column]);
                    let padded = if column < self.text_columns {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    };
                    if column != 0 {
                        line.push_str(&" ".repeat(GAP));
                    }
                    // A name from a file must not steer the terminal.
                    line.extend(
                        padded
                            .chars()
                            .map(|letter| if letter.is_control() { '?' } else { letter }),
                    );
                }
                text.push_str(line.trim_end());
                text.push('\n');
            }
            text.push('\n');
        }
        text
    }

    /// As a table of Markdown. Empty without rows.
    pub fn markdown(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let line = |cells: &mut dyn Iterator<Item = String>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let cell = |text: &String| text.replace('|', "\\|").replace('<', "&lt;");
        let rule = |column| {
            if column < self.text_columns {
                "---"
            } else {
                "--:"
            }
            .to_owned()
        };
        let mut text = format!("**{}**\n\n", self.title);
        text.push_str(&line(&mut self.head.iter().map(cell)));
        text.push_str(&line(&mut (0..self.head.len()).map(rule)));
        for row in &self.rows {
            text.push_str(&line(&mut row.iter().map(cell)));
        }
        text.push('\n');
        text
    }

    pub(crate) fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let cells = |tag: &str, row: &[String]| -> String {
            let cell = |(column, text): (usize, &String)| {
                let class = if column < self.text_columns {
                    " class=\"t\""
                } else {
                    ""
                };
                let (tag, scope) = match (tag, column) {
                    ("th", _) => ("th", " scope=\"col\""),
                    (_, 0) => ("th", " scope=\"row\""),
                    _ => ("td", ""),
                };
                format!(
                    "<{tag}{scope}{class}>{}</{tag}>",
                    escape(text, Medium::Markup)
                )
            };
            row.iter().enumerate().map(cell).collect()
        };
        let rows = self.rows.iter().fold(String::new(), |text, row| {
            text + "<tr>"
                + &cells("td", row)
                + "</tr>
"
        });
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\
             <table><caption>{title}</caption>\n<thead><tr>{}</tr></thead>\n\
             <tbody>\n{rows}</tbody></table></div>\n",
            cells("th", &self.head),
            title = escape(&self.title, Medium::Markup),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(columns: usize) -> Grid {
        let head = (0..columns).map(|column| format!("column number {column}"));
        let mut grid = Grid::new("a title", 1, head);
        grid.push((0..columns).map(|column| format!("{column}|<")).collect());
        grid
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_column_is_lost() {
        for columns in [1, 2, 7, 8, 30] {
            let text = grid(columns).text();
            assert!(
                text.lines().all(|line| line.chars().count() <= WIDTH),
                "{text}"
            );
            for column in 0..columns {
                assert!(text.contains(&format!("column number {column}")), "{text}");
            }
        }
    }

    #[test]
    fn markup_is_escaped() {
        assert!(grid(2).markdown().contains("| 0\\|&lt; | 1\\|&lt; |"));
        assert!(grid(2).html().contains(">0|&lt;</th><td>1|&lt;</td>"));
    }
}
