//! Operators restricted to a subspace.

use nalgebra::{DMatrix, SymmetricEigen};
use twirl_landscape::{Condition, LandscapeError, Subspace, density_within, dot, random_direction};

use crate::dense::{product, with_spectrum};

const SEED: u64 = 61;
const WEIGHTS: usize = 60;

/// Orthonormal vectors that span a random subspace.
fn basis(dimension: usize) -> DMatrix<f64> {
    let columns: Vec<f64> = (0..dimension as u64)
        .flat_map(|which| random_direction(WEIGHTS, SEED, 300 + which))
        .collect();
    DMatrix::from_vec(WEIGHTS, dimension, columns).qr().q()
}

#[test]
fn the_spectrum_is_that_of_the_compression() {
    let values: Vec<f64> = (1..=60).map(|k| 10.0 / f64::from(k) - 0.5).collect();
    let matrix = with_spectrum(&values, SEED);
    let dimension = 9;
    let basis = basis(dimension);
    let dense = DMatrix::from_row_slice(WEIGHTS, WEIGHTS, &matrix.matrix);
    let mut exact: Vec<f64> = SymmetricEigen::new(basis.transpose() * dense * &basis)
        .eigenvalues
        .iter()
        .copied()
        .collect();
    exact.sort_by(|a, b| b.total_cmp(a));
    let project = |v: &[f64]| {
        let mut part = vec![0.0; WEIGHTS];
        for column in basis.column_iter() {
            let along = dot(column.as_slice(), v);
            for (part, entry) in part.iter_mut().zip(column.iter()) {
                *part += along * entry;
            }
        }
        part
    };
    let space = Subspace::of(WEIGHTS, dimension, project);
    let apply = |v: &[f64]| product(&matrix, v);
    let found = density_within(apply, &space, 20, 2, SEED).expect("a density");
    assert_eq!(found.ritz.len(), dimension);
    for (found, exact) in found.ritz.iter().zip(&exact) {
        assert!(
            (found.value - exact).abs() < 1e-9,
            "{} and {exact}; random seed {SEED}",
            found.value
        );
    }
    let ratio = Condition::of(&found).to_kth(2).expect("settled");
    assert!((ratio * exact[1] / exact[0] - 1.0).abs() < 1e-9);
    // Unbiased for the trace of the compression, over its dimension.
    let mean = |seed| {
        let found = density_within(apply, &space, 1, 1, seed);
        found.expect("a density").mean
    };
    let means: Vec<f64> = (0..400).map(mean).collect();
    let (count, trace) = (
        means.len() as f64,
        exact.iter().sum::<f64>() / dimension as f64,
    );
    let average = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|x| (x - average).powi(2)).sum::<f64>() / (count - 1.0);
    let error = (variance / count).sqrt();
    assert!(
        (average - trace).abs() < 4.0 * error,
        "{average} +- {error}, {trace}"
    );
}

#[test]
fn a_subspace_without_a_dimension_is_refused() {
    let space = Subspace::of(3, 0, |_| vec![0.0; 3]);
    let found = density_within(|v| Ok(v.to_vec()), &space, 3, 1, SEED);
    assert!(matches!(found, Err(LandscapeError::Zero { .. })));
}
