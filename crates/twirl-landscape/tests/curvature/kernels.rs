//! Gauss-Newton kernels of linear predictors, whose Hessians are the Gauss-Newton matrices.

use nalgebra::{DMatrix, SymmetricEigen};
use twirl_landscape::{Kernel, random_direction};

const SEED: u64 = 31;
const ROTATIONS: usize = 5;
const OUTPUTS: usize = 3;
const WEIGHTS: usize = 40;

fn rows() -> Vec<Vec<f64>> {
    (0..ROTATIONS * OUTPUTS)
        .map(|row| random_direction(WEIGHTS, SEED, row as u64))
        .collect()
}

fn largest(matrix: DMatrix<f64>, count: usize) -> Vec<f64> {
    let mut values: Vec<f64> = SymmetricEigen::new(matrix)
        .eigenvalues
        .iter()
        .copied()
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(count);
    values
}

/// For `u = J theta`: `1/2 |P u|^2` has Hessian `J^T P J`, and `1/2 |(I - P) u|^2` the rest.
#[test]
fn spectra_are_those_of_the_parts_hessians() {
    let rows = rows();
    let jacobian = DMatrix::from_fn(rows.len(), WEIGHTS, |i, j| rows[i][j]);
    let twirl = DMatrix::from_fn(rows.len(), rows.len(), |i, j| {
        f64::from(u8::from(i % OUTPUTS == j % OUTPUTS)) / ROTATIONS as f64
    });
    let of_mean = jacobian.transpose() * &twirl * &jacobian;
    let of_equiv = jacobian.transpose() * &jacobian - &of_mean;
    let kernel = Kernel::of(&rows, ROTATIONS, OUTPUTS).expect("a kernel");
    let pairs = [
        (kernel.twirled(), largest(of_mean, OUTPUTS)),
        (
            kernel.remaining(),
            largest(of_equiv, (ROTATIONS - 1) * OUTPUTS),
        ),
    ];
    for (found, exact) in pairs {
        assert_eq!(found.len(), exact.len());
        for (found, exact) in found.iter().zip(&exact) {
            assert!(
                (found - exact).abs() < 1e-10,
                "{found} and {exact}; random seed {SEED}"
            );
        }
    }
    let whole: f64 = kernel.spectrum().iter().sum();
    let parts: f64 = kernel.twirled().iter().chain(&kernel.remaining()).sum();
    assert!((whole - parts).abs() < 1e-10, "traces {whole} and {parts}");
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let error = Kernel::of(&rows(), 4, OUTPUTS).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the list of rows has length 15, 12 expected"
    );
    let mut bad = rows();
    bad[3][7] = f64::NAN;
    let error = Kernel::of(&bad, ROTATIONS, OUTPUTS).expect_err("refused");
    assert!(error.to_string().contains("not finite"));
}
