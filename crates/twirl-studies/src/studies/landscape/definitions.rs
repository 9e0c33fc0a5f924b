//! What "better conditioned" can mean: every definition, over seeds, and what its interval excludes.

use twirl_compare::Estimate;
use twirl_harness::Part;
use twirl_landscape::{Density, Quadrature};

use super::checkpoint::{Checkpoint, PartCurvature, Weights};
use crate::estimates::geometric_of;
use crate::setup::ArmSetup;

/// Largest k of `lambda_1 / lambda_k` of a Hessian.
const KTH: usize = 5;

/// Eigenvalues of kernels that count, as a share of the largest: others are rounding.
const ROUNDING: f64 = 1e-9;

/// Damping, as a share of the larger `lambda_1` of both parts.
const DAMPING: f64 = 1e-3;

/// Ratios that were published or are near: what a definition excludes is said of these.
const PUBLISHED: [u32; 2] = [1000, 10];

/// A seed and its checkpoints.
pub(super) type Seed = (u64, Vec<Checkpoint>);

/// An arm with the checkpoints of each seed.
pub(super) type Arm = (ArmSetup, Vec<Seed>);

/// A way to say how much better `L_equiv` is conditioned than `L_mean`: its name, and the logarithm of
/// the figure of `L_mean` over that of `L_equiv`.
pub(super) type Definition = (&'static str, fn(&Checkpoint) -> Option<Quadrature>);

/// All definitions; the first is that of the verdict.
pub(super) const DEFINITIONS: [Definition; 14] = [
    (
        "Gauss-Newton at equal ranks: lambda_1 / lambda at half of the rank",
        |at| at_equal_ranks(at, |values| at_quantile(values, 0.5)),
    ),
    (
        "Gauss-Newton at equal ranks: lambda_1 / lambda at a quarter of the rank",
        |at| at_equal_ranks(at, |values| at_quantile(values, 0.25)),
    ),
    (
        "Gauss-Newton at equal ranks: lambda_1 / lambda at three quarters of the rank",
        |at| at_equal_ranks(at, |values| at_quantile(values, 0.75)),
    ),
    (
        "Gauss-Newton at equal ranks: lambda_1 / trace median",
        |at| at_equal_ranks(at, to_trace_median),
    ),
    ("Gauss-Newton at equal ranks: lambda_1 itself", |at| {
        at_equal_ranks(at, first)
    }),
    (
        "Gauss-Newton at unequal ranks: lambda_1 / lambda at half of the own rank",
        |at| at_own_ranks(at, |values| at_quantile(values, 0.5)),
    ),
    (
        "Gauss-Newton at unequal ranks: lambda_1 / trace median",
        |at| at_own_ranks(at, to_trace_median),
    ),
    (
        "Gauss-Newton at unequal ranks: lambda_1 / last above rounding",
        |at| at_own_ranks(at, |values| at_quantile(values, 1.0)),
    ),
    ("Hessian: lambda_1 / trace median", |at| {
        medians(at, [Weights::All; 2], 0.0)
    }),
    ("Hessian, damped: lambda_1 / trace median", |at| {
        medians(at, [Weights::All; 2], DAMPING)
    }),
    ("Hessian: lambda_1 / lambda_5", |at| {
        let fifth = |of: &PartCurvature| of.ratios.get(KTH - 1).copied();
        hessians(at, [Weights::All; 2], fifth)
    }),
    ("Hessian: lambda_1 itself", |at| {
        hessians(at, [Weights::All; 2], settled_first)
    }),
    (
        "Hessian of L_mean on theta_e, of L_equiv on theta_n: lambda_1 / trace median",
        |at| medians(at, RESTRICTED, 0.0),
    ),
    (
        "Hessian of L_mean on theta_e, of L_equiv on theta_n: lambda_1 itself",
        |at| hessians(at, RESTRICTED, settled_first),
    ),
];

/// Weights of `L_mean` and of `L_equiv`.
const RESTRICTED: [Weights; 2] = [Weights::Equivariant, Weights::Remaining];

/// The figures of a definition over seeds, with the error of quadrature inside the interval; nothing
/// where a seed has none.
pub(super) fn ratio(seeds: &[Seed], checkpoint: usize, (_, of): &Definition) -> Option<Estimate> {
    let of_seed = |(_, checkpoints): &Seed| of(&checkpoints[checkpoint]);
    let all: Option<Vec<Quadrature>> = seeds.iter().map(of_seed).collect();
    geometric_of(&all?)
}

/// The last checkpoint that all seeds have.
pub(super) fn last_common(seeds: &[Seed]) -> Option<usize> {
    let counts = seeds.iter().map(|(_, checkpoints)| checkpoints.len());
    counts.min()?.checked_sub(1)
}

/// What an interval excludes of the published ratio and of a hundredth of it, in a sentence.
pub(super) fn excluded(found: Option<Estimate>) -> String {
    let Some([low, high]) = found.and_then(|found| found.interval) else {
        return "without an interval nothing is excluded".into();
    };
    let side = |factor: u32| {
        let value = f64::from(factor);
        if high < value {
            format!("{factor} times is excluded (it is less)")
        } else if low > value {
            format!("{factor} times is excluded (it is more)")
        } else {
            format!("{factor} times is not excluded")
        }
    };
    PUBLISHED.map(side).join(", ")
}

fn at_equal_ranks(at: &Checkpoint, figure: fn(&[f64]) -> Option<f64>) -> Option<Quadrature> {
    let logarithms = at
        .compressed
        .iter()
        .map(|values| Some(figure(values)?.ln()));
    let logarithms: Vec<f64> = logarithms.collect::<Option<_>>()?;
    let equiv = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    finite(figure(&at.twirled)?.ln() - equiv)
}

fn at_own_ranks(at: &Checkpoint, figure: fn(&[f64]) -> Option<f64>) -> Option<Quadrature> {
    finite((figure(&at.twirled)? / figure(&at.remaining)?).ln())
}

fn hessians(
    at: &Checkpoint,
    [of_mean, of_equiv]: [Weights; 2],
    figure: fn(&PartCurvature) -> Option<f64>,
) -> Option<Quadrature> {
    let mean = figure(at.hessian(Part::Mean, of_mean)?)?;
    finite((mean / figure(at.hessian(Part::Equiv, of_equiv)?)?).ln())
}

fn medians(at: &Checkpoint, [of_mean, of_equiv]: [Weights; 2], damping: f64) -> Option<Quadrature> {
    let mean = at.hessian(Part::Mean, of_mean)?;
    let equiv = at.hessian(Part::Equiv, of_equiv)?;
    let damping = damping * mean.largest().max(equiv.largest());
    let [mean, equiv] = [mean, equiv].map(|of| of.to_median(damping));
    let found = mean.with(&equiv, |mean, equiv| (mean / equiv).ln());
    found.value.is_finite().then_some(found)
}

fn finite(value: f64) -> Option<Quadrature> {
    value.is_finite().then(|| Quadrature::exact(value))
}

/// `lambda_1` of a Hessian, if its residual says that it is one.
fn settled_first(of: &PartCurvature) -> Option<f64> {
    of.ratios.first().map(|_| of.largest())
}

fn first(values: &[f64]) -> Option<f64> {
    values.first().copied().filter(|largest| *largest > 0.0)
}

/// `lambda_1 / lambda_k` of eigenvalues above rounding, for k = 1, 2, ...
pub(super) fn kernel_ratios(values: &[f64]) -> Vec<f64> {
    let largest = values.first().copied().unwrap_or(0.0);
    let above = values.iter();
    let above = above.take_while(|value| **value > ROUNDING * largest);
    above.map(|value| largest / value).collect()
}

/// `lambda_1 / lambda_k`, where k is a share of the number of eigenvalues above rounding.
fn at_quantile(values: &[f64], share: f64) -> Option<f64> {
    let ratios = kernel_ratios(values);
    let place = (share * ratios.len() as f64).ceil() as usize;
    ratios.get(place.checked_sub(1)?).copied()
}

/// `lambda_1` over the trace-weighted median of eigenvalues that are all known.
fn to_trace_median(values: &[f64]) -> Option<f64> {
    Some(first(values)? / Density::exact(values).trace_median())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_what_an_interval_excludes() {
        let of = |interval| {
            let value = 1.0;
            excluded(Some(Estimate { value, interval }))
        };
        assert_eq!(
            of(Some([0.6, 2.9])),
            "1000 times is excluded (it is less), 10 times is excluded (it is less)"
        );
        assert_eq!(
            of(Some([0.7, 44.0])),
            "1000 times is excluded (it is less), 10 times is not excluded"
        );
        assert_eq!(
            of(Some([12.0, 1500.0])),
            "1000 times is not excluded, 10 times is excluded (it is more)"
        );
        assert_eq!(of(None), "without an interval nothing is excluded");
        assert_eq!(excluded(None), of(None));
    }

    #[test]
    fn quantiles_are_those_of_the_rank_above_rounding() {
        let values = [8.0, 4.0, 2.0, 1.0, 1e-12, -1e-13];
        assert_eq!(at_quantile(&values, 0.5), Some(2.0));
        assert_eq!(at_quantile(&values, 0.25), Some(1.0));
        assert_eq!(at_quantile(&values, 1.0), Some(8.0));
        assert_eq!(at_quantile(&[], 0.5), None);
        assert_eq!(at_quantile(&[0.0, 0.0], 0.5), None);
    }
}
