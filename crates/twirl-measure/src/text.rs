//! Figures as lines for a terminal.

use crate::results::{ElementFigures, Estimate, Figures, Parts, TermFigures};

/// Figures with what all of their lines need.
struct Sheet<'a>(&'a Figures);

/// Figures in lines, under a heading such as the name of a file, with names of it that were left alone.
#[must_use]
pub fn text(file: &str, ignored: &[String], found: &Figures) -> String {
    let Figures {
        rows,
        molecules,
        rotations,
        ..
    } = found;
    let resolves = found
        .resolves
        .map_or_else(String::new, |degree| format!(", degree up to {degree}"));
    let mut lines = vec![
        format!("{file}: {rows} rows of {molecules} molecules at {rotations} rotations"),
        format!("{} rotations, {}{resolves}", found.design, found.group),
    ];
    if !ignored.is_empty() {
        // Names come from the file: no control characters reach the terminal.
        let names = ignored.iter().map(|name| name.escape_debug().to_string());
        let names: Vec<String> = names.collect();
        lines.push(format!("left alone: {}", names.join(", ")));
    }
    let sheet = Sheet(found);
    for term in &found.terms {
        lines.push(String::new());
        lines.extend(sheet.term(term));
    }
    if let Some(total) = &found.total {
        lines.extend([String::new(), "sum of the terms".into()]);
        lines.extend(sheet.parts(total));
    }
    lines.push(String::new());
    lines.extend(
        found
            .notes
            .iter()
            .map(|note| format!("note: {}", note.text)),
    );
    lines.push(
        "floor: unknown. Rounding is counted too: send an exactly equivariant model through the \
         same program to see how much."
            .into(),
    );
    lines.join("\n") + "\n"
}

impl Sheet<'_> {
    fn term(&self, term: &TermFigures) -> Vec<String> {
        let name = if term.name.is_empty() {
            String::new()
        } else {
            format!("{}: ", term.name)
        };
        let mut lines = vec![format!(
            "{name}{} loss, {}, {} blocks of {}",
            term.loss, term.kind, term.blocks, term.dim
        )];
        lines.extend(self.parts(&term.parts));
        if let Some(squared) = &term.squared {
            lines.extend([String::new(), "squared loss of the same predictions".into()]);
            lines.extend(self.parts(squared));
        }
        let relative = term.relative_equiv.map_or_else(
            || "undefined: every prediction is zero".into(),
            |share| format!("{share:<12.5e} squared symmetry error over mean squared prediction"),
        );
        lines.extend([String::new(), format!("L_equiv / E|f|^2  {relative}")]);
        if let Some(parity) = term.parity {
            let words = "of it seen by the inversion alone";
            lines.push(format!("parity / E|f|^2   {parity:<12.5e} {words}"));
        }
        if !term.twirled.is_empty() {
            let twirled = |(count, loss): &(usize, f64)| format!("{count}: {loss:.5}");
            let twirled: Vec<String> = term.twirled.iter().map(twirled).collect();
            lines.push(format!(
                "averaged over M rotations at test time, L_mean + L_equiv / M (derived): {}",
                twirled.join("  ")
            ));
        }
        lines.extend(by_element(&term.elements));
        match (&term.spectrum, &term.no_spectrum) {
            (Some(powers), _) => {
                lines.push("spectrum over E|f|^2 by rotation degree".into());
                for (degree, power) in powers.iter().enumerate() {
                    lines.push(self.row(&format!("S_{degree}"), "", power));
                }
            }
            (None, Some(reason)) => lines.push(format!("no spectrum: {reason}")),
            (None, None) => {}
        }
        lines
    }

    fn parts(&self, parts: &Parts) -> Vec<String> {
        let of_zero = parts.loss_over_zero.map_or_else(
            || "undefined: every target is zero".into(),
            |ratio| {
                format!(
                    "{:<13}   of the loss of predicting zero, {}",
                    short(ratio),
                    short(parts.loss_of_zero)
                )
            },
        );
        let percent = parts.percent_equiv.as_ref().map_or_else(
            || "percent   none: predictions equal targets up to rounding".into(),
            |percent| self.row("percent", "%", percent),
        );
        vec![
            self.row("L", "", &parts.loss),
            self.row("L_mean", "", &parts.loss_mean),
            self.row("L_equiv", "", &parts.loss_equiv),
            percent,
            format!("L / L0    {of_zero}"),
        ]
    }

    fn row(&self, name: &str, unit: &str, estimate: &Estimate) -> String {
        let interval = match (estimate.interval, &self.0.no_interval) {
            (Some([low, high]), _) => {
                format!("95 % interval {} to {}", short(low), short(high))
            }
            (None, Some(reason)) => format!("no interval ({reason})"),
            (None, None) => format!("no interval ({} molecules)", self.0.molecules),
        };
        format!("{name:<10}{:<13}{unit:<3}{interval}", short(estimate.value))
    }
}

/// The parts by element, which add up to `L` and `L_equiv`.
fn by_element(elements: &[ElementFigures]) -> Vec<String> {
    if elements.is_empty() {
        return Vec::new();
    }
    let line = |cells: [&str; 6]| {
        let [element, atoms, loss, equiv, error, of_symmetry] = cells;
        let line =
            format!("{element:<9} {atoms:>9}   {loss:<12} {equiv:<12} {error:<12} {of_symmetry}");
        line.trim_end().to_owned()
    };
    let of = |found: &ElementFigures| {
        let root = |root: Option<f64>| root.map_or_else(|| "undefined".into(), short);
        let number = found.number.to_string();
        line([
            found.symbol.as_deref().unwrap_or(&number),
            &found.atoms.to_string(),
            &short(found.loss),
            &short(found.loss_equiv),
            &root(found.rms_error),
            &root(found.rms_equiv),
        ])
    };
    let head = [
        "element",
        "atoms",
        "of L",
        "of L_equiv",
        "rms error",
        "rms symmetry error",
    ];
    let mut lines = vec![
        "by element: parts of L and L_equiv; root mean squares of a component".to_owned(),
        line(head),
    ];
    lines.extend(elements.iter().map(of));
    lines
}

/// Five significant digits, plain where that is short.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.5}")
    } else {
        format!("{value:.4e}")
    }
}
