//! Fractions of counts, each beside the count that it is of.

use std::collections::BTreeMap;

use twirl_core::Tally;
use twirl_harness::Figure;

use crate::bonds::Counted;
use crate::peaks::{Atom, Matched, match_atoms};

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, Figure>;

/// Atoms recovered from the grid of one molecule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recovered {
    /// The molecule's number in the data, over which intervals are taken.
    pub(crate) molecule: usize,
    /// Atoms in the ball, against atoms found.
    pub(crate) matched: Matched,
    /// Atoms beyond the ball, where none is looked for: in no fraction.
    pub(crate) left_out: usize,
}

impl Recovered {
    /// Compares the atoms of a molecule with those found. What is found at an atom beyond the ball,
    /// from the density that it has inside, is neither right nor wrong, and not counted as found.
    pub(crate) fn of(
        molecule: usize,
        all: &[Atom],
        found: &[Atom],
        in_ball: impl Fn(&Atom) -> bool,
        distance: f64,
    ) -> Self {
        let inside: Vec<Atom> = all.iter().copied().filter(in_ball).collect();
        let matched = match_atoms(&inside, found, distance);
        let beyond = match_atoms(all, found, distance)
            .pairs
            .saturating_sub(matched.pairs);
        Self {
            molecule,
            matched: Matched {
                found: matched.found - beyond,
                ..matched
            },
            left_out: all.len() - inside.len(),
        }
    }
}

/// `recovered-atoms` is recall, pairs over true atoms; with it precision, pairs over found atoms,
/// and F1, twice the pairs over the sum of both: a grid of noise recalls many atoms among very many.
pub(crate) fn recovered(counts: &[Recovered], seed: u64) -> Figures {
    let row = |count: &Recovered| {
        let Matched {
            pairs,
            truth,
            found,
        } = count.matched;
        (
            count.molecule,
            [pairs, truth, found, 2 * pairs, truth + found],
        )
    };
    let left_out = counts.iter().map(|count| count.left_out).sum();
    let sums = Sums::of(counts.iter().map(row), seed);
    let mut figures = Figures::new();
    sums.fraction(&mut figures, "recovered-atoms", 0, 1);
    sums.fraction(&mut figures, "recovered-atoms-precision", 0, 2);
    sums.fraction(&mut figures, "recovered-atoms-f1", 3, 4);
    count(
        &mut figures,
        "recovered-atoms-of",
        sums.totals[1] as usize,
        "atoms",
    );
    count(
        &mut figures,
        "recovered-atoms-found",
        sums.totals[2] as usize,
        "atoms",
    );
    count(&mut figures, "recovered-atoms-left-out", left_out, "atoms");
    figures
}

/// Bonds of molecules, each with the number over which intervals are taken.
pub(crate) fn bonded(counts: &[(usize, Counted)], seed: u64) -> Figures {
    let row = |(unit, count): &(usize, Counted)| {
        let whole = usize::from(count.is_whole());
        (
            *unit,
            [
                count.valid,
                count.contacts,
                count.alone,
                count.atoms,
                whole,
                1,
            ],
        )
    };
    let sums = Sums::of(counts.iter().map(row), seed);
    let mut figures = Figures::new();
    sums.fraction(&mut figures, "valid-bonds", 0, 1);
    sums.fraction(&mut figures, "unbonded-atoms", 2, 3);
    sums.fraction(&mut figures, "valid-molecules", 4, 5);
    sums.ratio(&mut figures, "atoms-per-molecule", 3, 5, "atoms");
    let bonds = sums.totals[1] as usize;
    count(&mut figures, "valid-bonds-of", bonds, "bonds");
    count(
        &mut figures,
        "valid-molecules-of",
        counts.len(),
        "molecules",
    );
    figures
}

fn count(figures: &mut Figures, name: &str, value: usize, unit: &str) {
    let figure = Figure {
        value: value as f64,
        low: None,
        high: None,
        unit: unit.into(),
    };
    figures.insert(name.into(), figure);
}

/// Sums over molecules, and what the bootstrap needs.
struct Sums<const N: usize> {
    tally: Tally,
    totals: [f64; N],
}

impl<const N: usize> Sums<N> {
    fn of(rows: impl Iterator<Item = (usize, [usize; N])>, seed: u64) -> Self {
        let mut tally = Tally::new(Tally::REPLICATES, seed, N).expect("a size that is allowed");
        let mut totals = [0.0; N];
        for (unit, counts) in rows {
            let values = counts.map(|count| count as f64);
            tally.add(unit as u64, 1.0, &values).expect("finite counts");
            for (total, value) in totals.iter_mut().zip(values) {
                *total += value;
            }
        }
        Self { tally, totals }
    }

    fn fraction(&self, figures: &mut Figures, name: &str, part: usize, whole: usize) {
        self.ratio(figures, name, part, whole, "fraction");
    }

    /// A ratio of sums with its interval; a ratio to nothing is left out.
    fn ratio(&self, figures: &mut Figures, name: &str, part: usize, whole: usize, unit: &str) {
        if self.totals[whole] == 0.0 {
            return;
        }
        let interval = self.tally.ratio(part, whole).ok();
        let figure = Figure {
            value: self.totals[part] / self.totals[whole],
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            unit: unit.into(),
        };
        figures.insert(name.into(), figure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(figures: &Figures, name: &str) -> f64 {
        figures[name].value
    }

    fn same(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    }

    #[test]
    fn fractions_of_atoms_stand_beside_their_counts() {
        let of = |molecule, pairs, truth, found, left_out| Recovered {
            molecule,
            matched: Matched {
                pairs,
                truth,
                found,
            },
            left_out,
        };
        let figures = recovered(&[of(0, 3, 4, 20, 1), of(7, 1, 6, 20, 0)], 1);
        same(value(&figures, "recovered-atoms"), 0.4);
        same(value(&figures, "recovered-atoms-precision"), 0.1);
        // The harmonic mean of the two.
        same(value(&figures, "recovered-atoms-f1"), 0.16);
        same(value(&figures, "recovered-atoms-of"), 10.0);
        same(value(&figures, "recovered-atoms-found"), 40.0);
        same(value(&figures, "recovered-atoms-left-out"), 1.0);
    }

    #[test]
    fn atoms_beyond_the_ball_are_counted_and_in_no_fraction() {
        let atom = |x| Atom {
            number: 6,
            position: [x, 0.0, 0.0],
        };
        let all = [atom(0.0), atom(1.5), atom(6.0), atom(9.0)];
        // One right, one at an atom beyond, one nowhere.
        let found = [atom(0.1), atom(5.9), atom(-3.0)];
        let counted = Recovered::of(3, &all, &found, |atom| atom.position[0] < 5.0, 0.5);
        let expected = Matched {
            pairs: 1,
            truth: 2,
            found: 2,
        };
        assert_eq!((counted.matched, counted.left_out), (expected, 2));
    }

    #[test]
    fn a_molecule_is_valid_as_a_whole() {
        let of = |atoms, contacts, valid, alone| Counted {
            contacts,
            valid,
            alone,
            atoms,
        };
        // Valid; one bad bond; a stray atom; nothing at all.
        let counts = [
            of(3, 2, 2, 0),
            of(3, 2, 1, 0),
            of(4, 2, 2, 1),
            of(0, 0, 0, 0),
        ];
        let counts: Vec<(usize, Counted)> = counts.into_iter().enumerate().collect();
        let figures = bonded(&counts, 1);
        same(value(&figures, "valid-bonds"), 5.0 / 6.0);
        same(value(&figures, "valid-bonds-of"), 6.0);
        same(value(&figures, "valid-molecules"), 0.25);
        same(value(&figures, "valid-molecules-of"), 4.0);
        same(value(&figures, "atoms-per-molecule"), 2.5);
        same(value(&figures, "unbonded-atoms"), 0.1);
        let none = bonded(&counts[3..], 1);
        assert!(!none.contains_key("valid-bonds") && value(&none, "valid-bonds-of") == 0.0);
    }
}
