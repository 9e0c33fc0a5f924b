//! The lines of a chart from the columns of a table, so that a figure that is drawn is not stated again.

use crate::chart::{ChartPanel, Line};
use crate::table::build::Table;
use crate::table::fields::{Datum, Field};

/// Which columns, by their keys, make the lines of a chart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Curves<'a> {
    /// Text that tells panels apart, joined by strokes.
    pub panel: &'a [&'a str],
    /// Quantity and unit of a panel's vertical axis.
    pub label: &'a str,
    /// Text that names a line; none: the name of its vertical axis for people.
    pub line: &'a [&'a str],
    /// What tells lines of one name apart.
    pub apart: &'a [&'a str],
    /// Horizontal axis.
    pub x: &'a str,
    /// Vertical axis; the band is between `KEY_low` and `KEY_high`, where there are such. If there are
    /// several, their names are part of those of lines.
    pub y: &'a [&'a str],
}

impl Table {
    /// Panels and lines in the order of the rows. Rows without a value are no points.
    ///
    /// # Panics
    /// If there is no column of a key.
    pub fn panels(&self, curves: &Curves<'_>) -> Vec<ChartPanel> {
        let fields = self.fields();
        let maybe = |key: &str| fields.iter().find(|field| field.key == key);
        let find = |key: &str| maybe(key).unwrap_or_else(|| panic!("no {key} in {}", self.name));
        let words = |keys: &[&str], row: usize| {
            let words = keys.iter().map(|key| find(key).word(row));
            words.collect::<Vec<String>>().join("/")
        };
        let x = find(curves.x);
        let mut panels: Vec<(ChartPanel, Vec<[String; 2]>)> = Vec::new();
        for (row, key) in (0..self.rows).flat_map(|row| curves.y.iter().map(move |y| (row, y))) {
            let y = find(key);
            let [low, high] = ["low", "high"].map(|end| maybe(&format!("{key}_{end}")));
            let label = match words(curves.panel, row) {
                panel if panel.is_empty() => curves.label.to_owned(),
                panel => format!("{panel}: {}", curves.label),
            };
            let known = panels.iter().position(|(panel, _)| panel.label == label);
            let place = known.unwrap_or_else(|| {
                panels.push((ChartPanel::new(label, Vec::new()), Vec::new()));
                panels.len() - 1
            });
            let (panel, keys) = &mut panels[place];
            let name = match words(curves.line, row) {
                name if name.is_empty() => y.about.to_owned(),
                name if curves.y.len() == 1 => name,
                name => format!("{name}, {}", y.about),
            };
            let key = [name.clone(), words(curves.apart, row)];
            let known = keys.iter().position(|known| *known == key);
            let place = known.unwrap_or_else(|| {
                keys.push(key);
                panel.lines.push(Line {
                    name,
                    ..Line::default()
                });
                keys.len() - 1
            });
            let line = &mut panel.lines[place];
            let (Some(x), Some(y)) = (x.number(row), y.number(row)) else {
                continue;
            };
            line.points.push([x, y]);
            if let (Some(low), Some(high)) = (
                low.and_then(|f| f.number(row)),
                high.and_then(|f| f.number(row)),
            ) {
                line.band.push([x, low, high]);
            }
        }
        panels.into_iter().map(|(panel, _)| panel).collect()
    }
}

impl Field<'_> {
    fn number(&self, row: usize) -> Option<f64> {
        match self.at(row).ok()? {
            Datum::Integer(value) => Some(value as f64),
            Datum::Real(value) => Some(value),
            Datum::Text(_) | Datum::Flag(_) => None,
        }
    }

    fn word(&self, row: usize) -> String {
        match self.at(row) {
            Ok(Datum::Text(value)) => value.to_owned(),
            Ok(Datum::Integer(value)) => value.to_string(),
            Ok(Datum::Real(value)) => value.to_string(),
            Ok(Datum::Flag(value)) => value.to_string(),
            Err(_) => String::new(),
        }
    }
}
