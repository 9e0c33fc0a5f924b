//! Gauss-Newton kernels of linear predictors, whose Hessians are the Gauss-Newton matrices.

use nalgebra::{DMatrix, SymmetricEigen};
use twirl_core::tolerance::STANDARD_ERRORS;
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

/// A model without any symmetry: the outputs at different rotations have nothing in common, and the
/// weights matter as `decay` says.
fn without_symmetry(decay: impl Fn(usize) -> f64, seed: u64) -> Kernel {
    let row = |which| {
        let row = random_direction(600, seed, which as u64)
            .into_iter()
            .enumerate();
        row.map(|(weight, value)| value * decay(weight)).collect()
    };
    let rows: Vec<Vec<f64>> = (0..12 * 12).map(row).collect();
    Kernel::of(&rows, 12, 12).expect("a kernel")
}

/// The largest over the middle one.
fn to_middle(values: &[f64]) -> f64 {
    (values[0] / values[values.len().div_ceil(2) - 1]).ln()
}

/// Mean and standard error over seeds of the logarithm of one part's figure over the other's.
fn over_seeds(of: impl Fn(u64) -> f64) -> [f64; 2] {
    let values: Vec<f64> = (0..20).map(|seed| of(SEED + seed)).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let spread: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    [mean, (spread / (count * (count - 1.0))).sqrt()]
}

/// At equal ranks the two parts of a model without any symmetry are equally conditioned, however the
/// spectrum of its weights falls. Over their own ranks, 12 and 132, they are not.
#[test]
fn without_symmetry_the_parts_are_equally_conditioned_at_equal_ranks() {
    for power in [0.0, 0.5, 1.0] {
        let decay = |weight: usize| ((weight + 1) as f64).powf(-power);
        let [at_equal, error] = over_seeds(|seed| {
            let kernel = without_symmetry(decay, seed);
            let others = kernel.remaining_at_rank_of_twirled(seed);
            assert_eq!((others.len(), others[0].len()), (11, 12));
            let others = others.iter().map(|values| to_middle(values));
            to_middle(&kernel.twirled()) - others.sum::<f64>() / 11.0
        });
        assert!(
            at_equal.abs() < STANDARD_ERRORS * error && at_equal.abs() < 0.25,
            "power {power}: e^{at_equal} +- {error}; random seed {SEED}"
        );
        let [at_own, _] = over_seeds(|seed| {
            let kernel = without_symmetry(decay, seed);
            to_middle(&kernel.twirled()) - to_middle(&kernel.remaining())
        });
        let [to_last, _] = over_seeds(|seed| {
            let kernel = without_symmetry(decay, seed);
            let (mean, equiv) = (kernel.twirled(), kernel.remaining());
            (mean[0] / mean[11] / (equiv[0] / equiv[131])).ln()
        });
        assert!(
            at_own < -0.4 && to_last < -1.0,
            "power {power}: e^{at_own} and e^{to_last}"
        );
    }
}

/// Compressions of one part: their traces add up to its own, and none reaches beyond its largest
/// eigenvalue.
#[test]
fn compressions_of_the_remaining_part_hold_its_trace() {
    let kernel = Kernel::of(&rows(), ROTATIONS, OUTPUTS).expect("a kernel");
    let whole = kernel.remaining();
    let parts = kernel.remaining_at_rank_of_twirled(SEED);
    let trace: f64 = parts.iter().flatten().sum();
    assert!((trace / whole.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(parts.iter().all(|values| values[0] <= whole[0]));
    assert_eq!((parts.len(), parts[0].len()), (ROTATIONS - 1, OUTPUTS));
}
