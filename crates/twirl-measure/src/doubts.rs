//! Remarks that follow from the figures.

use std::collections::BTreeMap;

use twirl_core::{Coverage, tolerance};

use crate::notes::{Note, NoteCode};
use crate::predictions::Predictions;
use crate::sampling::Rule;
use crate::terms::Checked;

/// The group by its name, and the degree up to which it stands for all rotations.
pub(crate) fn covered(of: &Predictions, notes: &mut Vec<Note>) -> (String, Option<usize>) {
    let least = (0..of.extent[0]).map(|row| of.rule.of(row).coverage());
    let mut degree = usize::MAX;
    for coverage in least {
        match coverage {
            Coverage::Haar => return (of.symmetry.name().into(), None),
            Coverage::Finite(group) => {
                let name = of.symmetry.name();
                notes.push(Note::new(
                    NoteCode::FiniteDegree,
                    format!(
                        "symmetry under the {} rotations of the {} group: L_mean is that of {name} \
                         for outputs of degree up to {}, and an error that the group shares is not \
                         seen",
                        group.order_under(of.symmetry),
                        group.name(),
                        group.degree()
                    ),
                ));
                return (group.name().into(), Some(group.degree()));
            }
            Coverage::Degree(found) => degree = degree.min(found),
        }
        if let Rule::Nodes(nodes) = &of.rule
            && nodes.len() == 1
        {
            break;
        }
    }
    let name = of.symmetry.name();
    notes.push(Note::new(
        NoteCode::FiniteDegree,
        format!(
            "the weighted rotations integrate {name} exactly up to degree {degree}: L_mean of outputs \
             of that degree, L and L_equiv of the squared loss of outputs up to degree {}",
            degree / 2
        ),
    ));
    (name.into(), Some(degree))
}

/// A remark on one unit that carries most of a loss.
pub(crate) fn one_molecule(by_unit: &BTreeMap<u64, f64>) -> Option<Note> {
    let sum: f64 = by_unit.values().sum();
    let (unit, most) = by_unit.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
    (by_unit.len() >= 5 && *most > 0.5 * sum).then(|| {
        Note::new(
            NoteCode::OneMolecule,
            format!(
                "molecule {unit} alone carries {:.0} % of the loss of {} molecules: look at its label",
                100.0 * most / sum,
                by_unit.len()
            ),
        )
    })
}

/// Rows that say nothing of symmetry, told from the arrays alone: `silent` hold only zeros, `alone` have
/// one block of several.
pub(crate) fn without_symmetry(
    of: &Predictions,
    term: &Checked,
    [silent, alone]: [usize; 2],
) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |count: usize, text: &str| {
        if count > 0 {
            let text = format!("{}{count} of {} rows {text}", prefix(term), of.rows.len());
            notes.push(Note::new(NoteCode::NoSymmetry, text));
        }
    };
    say(
        silent,
        "hold only zeros: they say nothing of symmetry and lower every mean",
    );
    if !of.bodies {
        let text = format!(
            "have one block of {}: a single atom shows no symmetry; leave such rows out, or give an \
             array position",
            term.blocks
        );
        say(alone, &text);
    }
    notes
}

/// What single precision adds to the symmetry error, and predictions that equal targets.
pub(crate) fn digits(term: &Checked, size: f64, equiv: f64, vanishes: bool) -> Option<Note> {
    let of = prefix(term);
    if vanishes {
        let text = format!("{of}predictions equal targets up to rounding: there is no percentage");
        return Some(Note::new(NoteCode::Rounding, text));
    }
    // The spacing of numbers of this size, as the width of a uniform error.
    let rounding = size * tolerance::F32.epsilon.powi(2) / 12.0;
    (term.single && rounding > 0.01 * equiv.abs()).then(|| {
        Note::new(
            NoteCode::Rounding,
            format!(
                "{of}float32 rounds predictions of this size by {:.1e} (root mean square), which is \
                 {:.0} % of L_equiv or more: write float64, or subtract what molecules share",
                rounding.sqrt(),
                100.0 * (rounding / equiv.abs()).min(1.0)
            ),
        )
    })
}

/// Which of several terms a note is about.
fn prefix(term: &Checked) -> String {
    if term.name.is_empty() {
        String::new()
    } else {
        format!("{}: ", term.name)
    }
}

/// Targets far from zero beside their spread: ratios to the loss of zero mean little.
pub(crate) fn offset(term: &Checked, squared_zero: f64, rows: f64) -> Option<Note> {
    let blocks = term.target.chunks_exact(term.dim).zip(&term.weight);
    let mut mean = vec![0.0; term.dim];
    let mut weights = 0.0;
    for (block, weight) in blocks {
        weights += weight;
        mean.iter_mut()
            .zip(block)
            .for_each(|(sum, y)| *sum += weight * y);
    }
    let square = mean.iter().map(|sum| (sum / weights).powi(2)).sum::<f64>();
    let total = squared_zero * rows / weights;
    let spread = (total - square).max(0.0);
    (square > 25.0 * spread && spread > 0.0).then(|| {
        let of = prefix(term);
        Note::new(
            NoteCode::Offset,
            format!(
                "{of}targets share an offset of {:.3e}, {:.0} times their spread: L / L0 and L_equiv / \
                 E|f|^2 are measured against it; subtract it from predictions and targets",
                square.sqrt(),
                (square / spread).sqrt()
            ),
        )
    })
}
