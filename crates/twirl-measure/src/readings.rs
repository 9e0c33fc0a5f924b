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
    /// Component `k` of a vector is entry `order[k]`.
    order: [usize; 3],
}

/// One line that names a reading under which `L_equiv` collapses, if there is one.
pub(crate) fn better(raw: &Raw<'_>) -> Option<String> {
    let given = Reading {
        words: String::new(),
        kind: raw.kind,
        transposed: false,
        order: [0, 1, 2],
    };
    let now = error(raw, &given)?;
    if now < SMALL {
        return None;
    }
    let readings = readings(raw);
    let tried = readings.iter().filter_map(|r| Some((error(raw, r)?, r)));
    let (best, reading) = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (best < COLLAPSE * now).then(|| {
        format!(
            "read {}, L_equiv / E|f|^2 would be {best:.1e} instead of {now:.1e}: check how inputs \
             were turned and how outputs are given",
            reading.words
        )
    })
}

fn readings(raw: &Raw<'_>) -> Vec<Reading> {
    let kinds: Vec<Kind> = match (raw.kind, raw.dim) {
        (Kind::Untwisted | Kind::Scalar, 3) => vec![raw.kind, Kind::Vector],
        (Kind::Untwisted | Kind::Scalar, 9) => vec![raw.kind, Kind::Tensor],
        (kind, _) if kind.turns() => vec![kind, Kind::Untwisted],
        _ => Vec::new(),
    };
    let mut readings = Vec::new();
    for kind in kinds {
        let named = if kind == raw.kind {
            String::new()
        } else {
            format!(" and kind {kind}")
        };
        let orders: &[[usize; 3]] = if kind == Kind::Vector {
            &[
                [0, 1, 2],
                [1, 2, 0],
                [2, 0, 1],
                [1, 0, 2],
                [0, 2, 1],
                [2, 1, 0],
            ]
        } else {
            &[[0, 1, 2]]
        };
        for &order in orders {
            for transposed in [false, true] {
                let turns = kind.turns();
                let nothing = order == [0, 1, 2] && !transposed && kind == raw.kind;
                if nothing || (transposed && !turns) {
                    continue;
                }
                let how = if transposed {
                    "with R transposed (x @ R in place of x @ R.T)"
                } else {
                    "with R as given"
                };
                let components = if order == [0, 1, 2] {
                    String::new()
                } else {
                    let names = order.map(|k| ["x", "y", "z"][k]).join(", ");
                    format!(" and components in the order {names}")
                };
                readings.push(Reading {
                    words: format!("{how}{named}{components}"),
                    kind,
                    transposed,
                    order,
                });
            }
        }
    }
    readings
}

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
        for (turn, rotation) in raw.turns[row].iter().enumerate() {
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
    if reading.order == [0, 1, 2] {
        return reading.kind.back(&rotation, given);
    }
    let blocks = given.as_chunks::<3>().0.iter();
    let sorted: Vec<f64> = blocks
        .flat_map(|block| {
            let mut sorted = [0.0; 3];
            for (entry, &axis) in block.iter().zip(&reading.order) {
                sorted[axis] = *entry;
            }
            sorted
        })
        .collect();
    reading.kind.back(&rotation, &sorted)
}
