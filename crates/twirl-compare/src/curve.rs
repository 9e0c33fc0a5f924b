//! Loss against the cost of training, as curves.

use twirl_record::Record;

use crate::cost::Cost;
use crate::run::Run;

/// When a curve first reaches a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reach {
    /// It is there at its first point already: the time is at most this.
    Before(f64),
    /// At this time.
    At(f64),
    /// Not by this time, the last of the curve. It counts as infinite.
    Never {
        /// Last time of the curve.
        after: f64,
    },
}

impl Reach {
    /// The time; infinite if never.
    pub fn time(self) -> f64 {
        match self {
            Self::Before(time) | Self::At(time) => time,
            Self::Never { .. } => f64::INFINITY,
        }
    }

    /// The sooner of two; of two that are never reached the one that was looked at for longer.
    pub(crate) fn sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never { after: a }, Self::Never { after: b }) => Self::Never { after: a.max(b) },
            (a, b) if a.time() <= b.time() => a,
            (_, b) => b,
        }
    }

    /// All times multiplied.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Self::Before(time) => Self::Before(time * factor),
            Self::At(time) => Self::At(time * factor),
            Self::Never { after } => Self::Never {
                after: after * factor,
            },
        }
    }
}

/// Loss against a cost, here called time: straight lines on logarithmic axes between the measurements.
///
/// The measurement before the first step has no place on a logarithmic time axis and is left out.
/// Of measurements at equal times the last counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Logarithms of time and loss; times increase.
    points: Vec<[f64; 2]>,
}

impl Curve {
    /// The curve of a run; nothing if it has no positive loss after the first step.
    pub fn of(run: &Run, cost: Cost) -> Option<Self> {
        let point = |record| Some([cost.spent(record)?, record.split.loss]);
        Self::new(run.records.iter().filter_map(point))
    }

    /// The curve under a resample of molecules, of the records that have it.
    pub(crate) fn resampled(run: &Run, cost: Cost, resample: usize) -> Option<Self> {
        let point = |record: &Record| {
            let loss = *record.loss_replicates.get(resample)?;
            Some([cost.spent(record)?, loss])
        };
        Self::new(run.records.iter().filter_map(point))
    }

    /// A curve through points `[seconds, loss]` in the order of time. Points without a logarithm
    /// are left out; nothing remains if all are.
    pub fn new(points: impl IntoIterator<Item = [f64; 2]>) -> Option<Self> {
        let mut kept: Vec<[f64; 2]> = Vec::new();
        for point in points {
            if point.iter().all(|value| value.is_finite() && *value > 0.0) {
                let point = point.map(f64::ln);
                while kept.last().is_some_and(|last| last[0] >= point[0]) {
                    kept.pop();
                }
                kept.push(point);
            }
        }
        (!kept.is_empty()).then_some(Self { points: kept })
    }

    /// The geometric mean of several curves, over the times that all have; nothing if there is
    /// no such time.
    pub fn mean<'a>(curves: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let curves: Vec<&Self> = curves.into_iter().collect();
        if let [only] = curves[..] {
            return Some(only.clone());
        }
        let first = curves
            .iter()
            .map(|curve| curve.points[0][0])
            .reduce(f64::max)?;
        let last = curves.iter().map(|curve| curve.end()).reduce(f64::min)?;
        let mut knots: Vec<f64> = curves
            .iter()
            .flat_map(|curve| curve.points.iter().map(|point| point[0]))
            .filter(|time| (first..=last).contains(time))
            .collect();
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        let mean = |time: f64| {
            let values: Option<Vec<f64>> = curves.iter().map(|curve| curve.log_at(time)).collect();
            values.map(|values| [time, values.iter().sum::<f64>() / values.len() as f64])
        };
        let points: Vec<[f64; 2]> = knots.into_iter().filter_map(mean).collect();
        (!points.is_empty()).then_some(Self { points })
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// First time, in seconds.
    pub fn first(&self) -> f64 {
        self.points[0][0].exp()
    }

    /// Last time, in seconds.
    pub fn last(&self) -> f64 {
        self.end().exp()
    }

    /// Loss at the last time.
    pub fn last_loss(&self) -> f64 {
        self.points[self.points.len() - 1][1].exp()
    }

    /// Loss at a time; nothing outside the curve. Rounding at its ends is forgiven.
    pub fn at(&self, seconds: f64) -> Option<f64> {
        self.log_at(seconds.ln()).map(f64::exp)
    }

    /// First time at which the loss is at or below a level.
    pub fn reach(&self, loss: f64) -> Reach {
        self.reach_level(loss.ln())
    }

    /// First time at which this curve is, and first at which another is, at or below the other's
    /// last loss: not its last time, if it was there before.
    pub(crate) fn reach_last(&self, other: &Self) -> [Reach; 2] {
        let level = other.points[other.points.len() - 1][1];
        [self, other].map(|curve| curve.reach_level(level))
    }

    fn reach_level(&self, level: f64) -> Reach {
        if self.points[0][1] <= level {
            return Reach::Before(self.first());
        }
        let crossing = self.points.windows(2).find_map(|pair| {
            let ([t0, l0], [t1, l1]) = (pair[0], pair[1]);
            (l1 <= level).then(|| (t0 + (t1 - t0) * (level - l0) / (l1 - l0)).exp())
        });
        crossing.map_or(Reach::Never { after: self.last() }, Reach::At)
    }

    fn end(&self) -> f64 {
        self.points[self.points.len() - 1][0]
    }

    fn log_at(&self, time: f64) -> Option<f64> {
        interpolate(&self.points, time)
    }

    /// Logarithms of its times.
    pub(crate) fn knots(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().map(|point| point[0])
    }

    /// Logarithm of the loss at the logarithm of a time; after the end that of the end.
    pub(crate) fn kept_at(&self, time: f64) -> Option<f64> {
        self.log_at(time.min(self.end()))
    }
}

/// What straight lines between points `[ln seconds, y]`, in the order of time, have at a time;
/// nothing outside. Rounding at the ends is forgiven.
pub(crate) fn interpolate(points: &[[f64; 2]], time: f64) -> Option<f64> {
    // exp and ln of a time differ from it by a few roundings.
    let slack = 8.0 * f64::EPSILON * time.abs().max(1.0);
    let (first, end) = (points.first()?[0], points.last()?[0]);
    if !(first - slack..=end + slack).contains(&time) {
        return None;
    }
    let time = time.clamp(first, end);
    let index = points.partition_point(|point| point[0] < time);
    if index == 0 {
        return Some(points[0][1]);
    }
    let ([t0, y0], [t1, y1]) = (points[index - 1], points[index]);
    Some(y0 + (y1 - y0) * (time - t0) / (t1 - t0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [f64; 4] = [0.5, 3.0, 20.0, 100.0];

    /// `scale * t^-power` at a few times: a straight line on logarithmic axes.
    fn power(scale: f64, power: f64) -> Curve {
        Curve::new(TIMES.map(|t| [t, scale * t.powf(-power)])).expect("positive")
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= twirl_core::tolerance::F64.agreement * b.abs()
    }

    #[test]
    fn a_power_law_is_interpolated_exactly() {
        let curve = power(4.0, 0.7);
        for t in [0.5, 1.0, 7.0, 55.5, 100.0] {
            assert!(
                close(curve.at(t).expect("inside"), 4.0 * t.powf(-0.7)),
                "{t}"
            );
        }
        assert_eq!(curve.at(0.49), None);
        assert_eq!(curve.at(101.0), None);
        let Reach::At(time) = curve.reach(1.0) else {
            panic!("reached inside")
        };
        assert!(close(time, 4f64.powf(1.0 / 0.7)));
        assert!(matches!(curve.reach(100.0), Reach::Before(t) if close(t, 0.5)));
        assert!(matches!(curve.reach(1e-9), Reach::Never { after } if close(after, 100.0)));
    }

    #[test]
    fn the_mean_of_power_laws_is_a_power_law() {
        let late = Curve::new([[2.0, 1.0], [50.0, 1.0]]).expect("positive");
        let mean = Curve::mean([&power(4.0, 1.0), &late]).expect("overlap");
        assert!(close(mean.first(), 2.0) || close(mean.first(), 3.0));
        for t in [3.0, 10.0, 49.0] {
            assert!(close(mean.at(t).expect("inside"), (4.0 / t).sqrt()), "{t}");
        }
        assert_eq!(mean.at(60.0), None);
        let early = Curve::new([[0.1, 1.0], [0.2, 1.0]]).expect("positive");
        assert_eq!(Curve::mean([&early, &late]), None);
    }

    #[test]
    fn points_without_a_logarithm_are_left_out() {
        let curve = Curve::new([[0.0, 3.0], [1.0, 2.0], [1.0, 1.5], [4.0, 0.0]]).expect("one");
        assert_eq!((curve.first(), curve.last()), (1.0, 1.0));
        assert!(close(curve.last_loss(), 1.5));
        assert_eq!(Curve::new([[0.0, 3.0]]), None);
    }
}
