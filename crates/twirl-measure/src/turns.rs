//! Rotations of a file: checked and made exactly orthogonal.

use twirl_core::Rotation;

use crate::array::Array;
use crate::error::MeasureError;

/// Largest entry of `R R^T - 1` that is taken as rounding; single precision has about 3e-7.
const ORTHOGONAL: f64 = 1e-4;

/// Largest difference of two matrices that are the same element of a group.
const SAME: f64 = 1e-3;

fn refuse(what: String, remedy: &str) -> MeasureError {
    let remedy = remedy.to_owned();
    MeasureError::Rotations { what, remedy }
}

/// Reads `[molecules, rotations, 3, 3]`, or `[rotations, 3, 3]` for all molecules.
pub(crate) fn read(
    array: &Array<'_>,
    molecules: usize,
    rotations: usize,
) -> Result<Vec<Vec<Rotation>>, MeasureError> {
    let shared = array.shape == [rotations, 3, 3];
    if !shared && array.shape != [molecules, rotations, 3, 3] {
        return Err(MeasureError::Shape {
            name: "rotation".into(),
            found: array.shape.to_vec(),
            rule: format!(
                ", but prediction asks for [{molecules}, {rotations}, 3, 3] or [{rotations}, 3, 3]"
            ),
        });
    }
    let values = array.finite("rotation")?;
    let mut turns = Vec::with_capacity(molecules);
    for (row, matrices) in values.chunks_exact(9 * rotations).enumerate() {
        let matrices = matrices.as_chunks::<9>().0.iter().enumerate();
        let turn = matrices.map(|(place, entries)| {
            let matrix = [0, 1, 2].map(|i| [0, 1, 2].map(|j| entries[3 * i + j]));
            let off = departure(&matrix);
            if off > ORTHOGONAL {
                return Err(refuse(
                    format!(
                        "rotation {place} of molecule {row} is not orthogonal (R R^T differs from 1 \
                         by {off:.1e})"
                    ),
                    "give 3 x 3 matrices that act on column vectors",
                ));
            }
            Ok(Rotation::from_matrix(polished(polished(matrix)))?)
        });
        turns.push(turn.collect::<Result<Vec<_>, _>>()?);
    }
    if shared {
        turns = vec![turns.swap_remove(0); molecules];
    }
    Ok(turns)
}

/// Reads `[molecules, rotations]` or `[rotations]`: one row, or one of every molecule.
pub(crate) fn weights(
    array: &Array<'_>,
    molecules: usize,
    rotations: usize,
) -> Result<Vec<Vec<f64>>, MeasureError> {
    if array.shape != [rotations] && array.shape != [molecules, rotations] {
        return Err(MeasureError::Shape {
            name: "rotation_weight".into(),
            found: array.shape.to_vec(),
            rule: format!(", but prediction asks for [{molecules}, {rotations}] or [{rotations}]"),
        });
    }
    let values = array.finite("rotation_weight")?;
    Ok(values
        .chunks_exact(rotations)
        .map(<[f64]>::to_vec)
        .collect())
}

fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let entry = |i: usize, j: usize| (0..3).map(|k| a[i][k] * b[k][j]).sum();
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| entry(i, j)))
}

fn transposed(a: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| a[j][i]))
}

/// Largest entry of `R R^T - 1`.
fn departure(matrix: &[[f64; 3]; 3]) -> f64 {
    let square = product(matrix, &transposed(matrix));
    let entries = (0..9).map(|at| (square[at / 3][at % 3] - f64::from(at % 4 == 0)).abs());
    entries.fold(0.0, f64::max)
}

/// One Newton step `R (3 - R^T R) / 2` towards the nearest orthogonal matrix: it squares the
/// distance.
fn polished(matrix: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let mut step = product(&transposed(&matrix), &matrix);
    for (i, row) in step.iter_mut().enumerate() {
        for (j, entry) in row.iter_mut().enumerate() {
            *entry = (if i == j { 3.0 } else { 0.0 } - *entry) / 2.0;
        }
    }
    product(&matrix, &step)
}

fn same(a: &Rotation, b: &Rotation) -> bool {
    a.distance(b) < SAME
}

/// The first place that repeats an earlier rotation.
fn repeat(rotations: &[Rotation]) -> Option<usize> {
    let before = |place: &usize| {
        let earlier = rotations[..*place].iter();
        earlier.clone().any(|other| same(other, &rotations[*place]))
    };
    (0..rotations.len()).find(before)
}

/// Refuses rotations that occur twice where each should occur once.
pub(crate) fn distinct(turns: &[Vec<Rotation>], size: usize) -> Result<(), MeasureError> {
    for (row, turn) in turns.iter().enumerate() {
        if row > 0 && turn == &turns[0] {
            continue;
        }
        for (part, rotations) in turn.chunks(size).enumerate() {
            if let Some(place) = repeat(rotations) {
                let place = part * size + place;
                return Err(refuse(
                    format!("rotation {place} of molecule {row} occurs twice"),
                    "a group holds each once",
                ));
            }
        }
    }
    Ok(())
}

/// Refuses rotations that are said to be a group, `size` at a time, and are not: `g_i^-1 g_j` must be
/// among `g_1^-1 g_k`, and no two may be equal. (All may share a turn from the right or the left.)
pub(crate) fn closed(turns: &[Vec<Rotation>], size: usize) -> Result<(), MeasureError> {
    distinct(turns, size)?;
    let mut checked: Option<&Vec<Rotation>> = None;
    for (row, turn) in turns.iter().enumerate() {
        let known = |other: &Vec<Rotation>| other.iter().zip(turn).all(|(a, b)| same(a, b));
        if checked.is_some_and(known) {
            continue;
        }
        for rotations in turn.chunks(size) {
            let from = |start: &Rotation| -> Vec<Rotation> {
                let inverse = start.inverse();
                let elements = rotations.iter();
                elements.map(|element| inverse.compose(element)).collect()
            };
            let first = from(&rotations[0]);
            let inside = |start| {
                let moved = from(start);
                let found = |element| first.iter().any(|other| same(other, element));
                moved.iter().all(found)
            };
            if !rotations.iter().all(inside) {
                return Err(refuse(
                    format!("the rotations of molecule {row} are no group"),
                    "give all of its elements, or design iid if they were drawn independently",
                ));
            }
        }
        checked = Some(turn);
    }
    Ok(())
}

/// The first row and place of a rotation that occurs twice in its row.
pub(crate) fn repeated(turns: &[Vec<Rotation>]) -> Option<(usize, usize)> {
    let mut rows = turns.iter().enumerate();
    rows.find_map(|(row, turn)| {
        if row > 0 && turn == &turns[0] {
            return None;
        }
        repeat(turn).map(|place| (row, place))
    })
}

/// What makes rotations look unlike Haar draws, if anything: the mean trace, which is 0 with
/// variance 1 for proper rotations, and the mean square of each entry, which is 1/3 with variance
/// 1/5 - 1/9. Every different rotation counts once.
pub(crate) fn unlike_haar(turns: &[Vec<Rotation>]) -> Option<String> {
    let shared = turns.iter().all(|turn| turn == &turns[0]);
    let rows = if shared { &turns[..1] } else { turns };
    let drawn: Vec<&Rotation> = rows.iter().flatten().collect();
    let count = drawn.len();
    let mean = |of: &dyn Fn(&Rotation) -> f64| {
        drawn.iter().map(|rotation| of(rotation)).sum::<f64>() / count as f64
    };
    let doubt = |what: &str, mean: f64, uniform: &str, z: f64| {
        format!(
            "the mean {what} of {count} rotations is {mean:.3}, {:.0} standard deviations from that \
             of uniform (Haar) rotations, {uniform}; the figures are of the rotations given",
            z.abs()
        )
    };
    let trace = mean(&|rotation| {
        let sign = if rotation.is_proper() { 1.0 } else { -1.0 };
        sign * rotation.trace()
    });
    let z = trace * (count as f64).sqrt();
    if z.abs() > 5.0 {
        return Some(doubt("trace", trace, "0", z));
    }
    let deviation = (4.0 / 45.0 / count as f64).sqrt();
    (0..9).find_map(|at| {
        let (row, column) = (at / 3, at % 3);
        let square = mean(&|rotation| rotation.matrix()[row][column].powi(2));
        let z = (square - 1.0 / 3.0) / deviation;
        let what = format!("square of entry ({row}, {column})");
        (z.abs() > 5.0).then(|| doubt(&what, square, "1/3", z))
    })
}
