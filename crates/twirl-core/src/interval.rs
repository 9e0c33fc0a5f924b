//! From bootstrap replicates to an interval that covers what it says.

/// Normal quantile of a 95 % interval.
pub const NORMAL: f64 = 1.959_963_984_540_054;

/// Largest ratio that is mirrored in full.
const MIRRORED: f64 = 3.0;

/// An estimate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate from all data.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval of a mean or ratio over `molecules` independent molecules, from the 2.5 and 97.5 %
    /// points of its bootstrap replicates.
    ///
    /// Percentiles alone are too narrow in two ways. Replicates of n molecules have `(n - 1) / n` of the
    /// variance, and the tails of few are not those of a normal law: reaches on both sides are widened
    /// by `t(n-1) / 1.96 * sqrt(n / (n-1))` (compare the expanded percentile interval of Hesterberg,
    /// arXiv 1411.5279). And losses are skewed: a sample without its rare large molecule is too low
    /// *and* shows too little spread, so that the truth is mostly missed above. The upper reach is
    /// therefore at least the lower one, mirrored as a ratio (`value / low` upwards) where that is
    /// at most 3, and less where the lower end comes near zero. `docs/statistics.md` has the coverage.
    pub fn of_molecules(value: f64, [low, high]: [f64; 2], molecules: f64) -> Self {
        let widening = widening(molecules);
        let below = value - low;
        let mirrored = if value > 0.0 && low > 0.0 {
            let share = low / value;
            if share * MIRRORED >= 1.0 {
                1.0 / share
            } else {
                1.0 + (MIRRORED - 1.0) * MIRRORED * share
            }
        } else {
            1.0
        };
        Self {
            value,
            low: value - widening * below,
            high: value + widening * (high - value).max(below * mirrored),
        }
    }
}

/// Factor by which deviations of replicates of `count` independent units, at least 2, are widened.
pub fn widening(count: f64) -> f64 {
    student(count - 1.0) / NORMAL * (count / (count - 1.0)).sqrt()
}

/// 97.5 % point of Student's law: a table to 9 degrees of freedom, between which their inverse is
/// interpolated, then the expansion in that inverse (Abramowitz and Stegun 26.7.5), right to 1e-4 there.
pub fn student(freedom: f64) -> f64 {
    const TABLE: [f64; 9] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
    ];
    let freedom = freedom.max(1.0);
    let below = freedom.floor() as usize;
    if let [low, high] = TABLE[(below - 1).min(8)..(below + 1).min(9)] {
        let share =
            (1.0 / below as f64 - 1.0 / freedom) / (1.0 / below as f64 - 1.0 / (below + 1) as f64);
        return low + share * (high - low);
    }
    let z = NORMAL;
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
    ];
    let inverse = 1.0 / freedom;
    terms
        .iter()
        .rev()
        .fold(0.0, |sum, term| (sum + term) * inverse)
        + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_law_meets_its_table_and_falls() {
        for (freedom, expected) in [
            (1.0, 12.706),
            (2.0, 4.303),
            (9.0, 2.262),
            (10.0, 2.2281),
            (30.0, 2.0423),
            (1e9, NORMAL),
        ] {
            let found = student(freedom);
            assert!((found - expected).abs() < 2e-4, "{freedom}: {found}");
        }
        let mut last = f64::INFINITY;
        for tenth in 10..300 {
            let next = student(f64::from(tenth) / 10.0);
            assert!(next <= last, "{tenth}: {next} after {last}");
            last = next;
        }
    }

    #[test]
    fn an_interval_of_many_symmetric_replicates_is_theirs_and_the_upper_reach_is_never_the_shorter()
    {
        let many = Interval::of_molecules(-1.0, [-2.0, 0.0], 1e9);
        assert!(
            (many.low + 2.0).abs() < 1e-6 && many.high.abs() < 1e-6,
            "{many:?}"
        );
        // Mirrored as a ratio: from 1 down to 0.8 is from 1 up to 1.25.
        let skewed = Interval::of_molecules(1.0, [0.8, 1.1], 1e9);
        assert!((skewed.high - 1.25).abs() < 1e-6, "{skewed:?}");
        // Near zero the mirror fades: no end runs away.
        let mut last = 0.0;
        for low in [0.5, 0.4, 0.3, 0.2, 0.1, 0.01, -0.01, -0.1] {
            let high = Interval::of_molecules(1.0, [low, 1.0], 1e9).high;
            assert!(
                high <= 3.1 && (last == 0.0 || (high - last).abs() < 0.6),
                "{low}: {high}"
            );
            last = high;
        }
        let few = Interval::of_molecules(1.0, [0.9, 1.3], 5.0);
        assert!(few.low < 0.9 && few.high > 1.3, "{few:?}");
    }
}
