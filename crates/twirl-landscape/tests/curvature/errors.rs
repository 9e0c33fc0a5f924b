//! Errors of quadrature against spectra that are known.

use twirl_landscape::{Density, LandscapeError, Quadrature, density};

const SEED: u64 = 53;
const TRIALS: u64 = 200;

/// The trace median of a diagonal matrix. Vectors are uniform over directions, so that its axes are
/// as good as any.
fn median(values: &[f64], steps: usize, vectors: usize, seed: u64) -> Quadrature {
    let apply = |v: &[f64]| -> Result<Vec<f64>, LandscapeError> {
        Ok(v.iter().zip(values).map(|(v, value)| v * value).collect())
    };
    let found = density(apply, values.len(), steps, vectors, seed).expect("a density");
    found.trace_median_with_errors().map(f64::ln)
}

/// Share of trials whose interval holds the exact logarithm.
fn coverage(
    values: &[f64],
    (steps, vectors): (usize, usize),
    interval: impl Fn(&Quadrature) -> [f64; 2],
) -> f64 {
    let exact = Density::exact(values).trace_median().ln();
    let holds = |trial: &u64| {
        let [low, high] = interval(&median(values, steps, vectors, SEED + trial));
        (low..=high).contains(&exact)
    };
    (0..TRIALS).filter(holds).count() as f64 / TRIALS as f64
}

/// A definite spectrum; one with half of its absolute trace below zero; one with isolated values of
/// both signs above a bulk.
fn spectra() -> [Vec<f64>; 3] {
    let falling =
        |first: f64, power: f64| (1..=200).map(move |k| first * f64::from(k).powf(-power));
    let definite = (1..=400).map(|k| 1.0 / f64::from(k)).collect();
    let half: Vec<f64> = falling(30.0, 0.7).chain(falling(-28.0, 0.7)).collect();
    let isolated = falling(25.0, 1.2).chain(falling(-4.5, 1.0)).collect();
    let negative = half.iter().filter(|value| **value < 0.0).sum::<f64>();
    let trace: f64 = half.iter().map(|value| value.abs()).sum();
    assert!((0.45..0.5).contains(&(-negative / trace)));
    [definite, half, isolated]
}

#[test]
fn stated_intervals_hold_the_truth() {
    for (which, values) in spectra().iter().enumerate() {
        for settings in [(12, 4), (30, 4)] {
            let stated = |found: &Quadrature| found.interval().expect("several vectors");
            let found = coverage(values, settings, stated);
            assert!(
                found >= 0.92,
                "spectrum {which}, steps and vectors {settings:?}: {found}; random seed {SEED}"
            );
        }
    }
}

/// 1,000 eigenvalues that fall slowly: definite, and with half of the absolute trace below zero.
fn slow() -> [Vec<f64>; 2] {
    let falling =
        |first: f64, power: f64| (1..=500).map(move |k| first * f64::from(k).powf(-power));
    let definite = (1..=1000).map(|k| f64::from(k).powf(-0.7)).collect();
    let half = falling(30.0, 0.7).chain(falling(-28.0, 0.7)).collect();
    [definite, half]
}

/// Twelve steps on spectra that fall slowly. Where half of the absolute trace is negative the median goes up and down
/// with the nodes: after twelve steps it happens to be near to what it was after six, and far from the truth.
#[test]
fn the_largest_change_covers_what_that_since_half_of_the_steps_misses() {
    let since_half = |found: &Quadrature| Quadrature {
        coarse: found.coarse[..1].to_vec(),
        ..found.clone()
    };
    let steps = |found: &Quadrature| {
        let steps = found.steps();
        [found.value - steps, found.value + steps]
    };
    let [definite, half] = slow();
    for (name, values, missed) in [("definite", definite, false), ("half negative", half, true)] {
        let stated = |found: &Quadrature| found.interval().expect("several vectors");
        let largest = coverage(&values, (12, 4), stated);
        let one = coverage(&values, (12, 4), |found| stated(&since_half(found)));
        let alone = coverage(&values, (12, 4), steps);
        let one_alone = coverage(&values, (12, 4), |found| steps(&since_half(found)));
        let text = format!(
            "{name}: intervals hold {largest}, {one} with the change since half; the changes alone {alone} and \
             {one_alone}; random seed {SEED}"
        );
        println!("{text}");
        assert!(largest >= 0.95 && largest >= one, "{text}");
        assert!(
            !missed || (one < 0.85 && one_alone < 0.3 && alone > 0.9),
            "{text}"
        );
    }
}

/// One vector tells no error of chance, and the change with the steps alone is no interval.
#[test]
fn a_single_vector_does_not_tell_its_error() {
    let [definite, ..] = spectra();
    let found = median(&definite, 12, 1, SEED);
    assert_eq!((found.chance(), found.interval()), (None, None));
    let of_steps = |found: &Quadrature| {
        let steps = found.steps();
        [found.value - steps, found.value + steps]
    };
    let covered = coverage(&definite, (12, 1), of_steps);
    assert!(covered < 0.7, "{covered}; random seed {SEED}");
}

/// More steps and more vectors leave less open.
#[test]
fn errors_fall_with_steps_and_vectors() {
    let [_, half, _] = spectra();
    let mean = |settings: (usize, usize), of: fn(&Quadrature) -> f64| {
        let (steps, vectors) = settings;
        let found = (0..20).map(|trial| of(&median(&half, steps, vectors, SEED + trial)));
        found.sum::<f64>() / 20.0
    };
    let chance = |found: &Quadrature| found.chance().expect("several vectors");
    assert!(mean((30, 4), Quadrature::steps) < 0.5 * mean((12, 4), Quadrature::steps));
    assert!(mean((30, 8), chance) < mean((30, 2), chance));
}
