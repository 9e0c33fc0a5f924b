//! A quadratic whose eigenvalues are chosen.

use twirl_core::tolerance;
use twirl_landscape::{
    Condition, Curvature, Density, LandscapeError, Objective, Quadratic, density, lanczos,
    random_direction,
};

use crate::dense::{product, with_spectrum};

const SEED: u64 = 11;

/// Twelve eigenvalues apart from each other, one of them negative, and a null space of 28.
fn values() -> Vec<f64> {
    let mut values: Vec<f64> = (0..11).map(|k| 100.0 / 2f64.powi(k)).collect();
    values.push(-3.0);
    values.resize(40, 0.0);
    values
}

#[test]
fn products_are_those_of_the_matrix() {
    let mut quadratic = with_spectrum(&values(), SEED);
    let at = random_direction(40, SEED, 1);
    let direction: Vec<f64> = random_direction(40, SEED, 2)
        .iter()
        .map(|x| 3.0 * x)
        .collect();
    let exact = Quadratic {
        slope: vec![0.0; 40],
        ..quadratic.clone()
    }
    .gradient(&direction)
    .expect("a product");
    let mut curvature = Curvature::new(&mut quadratic, &at, SEED).expect("resolved");
    let found = curvature.apply(&direction).expect("a product");
    for (found, exact) in found.iter().zip(&exact) {
        assert!(
            (found - exact).abs() < 1e-8,
            "{found} and {exact}; random seed {SEED}"
        );
    }
    let verified = curvature.verification();
    assert!(
        verified.disagreement < 1e-8 && verified.asymmetry < 1e-8,
        "{verified:?}"
    );
}

#[test]
fn lanczos_finds_every_eigenvalue_once() {
    let quadratic = with_spectrum(&values(), SEED);
    let apply = |v: &[f64]| product(&quadratic, v);
    let ritz = lanczos(apply, &random_direction(40, SEED, 3), 40).expect("Ritz values");
    // Twelve values and one zero, whatever its multiplicity.
    let mut expected = values();
    expected.truncate(12);
    expected.push(0.0);
    expected.sort_by(|a, b| b.total_cmp(a));
    assert_eq!(ritz.len(), 13, "{ritz:?}");
    for (ritz, expected) in ritz.iter().zip(&expected) {
        assert!(
            (ritz.value - expected).abs() < 1e-8,
            "{ritz:?} and {expected}"
        );
        assert!(ritz.residual < 1e-6, "{ritz:?}");
    }
    let total: f64 = ritz.iter().map(|ritz| ritz.weight).sum();
    assert!(
        (total - 1.0).abs() < tolerance::F64.agreement,
        "weights sum to {total}"
    );
}

#[test]
fn density_of_a_singular_matrix_is_exact_where_everything_settles() {
    let quadratic = with_spectrum(&values(), SEED);
    let found = density(|v| product(&quadratic, v), 40, 13, 1, SEED).expect("a density");
    // All twelve have settled, and the second vector sees the null space alone.
    assert_eq!(found.nodes().len(), 13, "{found:?}");
    for power in 1..=3 {
        let exact = values().iter().map(|x| x.powi(power)).sum::<f64>() / 40.0;
        assert!(
            (found.moment(power) / exact - 1.0).abs() < tolerance::F64.agreement,
            "moment {power}: {} and {exact}; random seed {SEED}",
            found.moment(power)
        );
    }
    // The middle of the share of the largest eigenvalue lies at 50 in sum |lambda|, that of the second
    // at 125: half is between.
    let half = values().iter().map(|x| x.abs()).sum::<f64>() / 2.0;
    let exact = 100.0 * 0.5f64.powf((half - 50.0) / 75.0);
    assert!(
        (found.trace_median() / exact - 1.0).abs() < 1e-6,
        "{} and {exact}",
        found.trace_median()
    );
    assert!((Density::exact(&values()).trace_median() / exact - 1.0).abs() < 1e-12);
    // Everything has settled: nothing is left to chance or to steps.
    let error = found.trace_median_with_errors();
    assert!(error.steps() < 1e-6 * exact && error.chance().is_none_or(|c| c < 1e-6 * exact));
    let condition = Condition::of(&found);
    for k in 1..=11 {
        let ratio = condition.to_kth(k).expect("converged");
        assert!(
            (ratio / 2f64.powi(k as i32 - 1) - 1.0).abs() < 1e-6,
            "k = {k}: {ratio}"
        );
    }
    assert_eq!(condition.to_kth(0), None);
    let damped = condition.to_median(1e9);
    assert!((damped - 1.0).abs() < 1e-6, "{damped}");
}

/// Far fewer steps than eigenvalues: nothing settles, and the density is that of the random
/// vectors, whose moments are unbiased.
#[test]
fn density_of_a_bulk_has_its_moments() {
    let values: Vec<f64> = (0..60).map(|k| 1.0 + f64::from(k) / 60.0).collect();
    let quadratic = with_spectrum(&values, SEED);
    let vectors = 200;
    let apply = |v: &[f64]| product(&quadratic, v);
    let found = density(apply, 60, 3, vectors, SEED).expect("a density");
    assert_eq!(found.nodes().len(), 3 * vectors, "something has settled");
    for power in 1..=3 {
        let exact = values.iter().map(|x| x.powi(power)).sum::<f64>() / 60.0;
        // Var <u, B u> = 2 (tr B^2 / n - (tr B / n)^2) / (n + 2) for uniform directions u.
        let square = values.iter().map(|x| x.powi(2 * power)).sum::<f64>() / 60.0;
        let error = (2.0 * (square - exact * exact) / (62.0 * vectors as f64)).sqrt();
        assert!(
            (found.moment(power) - exact).abs() < tolerance::STANDARD_ERRORS * error,
            "moment {power}: {} and {exact} +- {error}; random seed {SEED}",
            found.moment(power)
        );
    }
}

/// `|x|`-like: curvature at the kink depends on the step without end.
struct Kink;

impl Objective for Kink {
    fn dimension(&self) -> usize {
        3
    }

    fn gradient(&mut self, at: &[f64]) -> Result<Vec<f64>, LandscapeError> {
        Ok(at.iter().map(|x| x.signum()).collect())
    }
}

#[test]
fn curvature_that_is_not_resolved_is_refused() {
    let error = Curvature::new(&mut Kink, &[0.0; 3], SEED)
        .err()
        .expect("refused");
    assert!(
        matches!(error, LandscapeError::NotResolved { .. }),
        "{error}"
    );
    let error = Curvature::new(&mut Kink, &[1.0; 2], SEED)
        .err()
        .expect("refused");
    assert_eq!(
        error.to_string(),
        "the vector of weights has length 2, 3 expected"
    );
}
