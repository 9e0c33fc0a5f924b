//! Figures as flat columns, for tables of many files and for data frames.

use crate::results::{Estimate, Figures, Parts};

/// A value of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A count.
    Count(usize),
    /// A number; absent where it is not defined.
    Number(Option<f64>),
}

/// One row for each term, and one named `total` for the sum of several: columns by name, the same
/// for all.
///
/// | column | |
/// |---|---|
/// | `term`, `kind`, `loss_name`, `design`, `group` | as in [`crate::Figures`] |
/// | `rows`, `molecules`, `rotations` | counts |
/// | `loss`, `loss_mean`, `loss_equiv`, `percent_equiv` | values, each with `_low` and `_high` |
/// | `loss_of_zero`, `loss_over_zero` | `L0` and `L / L0` |
/// | `relative_equiv`, `parity` | squared errors over the mean squared prediction |
#[must_use]
pub fn flat(figures: &Figures) -> Vec<Vec<(String, Cell)>> {
    let mut rows: Vec<_> = figures
        .terms
        .iter()
        .map(|term| {
            let texts = [&term.name, &term.kind, &term.loss].map(Clone::clone);
            row(
                figures,
                texts,
                &term.parts,
                [term.relative_equiv, term.parity],
            )
        })
        .collect();
    if let Some(total) = &figures.total {
        let texts = ["total".to_owned(), String::new(), String::new()];
        rows.push(row(figures, texts, total, [None, None]));
    }
    rows
}

fn row(
    figures: &Figures,
    [term, kind, loss]: [String; 3],
    parts: &Parts,
    [relative, parity]: [Option<f64>; 2],
) -> Vec<(String, Cell)> {
    let mut row = vec![
        ("term".to_owned(), Cell::Text(term)),
        ("kind".to_owned(), Cell::Text(kind)),
        ("loss_name".to_owned(), Cell::Text(loss)),
        ("design".to_owned(), Cell::Text(figures.design.clone())),
        ("group".to_owned(), Cell::Text(figures.group.clone())),
        ("rows".to_owned(), Cell::Count(figures.rows)),
        ("molecules".to_owned(), Cell::Count(figures.molecules)),
        ("rotations".to_owned(), Cell::Count(figures.rotations)),
    ];
    let estimates: [(&str, Option<Estimate>); 4] = [
        ("loss", Some(parts.loss)),
        ("loss_mean", Some(parts.loss_mean)),
        ("loss_equiv", Some(parts.loss_equiv)),
        ("percent_equiv", parts.percent_equiv),
    ];
    for (name, estimate) in estimates {
        let ends = estimate.and_then(|estimate| estimate.interval);
        let number = Cell::Number;
        row.push((name.to_owned(), number(estimate.map(|e| e.value))));
        row.push((format!("{name}_low"), number(ends.map(|[low, _]| low))));
        row.push((format!("{name}_high"), number(ends.map(|[_, high]| high))));
    }
    for (name, value) in [
        ("loss_of_zero", Some(parts.loss_of_zero)),
        ("loss_over_zero", parts.loss_over_zero),
        ("relative_equiv", relative),
        ("parity", parity),
    ] {
        row.push((name.to_owned(), Cell::Number(value)));
    }
    row
}
