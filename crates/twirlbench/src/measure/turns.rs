//! Rotations of a file: checked, made exactly orthogonal, applied backwards.

use anyhow::{Result, ensure};
use twirl_core::Rotation;
use twirl_data::NumberArray;

/// Largest entry of `R R^T - 1` that is taken as rounding; single precision has about 3e-7.
const ORTHOGONAL: f64 = 1e-4;

/// Largest difference of two matrices that are the same element of a group.
const SAME: f64 = 1e-3;

/// Reads `[molecules, rotations, 3, 3]`, or `[rotations, 3, 3]` for all molecules.
pub(super) fn read(
    array: &NumberArray,
    molecules: usize,
    rotations: usize,
) -> Result<Vec<Vec<Rotation>>> {
    let shared = array.shape == [rotations, 3, 3];
    ensure!(
        shared || array.shape == [molecules, rotations, 3, 3],
        "rotation has shape {:?}, but prediction asks for [{molecules}, {rotations}, 3, 3] or \
         [{rotations}, 3, 3]",
        array.shape
    );
    let mut turns = Vec::with_capacity(molecules);
    for (row, matrices) in array.values.chunks_exact(9 * rotations).enumerate() {
        let mut turn = Vec::with_capacity(rotations);
        for (place, entries) in matrices.as_chunks::<9>().0.iter().enumerate() {
            let at = || format!("rotation {place} of molecule {row}");
            ensure!(
                entries.iter().all(|entry| entry.is_finite()),
                "{} holds {entries:?}; give finite numbers",
                at()
            );
            let matrix = [0, 1, 2].map(|i| [0, 1, 2].map(|j| entries[3 * i + j]));
            let off = departure(&matrix);
            ensure!(
                off <= ORTHOGONAL,
                "{} is not orthogonal (R R^T differs from 1 by {off:.1e}); give 3 x 3 matrices that \
                 act on column vectors",
                at()
            );
            turn.push(Rotation::from_matrix(polished(polished(matrix)))?);
        }
        turns.push(turn);
    }
    if shared {
        turns = vec![turns.swap_remove(0); molecules];
    }
    Ok(turns)
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

/// Turns vectors `[molecules][rotations][blocks][3]` back.
pub(super) fn untwist(values: &[f64], turns: &[Vec<Rotation>], blocks: usize) -> Vec<f64> {
    let inverses = turns.iter().flatten().map(Rotation::inverse);
    inverses
        .zip(values.chunks_exact(3 * blocks))
        .flat_map(|(inverse, row)| {
            let turned = row.as_chunks::<3>().0.iter().map(|v| inverse.apply(*v));
            turned.collect::<Vec<_>>()
        })
        .flatten()
        .collect()
}

fn same(a: &Rotation, b: &Rotation) -> bool {
    let (a, b) = (a.matrix(), b.matrix());
    let differences = a.iter().flatten().zip(b.iter().flatten());
    differences.fold(0.0_f64, |most, (x, y)| most.max((x - y).abs())) < SAME
}

/// Refuses rotations that are said to be a group and are not: `g_i^-1 g_j` must be among
/// `g_1^-1 g_k`, and no two may be equal. (All may share a turn from the right or the left.)
pub(super) fn closed(turns: &[Vec<Rotation>]) -> Result<()> {
    let mut checked: Option<&Vec<Rotation>> = None;
    for (row, turn) in turns.iter().enumerate() {
        let known = |other: &Vec<Rotation>| other.iter().zip(turn).all(|(a, b)| same(a, b));
        if checked.is_some_and(known) {
            continue;
        }
        let from = |start: &Rotation| -> Vec<Rotation> {
            let inverse = start.inverse();
            turn.iter()
                .map(|element| inverse.compose(element))
                .collect()
        };
        let first = from(&turn[0]);
        for (place, element) in first.iter().enumerate() {
            ensure!(
                !first[..place].iter().any(|other| same(other, element)),
                "rotation {place} of molecule {row} occurs twice; a group holds each once"
            );
        }
        let inside = |start| {
            let moved = from(start);
            moved
                .iter()
                .all(|element| first.iter().any(|other| same(other, element)))
        };
        ensure!(
            turn.iter().all(inside),
            "the rotations of molecule {row} are no group; give all of its elements, or design iid \
             if they were drawn independently"
        );
        checked = Some(turn);
    }
    Ok(())
}

/// What makes rotations look unlike independent Haar draws, if anything: the mean trace, which is
/// 0 with variance 1 for proper rotations; the mean square of each entry, which is 1/3 with variance
/// 1/5 - 1/9; and rotations that occur twice.
pub(super) fn doubt(turns: &[Vec<Rotation>]) -> Option<String> {
    let row = &turns[0];
    for (place, turn) in row.iter().enumerate() {
        if row[..place].iter().any(|other| same(other, turn)) {
            return Some(format!(
                "rotation {place} of molecule 0 occurs twice; independent draws do not repeat, and \
                 L_equiv is too low if these do"
            ));
        }
    }
    let shared = turns.len() > 1 && turns[0].iter().zip(&turns[1]).all(|(a, b)| same(a, b));
    let drawn: Vec<&Rotation> = if shared {
        turns[0].iter().collect()
    } else {
        turns.iter().flatten().collect()
    };
    let proper = |rotation: &&Rotation| if rotation.is_proper() { 1.0 } else { -1.0 };
    let mean = drawn.iter().map(|r| proper(r) * r.trace()).sum::<f64>() / drawn.len() as f64;
    let z = mean * (drawn.len() as f64).sqrt();
    let count = drawn.len();
    let doubt = |what: &str, mean: f64, uniform: &str, z: f64| {
        format!(
            "the mean {what} of {count} rotations is {mean:.3}, {:.0} standard deviations from that \
             of uniform (Haar) rotations, {uniform}; the figures are of the rotations given",
            z.abs()
        )
    };
    if z.abs() > 5.0 {
        return Some(doubt("trace", mean, "0", z));
    }
    let deviation = (4.0 / 45.0 / count as f64).sqrt();
    for row in 0..3 {
        for column in 0..3 {
            let square = |rotation: &&Rotation| rotation.matrix()[row][column].powi(2);
            let mean = drawn.iter().map(square).sum::<f64>() / count as f64;
            let z = (mean - 1.0 / 3.0) / deviation;
            if z.abs() > 5.0 {
                let what = format!("square of entry ({row}, {column})");
                return Some(doubt(&what, mean, "1/3", z));
            }
        }
    }
    None
}
