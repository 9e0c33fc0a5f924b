//! Figures of a loss and of its terms.

use twirl_record::Split;

use crate::term::Role;

/// A loss and its parts with the interval of the percentage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// `L`.
    pub loss: f64,
    /// `L_mean`.
    pub mean: f64,
    /// `L_equiv`.
    pub equiv: f64,
    /// `100 L_equiv / L`.
    pub percent: f64,
    /// Its 95 % interval over molecules; absent with too few of them (about five).
    pub interval: Option<(f64, f64)>,
}

impl Measured {
    /// Beside the `L_equiv` that rounding would leave.
    pub(super) fn record(&self, floor: f64) -> Split {
        Split {
            loss: self.loss,
            loss_mean: self.mean,
            loss_equiv: self.equiv,
            percent_equiv: self.percent,
            percent_low: self.interval.map(|(low, _)| low),
            percent_high: self.interval.map(|(_, high)| high),
            floor: 100.0 * floor / self.loss,
        }
    }
}

/// One term of a measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMeasured {
    /// Its parts.
    pub measured: Measured,
    /// `L_equiv` of the squared loss, whatever the loss.
    pub squared_equiv: f64,
    /// Mean squared size of the predictions.
    pub size: f64,
    /// Power of the untwisted predictions by rotation degree, `S_0..=S_6` over their size; empty
    /// where the design does not give it and where there is no size.
    pub spectrum: Vec<f64>,
    /// Parity error over the same size, where the design holds every rotation with its negative.
    pub parity: Option<f64>,
    /// Trained on, or reported only.
    pub role: Role,
}

impl TermMeasured {
    /// Squared equivariance error over mean squared size of the predictions; none where every
    /// prediction is zero.
    pub fn relative(&self) -> Option<f64> {
        (self.size > 0.0).then(|| self.squared_equiv / self.size)
    }

    /// `L_equiv` that rounding would leave in predictions of this size: `relative * size`, for a
    /// loss that is not squared times this term's own `L_equiv` over its squared error.
    pub(super) fn floor(&self, relative: f64) -> f64 {
        let exchange = if self.squared_equiv == 0.0 {
            1.0
        } else {
            self.measured.equiv / self.squared_equiv
        };
        (relative * self.size * exchange).abs()
    }
}
