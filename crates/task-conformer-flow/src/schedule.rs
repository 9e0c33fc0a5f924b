//! The flow: times, states between source and conformer, targets, weights.

use rand::RngExt;
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};
use twirl_core::{Loss, Stream};
use twirl_harness::TaskError;

/// Law of the source sample `x0`, always centred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// Bonds are springs: `exp(-sum over bonds |x_i - x_j|^2 / (2 scale^2))`.
    Harmonic,
    /// Independent normal coordinates.
    Gaussian,
}

/// How a state `x_t` is made of source `x0`, conformer `x1` and normal noise `z`:
/// `x_t = (1 - t) x0 + t x1 + s(t) z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// `s = 0`.
    Linear,
    /// `s = sigma`.
    Noisy,
    /// `s = sigma sqrt(t (1 - t))`.
    Bridge,
}

/// Law of the flow time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeLaw {
    /// Uniform.
    Uniform {
        /// Least time.
        low: f64,
        /// Greatest time.
        high: f64,
    },
    /// Density proportional to `t^(alpha - 1) (1 - t)^(beta - 1)`.
    Beta {
        /// Exponent at 0.
        alpha: f64,
        /// Exponent at 1.
        beta: f64,
    },
}

/// What a network predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The conformer.
    X1,
    /// `d x_t / d t = x1 - x0 + s'(t) z`.
    Velocity,
}

/// Weight of a sample by its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Weighting {
    /// 1.
    Uniform,
    /// `(1 - min(t, until))^-2`.
    InverseSquare {
        /// Time from which the weight is constant.
        until: f64,
    },
    /// `(1 - t)^-2`, no less than `low` and no more than `high`.
    Bounded {
        /// Least weight.
        low: f64,
        /// Greatest weight.
        high: f64,
    },
}

/// A complete flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Law of the source sample.
    pub prior: Prior,
    /// Its size, angstrom.
    pub prior_scale: f64,
    /// States between source and conformer.
    pub path: Path,
    /// Size of the path's noise, angstrom.
    pub sigma: f64,
    /// Law of the time.
    pub time: TimeLaw,
    /// Whether the source sample is turned onto the conformer (a proper rotation).
    pub align: bool,
    /// What is predicted.
    pub target: Target,
    /// Weight by time.
    pub weighting: Weighting,
    /// Loss of the length of an atom's residual.
    pub loss: Loss,
}

impl TimeLaw {
    /// Draws a time.
    ///
    /// # Panics
    /// If the law was not validated.
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Self::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
            Self::Beta { alpha, beta } => Beta::new(alpha, beta)
                .expect("exponents were checked when the task was opened")
                .sample(stream),
        }
    }

    /// Least and greatest time: what a sampler integrates over.
    pub fn range(&self) -> [f64; 2] {
        match *self {
            Self::Uniform { low, high } => [low, high],
            Self::Beta { .. } => [0.0, 1.0],
        }
    }
}

impl Weighting {
    /// Weight at a time.
    pub fn at(self, time: f64) -> f64 {
        match self {
            Self::Uniform => 1.0,
            Self::InverseSquare { until } => (1.0 - time.min(until)).powi(-2),
            Self::Bounded { low, high } => (1.0 - time).powi(-2).clamp(low, high),
        }
    }
}

impl Flow {
    /// `s(t)`.
    pub fn noise(&self, time: f64) -> f64 {
        match self.path {
            Path::Linear => 0.0,
            Path::Noisy => self.sigma,
            Path::Bridge => self.sigma * (time * (1.0 - time)).sqrt(),
        }
    }

    /// `s'(t)`.
    pub fn noise_rate(&self, time: f64) -> f64 {
        match self.path {
            Path::Linear | Path::Noisy => 0.0,
            Path::Bridge => self.sigma * (0.5 - time) / (time * (1.0 - time)).sqrt(),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        let refuse = |name: &'static str, problem: String, remedy: &'static str| {
            Err(TaskError::setting(name, problem, remedy))
        };
        if !(self.prior_scale.is_finite() && self.prior_scale > 0.0) {
            return refuse(
                "prior_scale",
                format!("is {}", self.prior_scale),
                "give a positive length in angstrom",
            );
        }
        if !(self.sigma.is_finite() && self.sigma >= 0.0) {
            return refuse("sigma", format!("is {}", self.sigma), "give 0 or more");
        }
        let [low, high] = self.time.range();
        let law = match self.time {
            TimeLaw::Uniform { low, high } => 0.0 <= low && low < high && high <= 1.0,
            TimeLaw::Beta { alpha, beta } => [alpha, beta]
                .iter()
                .all(|value| value.is_finite() && *value > 0.0),
        };
        if !law {
            return refuse(
                "time",
                format!("is {:?}", self.time),
                "give 0 <= low < high <= 1, or positive exponents",
            );
        }
        let open = low > 0.0 && high < 1.0;
        if self.path == Path::Bridge && self.target == Target::Velocity && !open {
            return refuse(
                "time",
                format!(
                    "from {low} to {high} holds times at which the bridge's velocity is infinite"
                ),
                "give uniform times with low > 0 and high < 1",
            );
        }
        let weighting = match self.weighting {
            Weighting::Uniform => true,
            Weighting::InverseSquare { until } => (0.0..1.0).contains(&until),
            Weighting::Bounded { low, high } => {
                low >= 0.0 && low <= high && high > 0.0 && high.is_finite()
            }
        };
        if !weighting {
            return refuse(
                "weighting",
                format!("is {:?}", self.weighting),
                "give 0 <= until < 1, or 0 <= low <= high",
            );
        }
        self.loss.validate().map_err(|error| {
            TaskError::setting("loss", error.to_string(), "give squared, norm or huber")
        })
    }
}

/// Second moments of a coordinate of `x0` and `x1`, square angstrom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// `E x0^2`.
    pub source: f64,
    /// `E x1^2`.
    pub conformer: f64,
    /// `E x0 x1`, positive where sources are aligned.
    pub cross: f64,
}

/// How a network's input and output are scaled at a time: `prediction = skip x_t + output F(input
/// x_t)`. The best linear guess from `x_t` is taken out, and what is left has unit variance, as in
/// EDM (arXiv 2206.00364). All three are scalars, so no arm gains or loses symmetry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gains {
    /// `1 / sqrt(E x_t^2)`.
    pub input: f64,
    /// `E y x_t / E x_t^2` for the target y.
    pub skip: f64,
    /// Root mean square of `y - skip x_t`.
    pub output: f64,
}

impl Flow {
    /// Gains at a time.
    pub fn gains(&self, moments: &Moments, time: f64) -> Gains {
        let Moments {
            source,
            conformer,
            cross,
        } = *moments;
        let (rest, noise, rate) = (1.0 - time, self.noise(time), self.noise_rate(time));
        let state = rest * rest * source
            + 2.0 * time * rest * cross
            + time * time * conformer
            + noise * noise;
        let (size, with_state) = match self.target {
            Target::X1 => (conformer, rest * cross + time * conformer),
            Target::Velocity => (
                source - 2.0 * cross + conformer + rate * rate,
                rest * (cross - source) + time * (conformer - cross) + noise * rate,
            ),
        };
        // Rounding can make the variance of nothing left (t = 1 without noise) negative.
        let left = (size - with_state * with_state / state).max(0.0);
        Gains {
            input: state.sqrt().recip(),
            skip: with_state / state,
            output: left.sqrt(),
        }
    }

    /// The target's value of one coordinate.
    pub fn target_of(&self, time: f64, source: f64, conformer: f64, noise: f64) -> f64 {
        match self.target {
            Target::X1 => conformer,
            Target::Velocity => conformer - source + self.noise_rate(time) * noise,
        }
    }
}
