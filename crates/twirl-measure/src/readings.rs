//! Other readings of rotations and outputs: was `R` meant transposed, was the kind forgotten?

use twirl_core::Rotation;

use crate::kind::Kind;

/// Rows that are looked at.
const ROWS: usize = 48;

/// Symmetry error over squared size below which nothing is wrong with a reading.
const SMALL: f64 = 0.05;

/// How much smaller another reading's error must be.
const COLLAPSE: f64 = 0.1;

/// Outputs as they were given, `[rows][rotations][width]`, unpacked.
pub(crate) struct Raw<'a> {
    pub(crate) kind: Kind,
    pub(crate) values: &'a [f64],
    pub(crate) blocks: usize,
    pub(crate) dim: usize,
    pub(crate) weights: &'a [f64],
    pub(crate) turns: &'a [Vec<Rotation>],
}

/// A way of turning outputs back.
struct Reading {
    words: String,
    kind: Kind,
    transposed: bool,
    /// Rotations are `[rotations, molecules]`.
    swapped: bool,
    /// Where each component of a block belongs; empty: where it is.
    order: Vec<usize>,
}

/// One line that names a reading under which `L_equiv` collapses, if there is one.
pub(crate) fn better(raw: &Raw<'_>) -> Option<String> {
    let given = Reading {
        words: String::new(),
        kind: raw.kind,
        transposed: false,
        swapped: false,
        order: Vec::new(),
    };
    let now = error(raw, &given)?;
    if now < SMALL {
        return None;
    }
    let readings = readings(raw);
    let tried = readings.iter().filter_map(|r| Some((error(raw, r)?, r)));
    // The first of equals: rotations that are their own inverses tell no transposed reading apart.
    let (best, reading) = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (best < COLLAPSE * now).then(|| {
        format!(
            "read {}, L_equiv / E|f|^2 would be {best:.1e} instead of {now:.1e}: check how inputs \
             were turned and how outputs are given",
            reading.words
        )
    })
}

/// Kinds that outputs of this size may have, the given one first.
fn kinds(raw: &Raw<'_>) -> Vec<Kind> {
    let mut kinds = vec![raw.kind];
    kinds.extend(match raw.dim {
        3 => Some(Kind::Vector),
        9 => Some(Kind::Tensor),
        _ => None,
    });
    kinds.push(Kind::Untwisted);
    kinds.dedup();
    kinds
}

/// Orders of components beside the given one, with their names.
fn orders(kind: Kind) -> Vec<(String, Vec<usize>)> {
    const OTHERS: [[usize; 3]; 5] = [[1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]];
    let named = |names: [&str; 3], order: [usize; 3]| order.map(|k| names[k]).join(", ");
    match kind {
        Kind::Vector | Kind::Axial => {
            let of = |order: [usize; 3]| (named(["x", "y", "z"], order), order.to_vec());
            OTHERS.map(of).to_vec()
        }
        // Of the last three in xx, yy, zz, yz, xz, xy.
        Kind::Symmetric => {
            let places = [[5, 7], [2, 6], [1, 3]];
            let of = |order: [usize; 3]| {
                let mut to: Vec<usize> = (0..9).collect();
                for (from, &k) in places.iter().zip(&order) {
                    to[from[0]] = places[k][0];
                    to[from[1]] = places[k][1];
                }
                (
                    format!("xx, yy, zz, {}", named(["yz", "xz", "xy"], order)),
                    to,
                )
            };
            OTHERS.map(of).to_vec()
        }
        _ => Vec::new(),
    }
}

fn readings(raw: &Raw<'_>) -> Vec<Reading> {
    let square =
        raw.turns.len() == raw.turns[0].len() && raw.turns.iter().any(|t| t != &raw.turns[0]);
    let mut readings = Vec::new();
    for kind in kinds(raw) {
        let as_kind = if kind == raw.kind {
            String::new()
        } else {
            format!(", kind {kind}")
        };
        let ways: &[(&str, bool, bool)] = match (kind.turns(), square) {
            (false, _) => &[("as given", false, false)],
            (true, false) => &[("with R as given", false, false), TRANSPOSED],
            (true, true) => &[("with R as given", false, false), TRANSPOSED, SWAPPED],
        };
        for &(how, transposed, swapped) in ways {
            let plain = (String::new(), Vec::new());
            for (names, order) in std::iter::once(plain).chain(orders(kind)) {
                let nothing = order.is_empty() && !transposed && !swapped && kind == raw.kind;
                if nothing {
                    continue;
                }
                let components = if order.is_empty() {
                    String::new()
                } else {
                    format!(", components in the order {names}")
                };
                readings.push(Reading {
                    words: format!("{how}{as_kind}{components}"),
                    kind,
                    transposed,
                    swapped,
                    order,
                });
            }
        }
    }
    readings
}

const TRANSPOSED: (&str, bool, bool) =
    ("with R transposed (x @ R in place of x @ R.T)", true, false);
const SWAPPED: (&str, bool, bool) = ("with rotation as [rotations, molecules, 3, 3]", false, true);

/// Squared symmetry error over mean squared size, by the variance over rotations; none where every
/// prediction is zero.
fn error(raw: &Raw<'_>, reading: &Reading) -> Option<f64> {
    let width = raw.blocks * raw.dim;
    let rotations = raw.turns[0].len();
    let (mut spread, mut size) = (0.0, 0.0);
    let step = raw.turns.len().div_ceil(ROWS);
    for row in (0..raw.turns.len()).step_by(step) {
        let mut mean = vec![0.0; width];
        let mut squares = 0.0;
        let weight = |place: usize| raw.weights[row * raw.blocks + place / raw.dim];
        for turn in 0..rotations {
            let rotation = if reading.swapped {
                &raw.turns[turn][row]
            } else {
                &raw.turns[row][turn]
            };
            let first = (row * rotations + turn) * width;
            let given = &raw.values[first..first + width];
            let values = read(given, rotation, reading);
            for (place, value) in values.iter().enumerate() {
                mean[place] += value / rotations as f64;
                squares += weight(place) * value * value / rotations as f64;
            }
        }
        let places = mean.iter().enumerate();
        let of_mean: f64 = places.map(|(place, m)| weight(place) * m * m).sum();
        spread += (squares - of_mean) * rotations as f64 / (rotations as f64 - 1.0);
        size += squares;
    }
    (size > 0.0).then(|| spread.max(0.0) / size)
}

fn read(given: &[f64], rotation: &Rotation, reading: &Reading) -> Vec<f64> {
    let rotation = if reading.transposed {
        rotation.inverse()
    } else {
        *rotation
    };
    if reading.order.is_empty() {
        return reading.kind.back(&rotation, given);
    }
    let mut sorted = vec![0.0; given.len()];
    let size = reading.order.len();
    for (to, from) in sorted.chunks_exact_mut(size).zip(given.chunks_exact(size)) {
        for (entry, &place) in from.iter().zip(&reading.order) {
            to[place] = *entry;
        }
    }
    reading.kind.back(&rotation, &sorted)
}
