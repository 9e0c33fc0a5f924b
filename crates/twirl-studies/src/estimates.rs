//! Means over seeds.

use twirl_compare::{Estimate, FEWEST_SEEDS, mean_over_seeds};
use twirl_core::{NORMAL, student};
use twirl_landscape::Quadrature;
use twirl_report::{range, significant};

use crate::holm::{Bound, Test};

/// Geometric mean over seeds, with its interval. Not for values at or below zero.
pub(crate) fn geometric(values: &[f64]) -> Option<Estimate> {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    if values.is_empty() || !values.iter().all(positive) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    Some(exponential(mean_over_seeds(&logs, None)))
}

/// Arithmetic mean over seeds, with its interval.
pub(crate) fn arithmetic(values: &[f64]) -> Option<Estimate> {
    let usable = !values.is_empty() && values.iter().all(|value| value.is_finite());
    usable.then(|| mean_over_seeds(values, None))
}

/// Arithmetic mean over seeds with Student's interval, and a standard error that all seeds have in common
/// beside it, which more seeds do not lower: half-widths add in quadrature.
pub(crate) fn crossed(values: &[f64], common: f64) -> Option<Estimate> {
    let usable = |value: &f64| value.is_finite();
    if values.is_empty() || !values.iter().all(usable) || !common.is_finite() {
        return None;
    }
    let seeds = values.len() as f64;
    let value = values.iter().sum::<f64>() / seeds;
    let interval = (values.len() >= FEWEST_SEEDS).then(|| {
        let squares = values.iter().map(|own| (own - value).powi(2)).sum::<f64>();
        let error = (squares / (seeds - 1.0) / seeds).sqrt();
        let half = (student(seeds - 1.0) * error).hypot(NORMAL * common);
        [value - half, value + half]
    });
    Some(Estimate { value, interval })
}

/// The same figure without its logarithm.
pub(crate) fn exponential(of: Estimate) -> Estimate {
    Estimate {
        value: of.value.exp(),
        interval: of.interval.map(|ends| ends.map(f64::exp)),
    }
}

/// The logarithm of a positive figure whose interval is one of logarithms.
pub(crate) fn logarithm(of: Estimate) -> Estimate {
    Estimate {
        value: of.value.ln(),
        interval: of.interval.map(|ends| ends.map(f64::ln)),
    }
}

/// The interval of a percentage over few molecules, which is skewed to the right so that its upper end lies too
/// low: the half-widths are taken as those of its logarithm, where it is positive.
pub(crate) fn skewed(of: Estimate) -> Estimate {
    if of.value <= 0.0 {
        return of;
    }
    let end = |end: f64| of.value * ((end - of.value) / of.value).exp();
    Estimate {
        interval: of.interval.map(|ends| ends.map(end)),
        ..of
    }
}

/// Standard error of the logarithm of a positive figure, from its 95 % interval.
pub(crate) fn relative_error(value: f64, [low, high]: [f64; 2]) -> f64 {
    (high - low) / (2.0 * NORMAL * value)
}

/// Geometric mean over seeds of figures from quadrature, given as logarithms, with an interval that
/// holds the error of quadrature.
///
/// - By chance: random vectors are drawn anew for every seed, so that what they move is part of the
///   spread between seeds. Where seeds happen to spread less than their vectors say, the latter is
///   taken: the variance of the mean is the larger of both over the number of seeds, with Student's
///   law of the seeds.
/// - From few steps: an error with a sign, which more seeds do not average out. The mean over seeds of
///   its size is added on either side.
///
/// No interval with fewer than 3 seeds, or where a single vector does not tell its error; nothing
/// where a figure is not finite.
pub(crate) fn geometric_of(logarithms: &[Quadrature]) -> Option<Estimate> {
    let count = logarithms.len() as f64;
    let mean = |of: &dyn Fn(&Quadrature) -> f64| logarithms.iter().map(of).sum::<f64>() / count;
    let value = mean(&|one| one.value);
    if !value.is_finite() {
        return None;
    }
    let chances: Option<Vec<f64>> = logarithms.iter().map(Quadrature::chance).collect();
    let chances = chances.filter(|chances| chances.len() >= FEWEST_SEEDS);
    let interval = chances.map(|chances| {
        let between = mean(&|one| (one.value - value).powi(2)) * count / (count - 1.0);
        let within = chances.iter().map(|chance| chance.powi(2)).sum::<f64>() / count;
        let error = (between.max(within) / count).sqrt();
        let half = student(count - 1.0) * error + mean(&Quadrature::steps);
        [value - half, value + half]
    });
    Some(exponential(Estimate { value, interval }))
}

/// An estimate over seeds, held against a bound; nothing without an interval.
pub(crate) fn over_seeds(found: Option<Estimate>, seeds: usize, bound: Bound) -> Option<Test> {
    let Estimate { value, interval } = found?;
    Some(Test {
        value,
        interval: interval?,
        bound,
        freedom: seeds - 1,
    })
}

/// `1.23 (1.1 to 1.4)`.
pub(crate) fn in_words(estimate: Option<Estimate>) -> String {
    let Some(estimate) = estimate else {
        return "-".into();
    };
    let value = significant(estimate.value, 3);
    match estimate.interval {
        Some(_) => format!("{value} ({})", range(estimate.interval, 3)),
        None => format!("{value} (fewer than 3 seeds: no interval)"),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{Purpose, Stream};
    use twirl_landscape::{Density, density};

    use super::*;

    #[test]
    fn geometric_means_have_intervals_from_three_seeds() {
        let two = geometric(&[1.0, 4.0]).expect("positive");
        assert!((two.value - 2.0).abs() < 1e-12 && two.interval.is_none());
        let three = geometric(&[1.0, 2.0, 4.0]).expect("positive");
        let [low, high] = three.interval.expect("three seeds");
        assert!(low < 1.0 && high > 4.0 && (low * high - 4.0).abs() < 0.2);
        assert_eq!(geometric(&[1.0, 0.0, 2.0]), None);
    }

    #[test]
    fn a_common_error_is_beside_the_seeds() {
        let [low, high] = crossed(&[1.0, 2.0, 3.0], 0.0)
            .and_then(|of| of.interval)
            .expect("three seeds");
        // Student's 4.303 times 1 / sqrt(3).
        assert!(
            (high - 2.0 - 4.303 / 3.0_f64.sqrt()).abs() < 1e-3 && (low + high - 4.0).abs() < 1e-9
        );
        // More seeds that agree do not lower what they have in common.
        let many = crossed(&[2.0; 50], 0.5).and_then(|of| of.interval);
        let [low, high] = many.expect("seeds");
        assert!((high - low - NORMAL).abs() < 1e-9);
        assert_eq!(crossed(&[1.0, 2.0], 0.0).expect("a mean").interval, None);
        assert_eq!(crossed(&[1.0, f64::NAN, 2.0], 0.0), None);
        let error = relative_error(2.0, [1.0, 3.0]);
        assert!((error - 0.5 / NORMAL).abs() < 1e-12);
    }

    #[test]
    fn errors_of_quadrature_are_inside_the_interval() {
        let exact = Quadrature::exact(2.0);
        let same = geometric_of(&vec![exact.clone(); 4]).expect("finite");
        assert_eq!(same.interval, Some([2f64.exp(); 2]));
        assert_eq!(
            geometric_of(&[exact.clone(), exact.clone()])
                .expect("finite")
                .interval,
            None
        );
        // Seeds that happen to agree, of two vectors each that do not, and of too few steps.
        let rough = Quadrature {
            without: vec![1.0, 3.0],
            alone: vec![3.0, 1.0],
            coarse: vec![2.5, 2.2, 2.1],
            ..exact.clone()
        };
        let found = geometric_of(&vec![rough.clone(); 4]).expect("finite");
        let [low, high] = found.interval.expect("four seeds").map(f64::ln);
        let half = student(3.0) * 1.0 / 2.0 + 0.5;
        assert!((2.0 - low - half).abs() < 1e-12 && (high - 2.0 - half).abs() < 1e-12);
        let single = Quadrature {
            single: true,
            ..exact
        };
        let found = geometric_of(&vec![single; 4]).expect("finite");
        assert_eq!(found.interval, None);
        assert_eq!(
            geometric_of(&vec![rough.map(f64::ln).map(|_| f64::NAN); 4]),
            None
        );
    }

    /// Seeds that differ, each with four vectors that err by chance and with a common error from few
    /// steps, twice as large after half of them.
    #[test]
    fn intervals_cover_seeds_vectors_and_steps() {
        let (trials, seed) = (1000, 29);
        let covered = |seeds: u64, [spread, chance, bias]: [f64; 3], whole: bool| {
            let holds = |trial: &u64| {
                let mut stream = Stream::new(seed, Purpose::Other(5), [seeds, *trial]);
                let mut normal = || (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
                let mut figure = || {
                    let own = 1.0 + spread * normal() + bias;
                    let alone: Vec<f64> = (0..4).map(|_| own + chance * normal()).collect();
                    let sum: f64 = alone.iter().sum();
                    let figure = Quadrature {
                        value: sum / 4.0,
                        without: alone.iter().map(|one| (sum - one) / 3.0).collect(),
                        alone,
                        // As an error that falls as the inverse of the steps.
                        coarse: [1.0, 1.0 / 2.0, 1.0 / 3.0]
                            .map(|more| sum / 4.0 + more * bias)
                            .into(),
                        single: false,
                    };
                    if whole {
                        figure
                    } else {
                        Quadrature::exact(figure.value)
                    }
                };
                let figures: Vec<Quadrature> = (0..seeds).map(|_| figure()).collect();
                let found = geometric_of(&figures).expect("finite");
                let [low, high] = found.interval.expect("seeds").map(f64::ln);
                (low..=high).contains(&1.0)
            };
            (0..trials).filter(holds).count() as f64 / trials as f64
        };
        for seeds in [3, 5, 10] {
            let by_chance = covered(seeds, [0.3, 0.2, 0.0], true);
            assert!(
                (0.93..0.98).contains(&by_chance),
                "{seeds} seeds: {by_chance}; random seed {seed}"
            );
            let biased = [0.1, 0.2, -0.3];
            let (whole, alone) = (covered(seeds, biased, true), covered(seeds, biased, false));
            assert!(
                whole >= 0.95 && alone < 0.8,
                "{seeds} seeds: {whole}, seeds alone {alone}; random seed {seed}"
            );
        }
    }

    /// Studies of ten seeds on one indefinite matrix, half of whose absolute trace is negative. Twelve
    /// steps from one vector find too high a condition number, and the spread over seeds does not know
    /// it: the interval of the seeds alone is wrong in most studies, and so is one that knows the change since
    /// half of the steps only.
    #[test]
    fn an_interval_over_seeds_covers_what_quadrature_misses() {
        let (studies, seeds) = (20, 10);
        let values: Vec<f64> = (1..=500)
            .flat_map(|k| [30.0, -28.0].map(|size| size * f64::from(k).powf(-0.7)))
            .collect();
        let exact = Density::exact(&values).trace_median();
        let largest = values[0];
        let covered = |steps: usize, vectors: usize, shares: Option<usize>| {
            let holds = |study: usize| {
                let of_seed = |seed: usize| {
                    let apply =
                        |v: &[f64]| Ok(v.iter().zip(&values).map(|(v, value)| v * value).collect());
                    let seed = (study * seeds + seed) as u64;
                    let found = density(apply, values.len(), steps, vectors, seed);
                    let found = found.expect("a density");
                    let first = found.ritz[0].value;
                    found
                        .trace_median_with_errors()
                        .map(|median| (first / median).ln())
                };
                let figures: Vec<Quadrature> = (0..seeds).map(of_seed).collect();
                let known = figures.iter().map(|one| match shares {
                    None => Quadrature::exact(one.value),
                    Some(shares) => Quadrature {
                        coarse: one.coarse[..shares].to_vec(),
                        ..one.clone()
                    },
                });
                let interval = geometric_of(&known.collect::<Vec<_>>());
                let [low, high] = interval.expect("finite").interval.expect("seeds");
                (low..=high).contains(&(largest / exact))
            };
            (0..studies).filter(|study| holds(*study)).count() as f64 / studies as f64
        };
        let (old, half) = (covered(12, 1, None), covered(12, 2, Some(1)));
        let [sketch, full] =
            [(12, 2), (30, 4)].map(|(steps, vectors)| covered(steps, vectors, Some(3)));
        println!("seeds {old}, since half {half}, all shares {sketch}, thirty steps {full}");
        assert!(old < 0.75, "seeds alone cover {old}");
        assert!(
            half < 0.5,
            "the change since half of the steps covers {half}"
        );
        assert!(sketch >= 0.9 && full >= 0.9, "{sketch} and {full}");
    }
}
