//! Intervals held against levels, and Holm's procedure over all that one study holds so.
//!
//! Among several 95 % intervals of true values at the level one excludes it more often than one time in
//! twenty. Holm (Scandinavian Journal of Statistics 6, 65, 1979): the smallest of m p-values is held
//! against 0.05 / m, the next against 0.05 / (m - 1), and so on until one fails; what remains is
//! undecided. A p-value is found from the factor by which an interval could be wider without holding the
//! level: times the 97.5 % point of Student's law it is the statistic of a t test.

use std::f64::consts::PI;

use crate::judgement::Judgement;

/// Error rate of a family of judgements, for either side together.
const RATE: f64 = 0.05;

/// What an interval is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Supported below the level, not supported above.
    Below(f64),
    /// Supported above the level, not supported below.
    Above(f64),
    /// Supported within the range, not supported outside.
    Within([f64; 2]),
}

/// An estimate whose 95 % interval is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// The bound.
    pub bound: Bound,
    /// Degrees of freedom of the interval: seeds, or where there is one seed molecules, less one.
    pub freedom: usize,
}

impl Test {
    /// What the interval says.
    pub fn judgement(&self) -> Judgement {
        self.with_interval(self.interval)
    }

    fn with_interval(&self, interval: [f64; 2]) -> Judgement {
        match self.bound {
            Bound::Below(level) => Judgement::below(Some(interval), level),
            Bound::Above(level) => Judgement::above(Some(interval), level),
            Bound::Within(range) => Judgement::within(Some(interval), range),
        }
    }

    /// The p-value of the judgement; 1 where it is undecided.
    pub fn p_value(&self) -> f64 {
        let judgement = self.judgement();
        let [low, high] = self.interval.map(|end| end - self.value);
        if judgement == Judgement::Undecided || !(low.is_finite() && high.is_finite()) {
            return 1.0;
        }
        let holds = |factor: f64| {
            let wider = [self.value + factor * low, self.value + factor * high];
            self.with_interval(wider) == judgement
        };
        // The judgement holds up to a factor, by bisection of its logarithm.
        let (mut inside, mut outside) = (1.0, 1e6);
        for _ in 0..60 {
            let middle = f64::sqrt(inside * outside);
            if holds(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        two_sided(inside * quantile(self.freedom), self.freedom)
    }
}

/// Which tests Holm's procedure keeps.
pub(crate) fn kept(tests: &[Test]) -> Vec<bool> {
    let p: Vec<f64> = tests.iter().map(Test::p_value).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut kept = vec![false; p.len()];
    for (rank, &index) in order.iter().enumerate() {
        // The 95 % interval itself is rounding away from its p-value.
        if p[index] > RATE / (p.len() - rank) as f64 + 1e-9 {
            break;
        }
        kept[index] = true;
    }
    kept
}

/// Probability that Student's variable is farther from zero than `t` (Abramowitz and Stegun 26.7.3 and
/// 26.7.4).
fn two_sided(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    // Powers of the cosine with their coefficients, from the first of the parity to freedom - 2.
    let odd = freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut power = usize::from(odd);
    while power + 2 <= freedom.saturating_sub(2) {
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
        sum += term;
    }
    let inside = if odd {
        2.0 / PI * (angle + sine * sum)
    } else {
        sine * sum
    };
    (1.0 - inside).max(0.0)
}

/// 97.5 % point of Student's law.
fn quantile(freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 100.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle, freedom) > RATE {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{Purpose, Stream};

    use super::*;

    #[test]
    fn students_law_meets_its_table() {
        for (freedom, value) in [(1, 12.706), (2, 4.303), (3, 3.182), (9, 2.262), (30, 2.042)] {
            assert!((quantile(freedom) - value).abs() < 1e-3, "{freedom}");
        }
        // 99.5 % points, two-sided 1 %.
        for (freedom, value) in [(2, 9.925), (5, 4.032), (10, 3.169)] {
            assert!((two_sided(value, freedom) - 0.01).abs() < 1e-5, "{freedom}");
        }
    }

    fn test(value: f64, half: f64) -> Test {
        Test {
            value,
            interval: [value - half, value + half],
            bound: Bound::Below(2.0),
            freedom: 2,
        }
    }

    #[test]
    fn one_test_alone_is_its_interval() {
        for (value, half) in [(1.0, 0.999), (1.0, 1.001), (3.0, 0.9), (3.0, 1.1)] {
            let test = test(value, half);
            let decided = test.judgement() != Judgement::Undecided;
            assert_eq!(kept(&[test]), [decided], "{value} {half}");
        }
        assert!((test(1.0, 1.0 - 1e-9).p_value() - 0.05).abs() < 1e-6);
        let within = Test {
            bound: Bound::Within([0.25, 0.75]),
            ..test(0.5, 0.125)
        };
        // Twice as wide it would touch both ends.
        assert!((within.p_value() - two_sided(2.0 * quantile(2), 2)).abs() < 1e-9);
    }

    #[test]
    fn more_tests_need_narrower_intervals() {
        let just = test(1.0, 0.9);
        assert_eq!(kept(&[just]), [true]);
        assert_eq!(kept(&[just, test(1.9, 0.5)]), [false, false]);
        // The sure one is kept, and the other is then alone.
        assert_eq!(kept(&[just, test(1.0, 0.01)]), [true, true]);
        assert_eq!(kept(&[]), [false; 0]);
    }

    /// Four places with the truth at the level: how often any is judged.
    #[test]
    fn a_family_errs_as_seldom_as_one() {
        let (trials, seed) = (2000, 5);
        let mut erred = [0; 2];
        for trial in 0..trials {
            let mut stream = Stream::new(seed, Purpose::Other(3), [trial, 0]);
            let mut normal = || (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
            let tests: Vec<Test> = (0..4)
                .map(|_| {
                    let values: [f64; 3] = std::array::from_fn(|_| 2.0 + normal());
                    let mean = values.iter().sum::<f64>() / 3.0;
                    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2.0;
                    test(mean, quantile(2) * (variance / 3.0).sqrt())
                })
                .collect();
            let alone = tests.iter().any(|t| t.judgement() != Judgement::Undecided);
            erred[0] += usize::from(alone);
            erred[1] += usize::from(kept(&tests).contains(&true));
        }
        let [alone, family] = erred.map(|erred| erred as f64 / trials as f64);
        assert!(
            alone > 0.12 && family < 0.06,
            "{alone} alone, {family} as a family; random seed {seed}"
        );
    }
}
