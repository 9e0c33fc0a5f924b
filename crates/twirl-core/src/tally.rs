//! Streaming means and ratios over molecules, with bootstrap intervals in bounded memory.

use std::sync::LazyLock;

use rand::RngExt;

use crate::error::CoreError;
use crate::interval::Interval;
use crate::stream::{Purpose, Stream};

/// Weighted sums over molecules, and the same sums under bootstrap weights.
///
/// Each of B replicates weighs a molecule by an independent Poisson(1) number, a pure function of
/// `(seed, molecule)`. So all frames of a molecule share their weights (a cluster bootstrap), two
/// tallies with one seed resample the same molecules (their differences are paired), the order of
/// adding does not matter beyond rounding, and memory is `B * (columns + 1)` numbers however long
/// the data.
///
/// The ordinary bootstrap draws n molecules with replacement, which is multinomial weights; these
/// are Poisson(1) weights given that they sum to n. Because every result is a ratio of weighted
/// sums, the free total only matters at order 1/n, and the two agree for large n. With few
/// molecules both are too narrow, which [`Interval::of_molecules`] makes up for, and a Poisson replicate
/// can be empty, with probability `exp(-n)`: replicates without weight or with a denominator of zero are
/// left out of the interval, and if they are more than 1 % (about 5 molecules or fewer) there is no
/// interval.
///
/// Rotations are never resampled: they are a tool of the measurement and not the population.
#[derive(Debug, Clone)]
pub struct Tally {
    seed: u64,
    replicates: usize,
    columns: usize,
    totals: Vec<f64>,
    /// `[columns + 1][replicates]`; the last row holds the weights.
    resampled: Vec<f64>,
    /// Bootstrap weights of the molecule added last, because frames of a molecule come in runs.
    recent: Option<(u64, Vec<f64>)>,
}

impl Tally {
    /// Number of replicates that serves a 95 % interval well.
    pub const REPLICATES: usize = 1000;

    /// An empty tally of `columns` quantities.
    ///
    /// # Errors
    /// [`CoreError::TallySize`] below 40 replicates (the 2.5 % point would lie outside) or
    /// without columns.
    pub fn new(replicates: usize, seed: u64, columns: usize) -> Result<Self, CoreError> {
        for (what, found, needed) in [("replicates", replicates, 40), ("columns", columns, 1)] {
            if found < needed {
                return Err(CoreError::TallySize {
                    what,
                    found,
                    needed,
                });
            }
        }
        let (totals, resampled) = (
            vec![0.0; columns + 1],
            vec![0.0; (columns + 1) * replicates],
        );
        Ok(Self {
            seed,
            replicates,
            columns,
            totals,
            resampled,
            recent: None,
        })
    }

    /// Adds one measurement of a molecule: `weight * values` and `weight`.
    ///
    /// `molecule` names the cluster: frames of one molecule must share it, different molecules
    /// must not. Nothing is added on error.
    ///
    /// # Errors
    /// [`CoreError::Shape`] if `values` is not `[columns]`, [`CoreError::TallyValue`] for a value
    /// that is not finite or a weight that is not finite or negative.
    pub fn add(&mut self, molecule: u64, weight: f64, values: &[f64]) -> Result<(), CoreError> {
        if values.len() != self.columns {
            let what = "tally values [columns]";
            return Err(CoreError::Shape {
                what,
                found: values.len(),
                expected: self.columns,
            });
        }
        if !(weight.is_finite() && weight >= 0.0) {
            let (what, rule) = ("weight".to_owned(), " and not negative");
            return Err(CoreError::TallyValue {
                molecule,
                what,
                value: weight,
                rule,
            });
        }
        if let Some(column) = values.iter().position(|value| !value.is_finite()) {
            let (what, value) = (format!("value in column {column}"), values[column]);
            return Err(CoreError::TallyValue {
                molecule,
                what,
                value,
                rule: "",
            });
        }
        let counts = match self.recent.take() {
            Some((key, counts)) if key == molecule => counts,
            _ => poisson_weights(self.seed, molecule, self.replicates),
        };
        let rows = values.iter().map(|value| weight * value).chain([weight]);
        for ((row, total), value) in self
            .resampled
            .chunks_exact_mut(self.replicates)
            .zip(&mut self.totals)
            .zip(rows)
        {
            *total += value;
            for (sum, count) in row.iter_mut().zip(&counts) {
                *sum += count * value;
            }
        }
        self.recent = Some((molecule, counts));
        Ok(())
    }

    /// Adds everything that another tally holds.
    ///
    /// # Errors
    /// [`CoreError::TallyMismatch`] if the two differ in replicates, seed or columns.
    pub fn merge(&mut self, other: &Self) -> Result<(), CoreError> {
        if (self.replicates, self.seed, self.columns)
            != (other.replicates, other.seed, other.columns)
        {
            return Err(CoreError::TallyMismatch);
        }
        self.plus(other.sums());
        Ok(())
    }

    /// Everything that the tally holds, `[columns + 1]` sums and `[columns + 1][replicates]` resampled
    /// ones, the weights last. Those of parts of the data add up to those of the whole.
    #[must_use]
    pub fn sums(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        let all = [&self.totals, &self.resampled];
        let count = all[0].len() + all[1].len();
        (0..count).map(move |place| match place.checked_sub(all[0].len()) {
            None => all[0][place],
            Some(place) => all[1][place],
        })
    }

    /// Adds what [`Tally::sums`] gave of a tally of the same replicates, seed and columns, perhaps in
    /// another process.
    ///
    /// # Errors
    /// [`CoreError::Shape`] for another number of sums, [`CoreError::Overflow`] for one that is not finite;
    /// nothing is added then.
    pub fn add_sums(&mut self, sums: &[f64]) -> Result<(), CoreError> {
        let expected = self.totals.len() + self.resampled.len();
        if sums.len() != expected {
            let what = "tally sums [columns + 1][1 + replicates]";
            return Err(CoreError::Shape {
                what,
                found: sums.len(),
                expected,
            });
        }
        if !sums.iter().all(|sum| sum.is_finite()) {
            return Err(CoreError::Overflow { what: "tally sum" });
        }
        self.plus(sums.iter().copied());
        Ok(())
    }

    fn plus(&mut self, sums: impl Iterator<Item = f64>) {
        let own = self.totals.iter_mut().chain(&mut self.resampled);
        own.zip(sums).for_each(|(own, sum)| *own += sum);
    }

    /// Weighted mean of a column.
    ///
    /// # Errors
    /// [`CoreError::Column`] and [`CoreError::EmptyTally`].
    pub fn mean(&self, column: usize) -> Result<f64, CoreError> {
        self.check(column)?;
        Ok(self.totals[column] / self.totals[self.columns])
    }

    /// Weighted mean of a column with its interval.
    ///
    /// # Errors
    /// Those of [`Tally::mean`] and [`CoreError::TooFewMolecules`].
    pub fn interval(&self, column: usize) -> Result<Interval, CoreError> {
        self.check(column)?;
        self.quotient(column, self.columns, self.columns, |mean| mean)
    }

    /// Ratio of the sums of two columns, divided last, with its interval.
    ///
    /// # Errors
    /// Those of [`Tally::interval`] and [`CoreError::ZeroDenominator`].
    pub fn ratio(&self, numerator: usize, denominator: usize) -> Result<Interval, CoreError> {
        self.check(numerator)?;
        self.check(denominator)?;
        self.quotient(numerator, denominator, self.columns, |ratio| ratio)
    }

    /// Square root of the ratio of a column's sum to that of counts, a root mean square, with its interval.
    ///
    /// The interval is made from roots of resampled ratios and is not the root of an interval, whose
    /// lower end can lie below zero. It is widened for as many molecules as carry the counts: those of a
    /// rare element are fewer than all.
    ///
    /// # Errors
    /// Those of [`Tally::ratio`] and [`CoreError::NegativeRoot`] for columns whose sums differ in sign.
    pub fn root(&self, numerator: usize, denominator: usize) -> Result<Interval, CoreError> {
        self.check(numerator)?;
        self.check(denominator)?;
        let mut resampled = self.row(numerator).iter().zip(self.row(denominator));
        let negative = |(above, below): (&f64, &f64)| above * below < 0.0;
        if resampled.any(negative) {
            return Err(CoreError::NegativeRoot {
                columns: [numerator, denominator],
            });
        }
        self.quotient(numerator, denominator, denominator, f64::sqrt)
    }

    /// The weighted mean of a column in the first `count` resamples; none if one of them holds no
    /// molecule.
    ///
    /// Tallies of the same seed resample the same molecules, so that figures of different models on
    /// the same molecules can be compared resample by resample.
    ///
    /// # Errors
    /// Those of [`Tally::mean`].
    pub fn resampled(&self, column: usize, count: usize) -> Result<Option<Vec<f64>>, CoreError> {
        self.check(column)?;
        let sums = self.row(column).iter().zip(self.row(self.columns));
        let mean = |(&sum, &weight): (&f64, &f64)| (weight > 0.0).then(|| sum / weight);
        Ok(sums.take(count).map(mean).collect())
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.resampled[row * self.replicates..(row + 1) * self.replicates]
    }

    fn check(&self, column: usize) -> Result<(), CoreError> {
        if column >= self.columns {
            return Err(CoreError::Column {
                column,
                columns: self.columns,
            });
        }
        if self.totals[self.columns] > 0.0 {
            Ok(())
        } else {
            Err(CoreError::EmptyTally)
        }
    }

    /// Of a monotone function of the ratio, over the molecules that carry a column.
    fn quotient(
        &self,
        numerator: usize,
        denominator: usize,
        carried: usize,
        of: impl Fn(f64) -> f64,
    ) -> Result<Interval, CoreError> {
        if self.totals[denominator] == 0.0 {
            return Err(CoreError::ZeroDenominator {
                column: denominator,
            });
        }
        let value = of(self.totals[numerator] / self.totals[denominator]);
        let mut ratios = Vec::with_capacity(self.replicates);
        for ((&above, &below), &weight) in self
            .row(numerator)
            .iter()
            .zip(self.row(denominator))
            .zip(self.row(self.columns))
        {
            if weight > 0.0 && below != 0.0 {
                ratios.push(of(above / below));
            }
        }
        let empty = self.replicates - ratios.len();
        if empty * 100 > self.replicates {
            return Err(CoreError::TooFewMolecules {
                empty,
                replicates: self.replicates,
            });
        }
        let ends = [0.025, 0.975].map(|share| quantile(&mut ratios, share));
        Ok(Interval::of_molecules(value, ends, self.molecules(carried)))
    }

    /// How many molecules of equal weight resample as widely as these: the square of the sum of their
    /// weights, or values in another column, over the sum of their squares, which is the variance of a sum
    /// of Poisson(1) multiples. At least 2.
    fn molecules(&self, carried: usize) -> f64 {
        let weights = self.row(carried);
        let count = weights.len() as f64;
        let mean = weights.iter().sum::<f64>() / count;
        let spread = weights.iter().map(|weight| (weight - mean).powi(2));
        let variance = spread.sum::<f64>() / (count - 1.0);
        (self.totals[carried].powi(2) / variance).max(2.0)
    }
}

/// Linear interpolation between order statistics, found by selection; the values are reordered.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = share * (values.len() - 1) as f64;
    let below = place.floor() as usize;
    let (_, &mut low, larger) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = larger.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (place - place.floor()) * (high - low)
}

/// The distribution function of Poisson(1) at 0, 1, 2 and so on; a larger number has less chance than
/// the spacing of the uniform numbers, 2^-53.
static POISSON: LazyLock<[f64; 18]> = LazyLock::new(|| {
    let mut mass = (-1.0_f64).exp();
    let mut reached = 0.0;
    std::array::from_fn(|count| {
        reached += mass;
        mass /= (count + 1) as f64;
        reached
    })
});

/// Poisson(1) numbers by inversion of the distribution function.
fn poisson_weights(seed: u64, molecule: u64, replicates: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Bootstrap, [molecule, 0]);
    let (often, seldom) = POISSON.split_first_chunk::<4>().expect("18 steps");
    let draw = |_| {
        let uniform: f64 = stream.random();
        // Steps passed are counted, because a search for the first not passed mispredicts branches.
        let passed = |count: u32, &reached: &f64| count.wrapping_add(u32::from(reached <= uniform));
        let count = often.iter().fold(0, passed);
        f64::from(if count == 4 {
            seldom.iter().fold(count, passed)
        } else {
            count
        })
    };
    (0..replicates).map(draw).collect()
}
