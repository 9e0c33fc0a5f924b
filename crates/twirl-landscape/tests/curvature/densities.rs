//! Densities and condition numbers of matrices whose eigenvalues are known.

use std::cell::Cell;

use twirl_core::tolerance::{F64, STANDARD_ERRORS};
use twirl_landscape::{
    CONVERGED, Condition, Density, LandscapeError, Node, Quadratic, Ritz, density, lanczos,
    random_signs,
};

use crate::dense::{product, with_spectrum};

const SEED: u64 = 41;
const STEPS: usize = 20;

/// The density with [`STEPS`] steps, whose weights are shares that sum to 1.
fn looked(matrix: &Quadratic, vectors: usize, seed: u64) -> Density {
    let n = matrix.slope.len();
    let found = density(|v| product(matrix, v), n, STEPS, vectors, seed).expect("a density");
    let nodes = found.nodes();
    let total: f64 = nodes.iter().map(|node| node.weight).sum();
    assert!(
        (total - 1.0).abs() < F64.agreement && nodes.iter().all(|node| node.weight >= 0.0),
        "weights sum to {total}; random seed {seed}"
    );
    found
}

fn kappa(density: &Density) -> f64 {
    Condition::of(density).to_median(0.0)
}

fn exact_kappa(values: &[f64]) -> f64 {
    values[0] / Density::exact(values).trace_median()
}

/// What a density of the first vector alone would be, were every Ritz value that `found` accepts,
/// given the largest, one simple eigenvalue with the weight `1/n`, and the rest scaled to what is
/// left. With nothing accepted this is plain Gauss quadrature.
fn counted_once(matrix: &Quadratic, seed: u64, found: impl Fn(&Ritz, f64) -> bool) -> Density {
    let n = matrix.slope.len();
    let first = random_signs(n, seed, 0);
    let ritz = lanczos(|v| product(matrix, v), &first, STEPS).expect("Ritz values");
    let largest = ritz.iter().map(|ritz| ritz.value.abs()).fold(0.0, f64::max);
    let (once, rest): (Vec<&Ritz>, Vec<&Ritz>) = ritz.iter().partition(|ritz| found(ritz, largest));
    let single = 1.0 / n as f64;
    let others: f64 = rest.iter().map(|ritz| ritz.weight).sum();
    let share = (1.0 - once.len() as f64 * single) / others;
    let node = |value, weight| Node { value, weight };
    let once = once.iter().map(|ritz| node(ritz.value, single));
    let rest = rest
        .iter()
        .map(|ritz| node(ritz.value, ritz.weight * share));
    let nodes: Vec<Node> = once.chain(rest).collect();
    let mean = nodes.iter().map(|node| node.weight * node.value).sum();
    Density {
        dimension: n,
        settled: nodes,
        probes: Vec::new(),
        coarse: Vec::new(),
        ritz,
        mean,
    }
}

/// A residual of 1 % of the largest eigenvalue, and a value of at least that.
fn of_the_largest(ritz: &Ritz, largest: f64) -> bool {
    ritz.residual <= CONVERGED * largest && ritz.value.abs() >= CONVERGED * largest
}

/// Mean and standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (spread / (n * (n - 1.0))).sqrt())
}

/// One, 120 eigenvalues from 0.020 to 0.025, and a null space of 279.
fn cluster() -> Vec<f64> {
    let mut values = vec![1.0];
    values.extend((0..120).map(|k| 0.025 - 0.005 * f64::from(k) / 119.0));
    values.resize(400, 0.0);
    values
}

fn harmonic(n: u32) -> Vec<f64> {
    (1..=n).map(|k| 1.0 / f64::from(k)).collect()
}

/// Five eigenvalues from 60 to 100 over 395 from 0 to 5. They hold 29 % of the trace.
fn isolated() -> Vec<f64> {
    let mut values: Vec<f64> = (0..5).map(|k| 100.0 - 10.0 * f64::from(k)).collect();
    values.extend((0..395).map(|k| 5.0 * (1.0 - f64::from(k) / 395.0)));
    values
}

/// 200 positive and 200 negative eigenvalues, dense towards zero.
fn indefinite() -> Vec<f64> {
    let mut values: Vec<f64> = (1..=200).map(|k| 25.0 * f64::from(k).powf(-1.2)).collect();
    values.extend((1..=200).map(|k| -4.5 / f64::from(k)));
    values
}

/// Logarithms of the found over the exact condition number for eight seeds.
fn errors(values: &[f64], found: impl Fn(&Quadratic, u64) -> Density) -> Vec<f64> {
    let matrix = with_spectrum(values, SEED);
    let exact = exact_kappa(values);
    let seeds = SEED..SEED + 8;
    let error = |seed| (kappa(&found(&matrix, seed)) / exact).ln();
    seeds.map(error).collect()
}

fn furthest(errors: &[f64]) -> f64 {
    errors.iter().map(|error| error.abs()).fold(0.0, f64::max)
}

/// The steps resolve 20 eigenvalues of the 120, and all keep their share.
#[test]
fn a_cluster_keeps_its_share() {
    let error = furthest(&errors(&cluster(), |matrix, seed| looked(matrix, 1, seed)));
    assert!(error < 0.05, "a factor e^{error}; random seed {SEED}");
    // 1 % of the largest is half of the values, and each Ritz value was one eigenvalue.
    let once = errors(&cluster(), |matrix, seed| {
        counted_once(matrix, seed, of_the_largest)
    });
    assert!(once.iter().all(|error| *error < -8f64.ln()), "{once:?}");
}

/// One eigenvalue of multiplicity 120 has the residual zero: no residual tells of the others.
#[test]
fn a_multiple_eigenvalue_keeps_its_share() {
    let mut values = vec![1.0];
    values.resize(121, 0.02);
    values.resize(400, 0.0);
    let error = furthest(&errors(&values, |matrix, seed| looked(matrix, 1, seed)));
    assert!(error < F64.agreement, "a factor e^{error}");
    let once = errors(&values, |matrix, seed| {
        counted_once(matrix, seed, Ritz::settled)
    });
    assert!(once.iter().all(|error| *error < -40f64.ln()), "{once:?}");
    let matrix = with_spectrum(&[3.0; 30], SEED);
    let found = looked(&matrix, 1, SEED);
    for power in 1..=3 {
        let error = found.moment(power) / 3f64.powi(power) - 1.0;
        assert!(error.abs() < F64.agreement, "moment {power}: {error}");
    }
}

/// `lambda_i = 1/i`: no gap, and every size holds the same trace.
#[test]
fn a_spectrum_without_gaps_has_its_condition_number() {
    let values = harmonic(1000);
    // Half of the sum is reached between 1/23 and 1/24.
    assert!((23.0..24.0).contains(&exact_kappa(&values)));
    let (error, deviation) = mean(&errors(&values, |matrix, seed| looked(matrix, 1, seed)));
    assert!(
        error.abs() < STANDARD_ERRORS * deviation && deviation < 0.1,
        "a factor e^{error} +- {deviation}; random seed {SEED}"
    );
    let (once, _) = mean(&errors(&values, |matrix, seed| {
        counted_once(matrix, seed, of_the_largest)
    }));
    assert!(once < -STANDARD_ERRORS * deviation, "a factor e^{once}");
}

/// The settled vectors have no error, so that what is left to chance is the bulk: the error of the
/// trace is that of uniform directions in the `m` dimensions left,
/// `Var <u, A u> = 2 (tr A^2 / m - (tr A / m)^2) / (m + 2)`.
#[test]
fn isolated_eigenvalues_have_no_error_of_chance() {
    let values = isolated();
    let matrix = with_spectrum(&values, SEED);
    let (n, m) = (400.0, 395.0);
    let found: Vec<Density> = (SEED..SEED + 40)
        .map(|seed| looked(&matrix, 1, seed))
        .collect();
    for power in 1..=3 {
        let exact = Density::exact(&values).moment(power);
        let bulk = Density::exact(&values[5..]);
        let variance = 2.0 * (bulk.moment(2 * power) - bulk.moment(power).powi(2)) / (m + 2.0);
        let error = m / n * (variance / found.len() as f64).sqrt();
        let moments: Vec<f64> = found.iter().map(|found| found.moment(power)).collect();
        let (moment, _) = mean(&moments);
        assert!(
            (moment - exact).abs() < STANDARD_ERRORS * error,
            "moment {power}: {moment} and {exact} +- {error}; random seed {SEED}"
        );
    }
    let error = furthest(&errors(&values, |matrix, seed| looked(matrix, 1, seed)));
    assert!(error < 0.06, "a factor e^{error}; random seed {SEED}");
    let once = errors(&values, |matrix, seed| {
        counted_once(matrix, seed, of_the_largest)
    });
    assert!(once.iter().all(|error| *error < -10f64.ln()), "{once:?}");
    // Without deflation five weights of chance move the median.
    let plain = furthest(&errors(&values, |matrix, seed| {
        counted_once(matrix, seed, |_, _| false)
    }));
    assert!(plain > 2.0 * error, "factors e^{plain} and e^{error}");
}

#[test]
fn an_indefinite_matrix_has_its_condition_number_and_trace() {
    let values = indefinite();
    let (error, deviation) = mean(&errors(&values, |matrix, seed| looked(matrix, 1, seed)));
    assert!(
        error.abs() < STANDARD_ERRORS * deviation && deviation < 0.1,
        "a factor e^{error} +- {deviation}; random seed {SEED}"
    );
    let matrix = with_spectrum(&values, SEED);
    let found = looked(&matrix, 1, SEED);
    let smallest = found.ritz.last().expect("values").value;
    assert!((smallest + 4.5).abs() < 1e-6, "{smallest}");
    let nodes = found.nodes();
    let negative = nodes.iter().filter(|node| node.value < 0.0);
    let held: f64 = negative.map(|node| -node.weight * node.value).sum();
    let exact = -values[200..].iter().sum::<f64>() / 400.0;
    assert!(
        (held / exact - 1.0).abs() < 0.3,
        "negative eigenvalues hold {held}, {exact} exactly; random seed {SEED}"
    );
}

/// With few steps nothing but the largest settles, to 1 %: both means are unbiased nevertheless.
#[test]
fn means_are_unbiased_whatever_has_settled() {
    let values = harmonic(60);
    let matrix = with_spectrum(&values, SEED);
    let exact = values.iter().sum::<f64>() / 60.0;
    let found: Vec<Density> = (0..400)
        .map(|which| density(|v| product(&matrix, v), 60, 5, 1, SEED + which).expect("a density"))
        .collect();
    let settled = found.iter().filter(|found| found.ritz[0].settled(1.0));
    let settled = settled.count();
    assert!(settled > 100 && settled < 400, "{settled} of 400");
    let deflated = mean(
        &found
            .iter()
            .map(|found| found.moment(1))
            .collect::<Vec<_>>(),
    );
    let plain = mean(&found.iter().map(|found| found.mean).collect::<Vec<_>>());
    for (found, error) in [deflated, plain] {
        assert!(
            (found - exact).abs() < STANDARD_ERRORS * error,
            "{found} +- {error} and {exact}; random seed {SEED}"
        );
    }
    assert!(deflated.1 < plain.1, "errors {deflated:?} and {plain:?}");
}

/// `<u, (A + B) u> = <u, A u> + <u, B u>`.
#[test]
fn means_of_parts_add_up() {
    let parts = [
        with_spectrum(&isolated(), SEED),
        with_spectrum(&indefinite(), SEED + 1),
    ];
    let whole = Quadratic {
        matrix: parts[0]
            .matrix
            .iter()
            .zip(&parts[1].matrix)
            .map(|(a, b)| a + b)
            .collect(),
        slope: parts[0].slope.clone(),
    };
    for seed in SEED..SEED + 4 {
        let of = |matrix| Condition::of(&looked(matrix, 1, seed)).mean;
        let (sum, whole_mean) = (of(&parts[0]) + of(&parts[1]), of(&whole));
        assert!(
            (whole_mean / sum - 1.0).abs() < F64.agreement,
            "{sum} and {whole_mean}; random seed {seed}"
        );
        let once = |matrix| counted_once(matrix, seed, of_the_largest).mean;
        let apart = once(&whole) / (once(&parts[0]) + once(&parts[1])) - 1.0;
        assert!(apart.abs() > 1e-3, "weights of 1/n are not linear: {apart}");
    }
}

/// `lambda_1 / lambda_k` is given with the error of an eigenvalue within 1 % or not at all.
#[test]
fn ratios_are_those_of_eigenvalues() {
    for values in [harmonic(1000), isolated(), indefinite()] {
        let matrix = with_spectrum(&values, SEED);
        for seed in SEED..SEED + 4 {
            let ratios = Condition::of(&looked(&matrix, 1, seed)).ratios;
            assert!(ratios.len() >= 5, "{ratios:?}; random seed {seed}");
            for (ratio, value) in ratios.iter().zip(&values) {
                let error = ratio * value / values[0] - 1.0;
                assert!(
                    error.abs() <= CONVERGED,
                    "{ratios:?}: {error}; random seed {seed}"
                );
            }
        }
    }
    // In the cluster 1 % of the largest accepts every Ritz value, and zero.
    let values = cluster();
    let matrix = with_spectrum(&values, SEED);
    for seed in SEED..SEED + 8 {
        let found = looked(&matrix, 1, seed);
        let error = |(ratio, value): (f64, &f64)| (ratio * value / values[0] - 1.0).abs();
        let ratios = Condition::of(&found).ratios;
        let worst = ratios.into_iter().zip(&values).map(error);
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 0.03, "{worst}; random seed {seed}");
        let loose = found.ritz.iter().take_while(|ritz| {
            ritz.residual <= CONVERGED * values[0] && ritz.residual < ritz.value
        });
        let loose = loose.map(|ritz| values[0] / ritz.value).zip(&values);
        let loose = loose.map(error).fold(0.0, f64::max);
        assert!(loose > 0.1, "{loose}; random seed {seed}");
    }
    // A null space is found to rounding, and no ratio is rounding.
    let rounding = Ritz {
        value: 1e-16,
        weight: 0.5,
        residual: 1e-24,
    };
    assert!(!rounding.settled(1.0) && rounding.settled(1e-16));
}

#[test]
fn products_are_counted() {
    let matrix = with_spectrum(&harmonic(60), SEED);
    let count = Cell::new(0);
    let apply = |v: &[f64]| {
        count.set(count.get() + 1);
        product(&matrix, v)
    };
    density(apply, 60, 7, 3, SEED).expect("a density");
    assert_eq!(count.get(), 7 * (1 + 3));
    let error = density(apply, 60, 7, 0, SEED).expect_err("refused");
    assert!(matches!(error, LandscapeError::Zero { .. }), "{error}");
    assert_eq!(count.get(), 28, "nothing is computed before");
}
