//! Tables of Markdown.

use std::fmt::Write;

use crate::table::build::Table;
use crate::text::{Medium, escape};

impl Table {
    /// As Markdown. Empty without rows.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let safe = |text: &str| escape(text, Medium::Markdown);
        let mut markdown = String::new();
        for part in self.shown() {
            let columns = &part.columns;
            let rule = |label: bool| if label { "---" } else { "--:" }.to_owned();
            let _ = write!(markdown, "**{}**\n\n", safe(part.title));
            markdown += &line(columns.iter().map(|column| safe(&column.head)).collect());
            markdown += &line(columns.iter().map(|column| rule(column.label)).collect());
            for row in 0..columns[0].cells.len() {
                markdown += &line(columns.iter().map(|c| safe(&c.cells[row].text)).collect());
            }
            markdown.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(markdown, "- {}", safe(note));
        }
        markdown
    }
}
