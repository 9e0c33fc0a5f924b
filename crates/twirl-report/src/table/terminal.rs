//! Tables for a terminal.

use crate::number::NONE;
use crate::table::build::Table;
use crate::table::shown::{Part, ShownColumn};
use crate::text::{Medium, WIDTH, escape, wrapped};

const GAP: usize = 2;

impl Table {
    /// Aligned columns of at most 120 characters: columns that do not fit go below, with the labels
    /// repeated of the rows that have a value there. Empty without rows.
    pub fn text(&self) -> String {
        let parts: String = self.shown().into_iter().map(aligned).collect();
        let notes = self
            .notes
            .iter()
            .map(|note| wrapped(&escape(note, Medium::Terminal), "  ", "  "));
        parts + &notes.collect::<String>()
    }
}

fn aligned(part: Part<'_>) -> String {
    let Part {
        title, mut columns, ..
    } = part;
    for column in &mut columns {
        column.head = escape(&column.head, Medium::Terminal);
        column
            .cells
            .iter_mut()
            .for_each(|cell| cell.text = escape(&cell.text, Medium::Terminal));
    }
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let labels = columns.iter().take_while(|column| column.label).count();
    let repeated = widths[..labels]
        .iter()
        .map(|width| width + GAP)
        .sum::<usize>();
    let mut blocks = vec![(0..labels).collect::<Vec<_>>()];
    let mut used = repeated;
    for (column, width) in widths.iter().enumerate().skip(labels) {
        let block = blocks.last_mut().expect("begins with one");
        if used + width > WIDTH && block.len() > labels {
            blocks.push((0..labels).chain([column]).collect());
            used = repeated;
        } else {
            block.push(column);
        }
        used += width + GAP;
    }
    let mut text = format!("{}\n", escape(title, Medium::Terminal));
    for (place, block) in blocks.into_iter().enumerate() {
        let says = |row: &usize| {
            let mut cells = block[labels..]
                .iter()
                .map(|&column| &columns[column].cells[*row]);
            place == 0 || cells.any(|cell| cell.text != NONE)
        };
        let all = 0..columns[0].cells.len();
        let mut rows: Vec<usize> = all.clone().filter(says).collect();
        if rows.is_empty() {
            rows.extend(all);
        }
        let line = |cell: &dyn Fn(&ShownColumn) -> String| {
            let padded = block.iter().map(|&column| {
                let (cell, width) = (cell(&columns[column]), widths[column]);
                if columns[column].label {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            let line = padded.collect::<Vec<_>>().join(&" ".repeat(GAP));
            line.trim_end().to_owned() + "\n"
        };
        text += &line(&|column| column.head.clone());
        for row in rows {
            text += &line(&|column| column.cells[row].text.clone());
        }
        text.push('\n');
    }
    text
}

fn width(column: &ShownColumn) -> usize {
    let cells = column.cells.iter().map(|cell| cell.text.chars().count());
    cells
        .chain([column.head.chars().count()])
        .max()
        .unwrap_or(0)
}
