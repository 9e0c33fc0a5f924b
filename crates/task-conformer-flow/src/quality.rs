//! How good generated conformers are.

use std::collections::BTreeMap;

use twirl_core::{CoreError, Interval, Tally};
use twirl_data::{BondOrder, DataSet, Split};
use twirl_harness::{Figure, TaskError};

use crate::automorphism::Automorphisms;
use crate::geometry::symmetric_rmsd;
use crate::{Topology, topology::kind};

/// Two conformers are the same below this root mean square distance, angstrom.
pub const THRESHOLD: f64 = 0.75;

/// A bond is valid within this share of the mean length of its kind in the training data.
pub const BOND_TOLERANCE: f64 = 0.1;

/// Automorphisms tried per molecule; where there are more, `automorphisms-capped` says so.
pub const AUTOMORPHISM_LIMIT: usize = 5000;

/// Mean length by both elements (ascending) and kind of bond, angstrom.
#[derive(Debug, Clone)]
pub struct BondLengths(BTreeMap<(u8, u8, usize), f64>);

fn bond_key(species: &[u8], first: usize, second: usize, order: BondOrder) -> (u8, u8, usize) {
    let (a, b) = (species[first], species[second]);
    (a.min(b), a.max(b), kind(order))
}

fn length(positions: &[[f64; 3]], first: usize, second: usize) -> f64 {
    let pairs = positions[first].iter().zip(&positions[second]);
    pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

impl BondLengths {
    /// Means over the training part.
    pub fn of(data: &DataSet) -> Self {
        let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
        for &item in data.split(Split::Train) {
            let (species, positions) = (data.atomic_numbers(item), data.positions(item));
            for bond in &data.molecules()[data.molecule(item)].bonds {
                let key = bond_key(species, bond.first, bond.second, bond.order);
                let entry = sums.entry(key).or_default();
                entry.0 += length(positions, bond.first, bond.second);
                entry.1 += 1.0;
            }
        }
        let means = sums
            .into_iter()
            .map(|(key, (sum, count))| (key, sum / count));
        Self(means.collect())
    }

    /// Whether each bond is valid; `None` for a kind that the training data lack.
    pub fn judge(&self, topology: &Topology, positions: &[[f64; 3]]) -> Vec<Option<bool>> {
        let judge = |bond: &twirl_data::Bond| {
            let key = bond_key(topology.species(), bond.first, bond.second, bond.order);
            self.0.get(&key).map(|mean| {
                let found = length(positions, bond.first, bond.second);
                (found / mean - 1.0).abs() <= BOND_TOLERANCE
            })
        };
        topology.bonds().iter().map(judge).collect()
    }
}

/// A molecule, its known conformers, and those to be judged.
#[derive(Debug)]
pub struct Judged<'a> {
    /// Number in the data set, the unit of intervals.
    pub molecule: usize,
    /// Bond graph.
    pub topology: &'a Topology,
    /// Its automorphisms.
    pub automorphisms: &'a Automorphisms,
    /// Known conformers, all atoms.
    pub known: &'a [Vec<[f64; 3]>],
    /// Conformers to be judged, all atoms.
    pub made: &'a [Vec<[f64; 3]>],
}

/// Columns of the tally.
const RECALL_COVERAGE: usize = 0;
const RECALL_DISTANCE: usize = 1;
const PRECISION_COVERAGE: usize = 2;
const PRECISION_DISTANCE: usize = 3;
const VALID_BONDS: usize = 4;
const BONDS: usize = 5;
const VALID_SAMPLES: usize = 6;
const COLUMNS: usize = 7;

/// Coverage (share within [`THRESHOLD`] of the nearest of the other kind) and average minimum RMSD,
/// as recall (over known conformers) and as precision (over those made), over heavy atoms, after
/// the best proper rotation and automorphism; and valid bonds. Every molecule counts alike, bonds
/// excepted, which count one by one.
///
/// # Errors
/// If there is no molecule, or no bond whose kind is in the training data.
pub fn figures(
    judged: &[Judged<'_>],
    lengths: &BondLengths,
    seed: u64,
) -> Result<BTreeMap<String, Figure>, TaskError> {
    let refuse = |error: CoreError| {
        TaskError::setting(
            "closing_molecules",
            error.to_string(),
            "give more held-out molecules, or closing_molecules = 0",
        )
    };
    let mut tally = Tally::new(Tally::REPLICATES, seed, COLUMNS).map_err(refuse)?;
    let (mut unknown_bonds, mut capped) = (0, 0);
    for entry in judged {
        let (values, unknown) = columns(entry, lengths);
        unknown_bonds += unknown;
        capped += usize::from(entry.automorphisms.capped);
        tally
            .add(entry.molecule as u64, 1.0, &values)
            .map_err(refuse)?;
    }
    let interval = |found: Result<Interval, CoreError>, value: Result<f64, CoreError>| match found {
        Ok(found) => Ok((found.value, Some((found.low, found.high)))),
        Err(CoreError::TooFewMolecules { .. }) => Ok((value.map_err(refuse)?, None)),
        Err(error) => Err(refuse(error)),
    };
    let mut figures = BTreeMap::new();
    let mut put =
        |name: &str, unit: &str, factor: f64, (value, ends): (f64, Option<(f64, f64)>)| {
            let figure = Figure {
                value: factor * value,
                low: ends.map(|(low, _)| factor * low),
                high: ends.map(|(_, high)| factor * high),
                unit: unit.to_owned(),
            };
            figures.insert(name.to_owned(), figure);
        };
    let mean = |column| interval(tally.interval(column), tally.mean(column));
    let within = format!("% within {THRESHOLD} A, heavy atoms");
    put("coverage-recall", &within, 100.0, mean(RECALL_COVERAGE)?);
    put(
        "coverage-precision",
        &within,
        100.0,
        mean(PRECISION_COVERAGE)?,
    );
    put("amr-recall", "A, heavy atoms", 1.0, mean(RECALL_DISTANCE)?);
    put(
        "amr-precision",
        "A, heavy atoms",
        1.0,
        mean(PRECISION_DISTANCE)?,
    );
    let bonds = interval(tally.ratio(VALID_BONDS, BONDS), {
        let (valid, all) = (tally.mean(VALID_BONDS), tally.mean(BONDS));
        valid.and_then(|valid| all.map(|all| valid / all))
    })?;
    let tolerance = format!("% within {} % of the mean length", 100.0 * BOND_TOLERANCE);
    put("valid-bonds", &tolerance, 100.0, bonds);
    put(
        "valid-samples",
        "% with every bond valid",
        100.0,
        mean(VALID_SAMPLES)?,
    );
    put(
        "bonds-without-reference",
        "bonds",
        1.0,
        (unknown_bonds as f64, None),
    );
    put(
        "automorphisms-capped",
        "molecules",
        1.0,
        (capped as f64, None),
    );
    Ok(figures)
}

/// The tally's values for one molecule, and its bonds of unknown kind.
fn columns(entry: &Judged<'_>, lengths: &BondLengths) -> ([f64; COLUMNS], usize) {
    let Automorphisms { maps, .. } = entry.automorphisms;
    let heavy = |all: &[Vec<[f64; 3]>]| -> Vec<Vec<[f64; 3]>> {
        let one = |positions: &Vec<[f64; 3]>| entry.automorphisms.heavy_positions(positions);
        all.iter().map(one).collect()
    };
    let (known, made) = (heavy(entry.known), heavy(entry.made));
    let distances: Vec<Vec<f64>> = known
        .iter()
        .map(|a| made.iter().map(|b| symmetric_rmsd(a, b, maps)).collect())
        .collect();
    let mut values = [0.0; COLUMNS];
    for row in &distances {
        let nearest = row.iter().copied().fold(f64::INFINITY, f64::min);
        values[RECALL_COVERAGE] += f64::from(u8::from(nearest < THRESHOLD)) / known.len() as f64;
        values[RECALL_DISTANCE] += nearest / known.len() as f64;
    }
    for index in 0..made.len() {
        let column = distances.iter().map(|row| row[index]);
        let nearest = column.fold(f64::INFINITY, f64::min);
        values[PRECISION_COVERAGE] += f64::from(u8::from(nearest < THRESHOLD)) / made.len() as f64;
        values[PRECISION_DISTANCE] += nearest / made.len() as f64;
    }
    let mut unknown = 0;
    for positions in entry.made {
        let bonds = lengths.judge(entry.topology, positions);
        let valid = bonds.iter().filter(|bond| **bond == Some(true)).count();
        let lacking = bonds.iter().filter(|bond| bond.is_none()).count();
        values[VALID_BONDS] += valid as f64;
        values[BONDS] += (bonds.len() - lacking) as f64;
        let all = f64::from(u8::from(valid + lacking == bonds.len()));
        values[VALID_SAMPLES] += all / made.len() as f64;
        unknown = lacking;
    }
    (values, unknown)
}
