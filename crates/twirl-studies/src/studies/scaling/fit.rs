//! Power laws, fitted to every seed by itself and averaged over seeds.
//!
//! Points of one run depend on each other, and all runs are measured on the same molecules. So a line is
//! drawn through the logarithms of each seed, the seed is the unit of Student's interval, and the error over
//! molecules stands beside it, undiminished by the number of seeds. How the errors of two points of one seed
//! hang together is not known: those on one side of a line are taken to move together, and the two sides
//! apart. That is at least what independent errors give, and what errors give of which a share is common
//! to all points.

use twirl_compare::Estimate;

use crate::estimates::{crossed, exponential};

/// Fewest points of a seed: through two every line goes.
pub(super) const FEWEST_POINTS: usize = 3;

/// A point in logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dot {
    x: f64,
    y: f64,
    /// Standard error of `y` over molecules.
    error: f64,
}

impl Dot {
    /// Of positive figures; `error` is the standard error of the logarithm of `y`.
    pub(super) fn new(x: f64, y: f64, error: f64) -> Self {
        Self {
            x: x.ln(),
            y: y.ln(),
            error,
        }
    }
}

/// The line of least squares through the dots of a seed.
#[derive(Debug)]
struct Line {
    dots: Vec<Dot>,
    centre: [f64; 2],
    /// Sum of squared distances of `x` from the centre.
    spread: f64,
    slope: f64,
}

impl Line {
    /// Why there is none, if there is none.
    fn through(dots: &[Dot]) -> Result<Self, String> {
        let mut places: Vec<f64> = dots.iter().map(|dot| dot.x).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        if places.len() < FEWEST_POINTS {
            let found = places.len();
            return Err(format!(
                "a seed has {found} points that count; a fit needs {FEWEST_POINTS}"
            ));
        }
        if dots
            .iter()
            .any(|dot| !(dot.x + dot.y + dot.error).is_finite())
        {
            return Err("a figure is not finite or not above zero".into());
        }
        let mean = |pick: fn(&Dot) -> f64| dots.iter().map(pick).sum::<f64>() / dots.len() as f64;
        let centre = [mean(|dot| dot.x), mean(|dot| dot.y)];
        let spread = dots.iter().map(|dot| (dot.x - centre[0]).powi(2)).sum();
        let product = dots
            .iter()
            .map(|dot| (dot.x - centre[0]) * (dot.y - centre[1]));
        Ok(Self {
            slope: product.sum::<f64>() / spread,
            dots: dots.to_vec(),
            centre,
            spread,
        })
    }

    fn value(&self, x: f64) -> f64 {
        self.centre[1] + self.slope * (x - self.centre[0])
    }

    /// Error over molecules of a sum of the dots under weights.
    fn error(&self, weight: impl Fn(&Dot) -> f64) -> f64 {
        let mut sides = [0.0; 2];
        for dot in &self.dots {
            let weight = weight(dot);
            sides[usize::from(weight < 0.0)] += weight.abs() * dot.error;
        }
        f64::hypot(sides[0], sides[1])
    }

    fn slope_weight(&self, dot: &Dot) -> f64 {
        (dot.x - self.centre[0]) / self.spread
    }

    fn slope_error(&self) -> f64 {
        self.error(|dot| self.slope_weight(dot))
    }

    fn value_error(&self, x: f64) -> f64 {
        let mean = 1.0 / self.dots.len() as f64;
        self.error(|dot| mean + (x - self.centre[0]) * self.slope_weight(dot))
    }
}

/// `y = a x^b`.
#[derive(Debug)]
pub(super) struct PowerLaw {
    lines: Vec<Line>,
    /// `b`, mean over seeds.
    pub(super) exponent: Estimate,
    /// Smallest and largest `x` of any seed.
    pub(super) range: [f64; 2],
    /// Largest factor between a point and the line of its seed.
    pub(super) scatter: f64,
}

impl PowerLaw {
    /// Fits the dots of every seed.
    ///
    /// # Errors
    /// Why there is no fit, in words.
    pub(super) fn fit(seeds: &[Vec<Dot>]) -> Result<Self, String> {
        let lines: Vec<Line> = seeds
            .iter()
            .map(|dots| Line::through(dots))
            .collect::<Result<_, _>>()?;
        let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
        let exponent = crossed(&slopes, mean(&lines, Line::slope_error));
        let off = |line: &Line| {
            let each = line.dots.iter();
            each.map(|dot| (dot.y - line.value(dot.x)).abs())
                .fold(0.0, f64::max)
        };
        let places = || lines.iter().flat_map(|line| &line.dots).map(|dot| dot.x);
        Ok(Self {
            exponent: exponent.ok_or("no seed has points that count")?,
            range: [
                places().fold(f64::INFINITY, f64::min).exp(),
                places().fold(f64::NEG_INFINITY, f64::max).exp(),
            ],
            scatter: lines.iter().map(off).fold(0.0, f64::max).exp(),
            lines,
        })
    }

    /// The law at `x`, with the interval of the line there.
    pub(super) fn at(&self, x: f64) -> Option<Estimate> {
        let x = x.ln();
        let values: Vec<f64> = self.lines.iter().map(|line| line.value(x)).collect();
        crossed(&values, mean(&self.lines, |line| line.value_error(x))).map(exponential)
    }

    /// By what factor `x` lies outside of the points; 1 within.
    pub(super) fn beyond(&self, x: f64) -> f64 {
        let [low, high] = self.range;
        (low / x).max(x / high).max(1.0)
    }

    /// Seeds.
    pub(super) fn seeds(&self) -> usize {
        self.lines.len()
    }

    /// Fewest points of a seed.
    pub(super) fn points(&self) -> usize {
        let counts = self.lines.iter().map(|line| line.dots.len());
        counts.min().unwrap_or(0)
    }
}

/// Mean over seeds of an error that they have in common.
fn mean(lines: &[Line], error: impl Fn(&Line) -> f64) -> f64 {
    lines.iter().map(error).sum::<f64>() / lines.len() as f64
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{Purpose, Stream, student};

    use super::*;

    #[test]
    fn an_exact_law_is_found_and_extended() {
        let seed = |scale: f64| -> Vec<Dot> {
            let at = |x: f64| Dot::new(x, scale * x.powf(-0.7), 0.0);
            [1e4, 5e4, 2e5, 1e6].map(at).to_vec()
        };
        let law = PowerLaw::fit(&[seed(3.0), seed(3.0), seed(3.0)]).expect("a law");
        assert!((law.exponent.value + 0.7).abs() < 1e-12);
        let [low, high] = law.exponent.interval.expect("three seeds");
        assert!(high - low < 1e-12 && (law.scatter - 1.0).abs() < 1e-9);
        let at = law.at(4e8).expect("a value");
        assert!((at.value / (3.0 * f64::powf(4e8, -0.7)) - 1.0).abs() < 1e-9);
        assert!((law.beyond(4e8) / 400.0 - 1.0).abs() < 1e-9 && law.beyond(1e5) <= 1.0);
        assert_eq!((law.seeds(), law.points()), (3, 4));
        // Where seeds differ in the level alone, the exponent is sharp and the value is not.
        let law = PowerLaw::fit(&[seed(1.0), seed(2.0), seed(4.0)]).expect("a law");
        let [low, high] = law.exponent.interval.expect("three seeds");
        let [below, above] = law.at(1e5).and_then(|at| at.interval).expect("an interval");
        assert!(high - low < 1e-9 && above / below > 10.0);
    }

    #[test]
    fn what_cannot_be_fitted_says_why() {
        let dots = |xs: &[f64]| -> Vec<Dot> { xs.iter().map(|&x| Dot::new(x, 2.0, 0.1)).collect() };
        for (seeds, why) in [
            (vec![], "no seed"),
            (
                vec![dots(&[1.0, 2.0, 3.0]), dots(&[1.0, 2.0])],
                "has 2 points",
            ),
            (vec![dots(&[1.0, 2.0, 2.0])], "has 2 points"),
            (
                vec![vec![
                    Dot::new(1.0, -1.0, 0.1),
                    Dot::new(2.0, 1.0, 0.1),
                    Dot::new(3.0, 1.0, 0.1),
                ]],
                "not finite",
            ),
        ] {
            let text = PowerLaw::fit(&seeds).expect_err("no fit");
            assert!(text.contains(why), "{text}");
        }
        let one = PowerLaw::fit(&[dots(&[1.0, 2.0, 3.0])]).expect("a law");
        assert_eq!(one.exponent.interval, None);
    }

    /// The error of a slope is at least that of independent errors, and that of a common shift of errors
    /// of several sizes.
    #[test]
    fn errors_over_molecules_are_bounded() {
        let errors = [0.02, 0.1, 0.05, 0.4];
        let places = [1.0, 2.0, 3.0, 4.0].into_iter();
        let dots: Vec<Dot> = places
            .zip(errors)
            .map(|(x, error)| Dot::new(x, 1.0, error))
            .collect();
        let line = Line::through(&dots).expect("a line");
        let weights: Vec<f64> = dots.iter().map(|dot| line.slope_weight(dot)).collect();
        let each = || {
            weights
                .iter()
                .zip(errors)
                .map(|(weight, error)| weight * error)
        };
        let independent = each().map(|own| own * own).sum::<f64>().sqrt();
        let common = each().sum::<f64>().abs();
        assert!(line.slope_error() >= independent && line.slope_error() >= common);
        // At the centre every point has the same weight, and errors add.
        let at = line.value_error(line.centre[0]);
        assert!((at - errors.iter().sum::<f64>() / 4.0).abs() < 1e-12);
    }

    /// A simulated arm: slopes and levels of seeds, points of a seed that remember each other, molecules
    /// that all seeds share.
    struct World {
        /// `ln x`
        places: Vec<f64>,
        exponent: f64,
        /// Standard deviations over seeds of the slope, and of a point.
        slope: f64,
        point: f64,
        /// Correlation of neighbouring points.
        memory: f64,
        /// Standard error over molecules, of which a share is common to all points.
        molecules: f64,
        common: f64,
    }

    impl World {
        fn draw(&self, seeds: usize, trial: u64) -> Vec<Vec<Dot>> {
            let mut stream = Stream::new(23, Purpose::Other(5), [trial, 0]);
            let mut normal = || (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
            let shift = normal() * self.common.sqrt();
            let shared: Vec<f64> = (0..self.places.len())
                .map(|_| self.molecules * (shift + normal() * (1.0 - self.common).sqrt()))
                .collect();
            let centre = self.places.iter().sum::<f64>() / self.places.len() as f64;
            let seed = |_| {
                let slope = self.exponent + self.slope * normal();
                let mut off = normal();
                let each = self.places.iter().zip(&shared);
                each.map(|(&x, molecules)| {
                    off = self.memory * off + (1.0 - self.memory.powi(2)).sqrt() * normal();
                    let y = slope * (x - centre) + self.point * off + molecules;
                    Dot {
                        x,
                        y,
                        error: self.molecules,
                    }
                })
                .collect()
            };
            (0..seeds).map(seed).collect()
        }

        /// Shares of draws whose intervals hold the exponent, and the value a hundred times beyond.
        fn coverage(&self, seeds: usize) -> [f64; 2] {
            let trials: u32 = 3_000;
            let centre = self.places.iter().sum::<f64>() / self.places.len() as f64;
            let far = self.places.last().expect("a place") + 100.0_f64.ln();
            let mut held = [0; 2];
            for trial in 0..trials {
                let law = PowerLaw::fit(&self.draw(seeds, u64::from(trial))).expect("a law");
                let value = law.at(far.exp()).expect("a value");
                let truths = [self.exponent, (self.exponent * (far - centre)).exp()];
                for (held, (found, truth)) in held
                    .iter_mut()
                    .zip([law.exponent, value].into_iter().zip(truths))
                {
                    let [low, high] = found.interval.expect("seeds");
                    *held += u32::from((low..=high).contains(&truth));
                }
            }
            held.map(|held| f64::from(held) / f64::from(trials))
        }
    }

    fn worlds() -> [(&'static str, World); 3] {
        let sizes = World {
            places: [1e4, 4e4, 2e5].map(f64::ln).to_vec(),
            exponent: 0.0,
            slope: 0.0,
            point: 0.2,
            memory: 0.0,
            molecules: 0.02,
            common: 0.8,
        };
        let training = World {
            places: (0..10).map(|place| -0.2 * f64::from(place)).collect(),
            exponent: 0.0,
            slope: 0.15,
            point: 0.1,
            memory: 0.8,
            molecules: 0.01,
            common: 0.5,
        };
        let molecules = World {
            places: sizes.places.clone(),
            exponent: -0.4,
            point: 0.02,
            molecules: 0.2,
            common: 0.0,
            ..sizes
        };
        [
            ("sizes", sizes),
            ("training", training),
            ("molecules", molecules),
        ]
    }

    #[test]
    fn intervals_cover() {
        for (name, world) in worlds() {
            for seeds in [3, 5, 10] {
                let [exponent, value] = world.coverage(seeds);
                assert!(
                    (0.93..=0.97).contains(&exponent) && (0.93..=0.98).contains(&value),
                    "{name}, {seeds} seeds: exponent {exponent}, value {value}; random seed 23"
                );
            }
        }
        // Molecules that shift all points alike leave a slope as it is: the interval errs on the wide side.
        let [_, _, (_, mut shared)] = worlds();
        shared.common = 1.0;
        assert!(shared.coverage(3)[0] > 0.97);
    }

    /// All points of all seeds as if they were independent, and molecules forgotten: what the fit of the
    /// study is for.
    #[test]
    fn a_pooled_fit_does_not_cover() {
        let [_, (_, training), (_, molecules)] = worlds();
        for world in [training, molecules] {
            let trials: u32 = 1_000;
            let held = (0..trials).filter(|&trial| {
                let dots = world.draw(3, u64::from(trial)).concat();
                let line = Line::through(&dots).expect("a line");
                let off = dots.iter().map(|dot| (dot.y - line.value(dot.x)).powi(2));
                let freedom = dots.len() as f64 - 2.0;
                let error = (off.sum::<f64>() / freedom / line.spread).sqrt();
                (line.slope - world.exponent).abs() < student(freedom) * error
            });
            let share = held.count() as f64 / f64::from(trials);
            assert!(share < 0.85, "{share}; random seed 23");
        }
    }
}
