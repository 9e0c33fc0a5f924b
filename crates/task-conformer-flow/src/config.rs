//! Settings of the task: published presets by name, and what may differ from them.

use serde::{Deserialize, Serialize};
use twirl_core::Loss;
use twirl_harness::TaskError;

use crate::schedule::{Flow, Path, Prior, Target, TimeLaw, Weighting};

/// Integrators with equal steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// First order, one prediction per step.
    #[default]
    Euler,
    /// Second order (trapezoidal), two predictions per step.
    Heun,
}

/// Published set-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Harmonic prior, aligned; linear path with constant noise of 0.5 A; predicts x1; weight
    /// `(1 - min(t, 0.9))^-2`; t uniform (`DiTMC`).
    #[default]
    Ditmc,
    /// Normal prior, not aligned; linear path; predicts x1; weight `(1 - t)^-2` kept within
    /// 0.05 and 100; t of law Beta(1.8, 1) (TABASCO).
    Tabasco,
    /// Harmonic prior, aligned; bridge noise `0.1 sqrt(t (1 - t))`; predicts the velocity; mean
    /// length of an atom's residual; t uniform on 1e-4 to 1 - 1e-4 (ET-Flow).
    EtFlow,
}

impl Preset {
    /// What the preset stands for.
    pub fn flow(self) -> Flow {
        let ditmc = Flow {
            prior: Prior::Harmonic,
            prior_scale: 1.0,
            path: Path::Noisy,
            sigma: 0.5,
            time: TimeLaw::Uniform {
                low: 0.0,
                high: 1.0,
            },
            align: true,
            target: Target::X1,
            weighting: Weighting::InverseSquare { until: 0.9 },
            loss: Loss::Squared,
        };
        match self {
            Self::Ditmc => ditmc,
            Self::Tabasco => Flow {
                prior: Prior::Gaussian,
                path: Path::Linear,
                sigma: 0.0,
                time: TimeLaw::Beta {
                    alpha: 1.8,
                    beta: 1.0,
                },
                align: false,
                weighting: Weighting::Bounded {
                    low: 0.05,
                    high: 100.0,
                },
                ..ditmc
            },
            Self::EtFlow => Flow {
                path: Path::Bridge,
                sigma: 0.1,
                time: TimeLaw::Uniform {
                    low: 1e-4,
                    high: 1.0 - 1e-4,
                },
                target: Target::Velocity,
                weighting: Weighting::Uniform,
                loss: Loss::Norm,
                ..ditmc
            },
        }
    }
}

/// Settings of the conformer-flow task. Lengths in angstrom. A key that is left out is taken from
/// the preset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowConfig {
    /// Published set-up from which the following keys start.
    pub preset: Preset,
    /// Law of the source sample.
    pub prior: Option<Prior>,
    /// Size of the source sample: standard deviation of a coordinate (`gaussian`), or of a
    /// coordinate of a bond vector in a molecule without rings (`harmonic`).
    pub prior_scale: Option<f64>,
    /// How a state between source and conformer is made.
    pub path: Option<Path>,
    /// Size of the path's noise.
    pub sigma: Option<f64>,
    /// Law of the flow time.
    pub time: Option<TimeLaw>,
    /// Whether the source sample is turned onto the conformer.
    pub align: Option<bool>,
    /// What is predicted.
    pub target: Option<Target>,
    /// Weight of a sample by its time.
    pub weighting: Option<Weighting>,
    /// Loss of the length of an atom's residual.
    pub loss: Option<Loss>,
    /// Training conformers from which the second moments are estimated that networks are scaled by.
    /// 0: all.
    pub moment_items: usize,
    /// Held-out molecules for which conformers are generated after training. 0: none.
    pub closing_molecules: usize,
    /// Conformers generated of each.
    pub closing_samples: usize,
    /// Steps of the sampler.
    pub closing_steps: usize,
    /// Integrator of the sampler.
    pub closing_method: Method,
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            preset: Preset::Ditmc,
            prior: None,
            prior_scale: None,
            path: None,
            sigma: None,
            time: None,
            align: None,
            target: None,
            weighting: None,
            loss: None,
            moment_items: 256,
            closing_molecules: 24,
            closing_samples: 8,
            closing_steps: 20,
            closing_method: Method::Euler,
        }
    }
}

impl FlowConfig {
    /// The preset with the overrides in place, checked.
    ///
    /// # Errors
    /// One line: the key, its value, what is allowed.
    pub fn flow(&self) -> Result<Flow, TaskError> {
        let preset = self.preset.flow();
        let flow = Flow {
            prior: self.prior.unwrap_or(preset.prior),
            prior_scale: self.prior_scale.unwrap_or(preset.prior_scale),
            path: self.path.unwrap_or(preset.path),
            sigma: self.sigma.unwrap_or(preset.sigma),
            time: self.time.unwrap_or(preset.time),
            align: self.align.unwrap_or(preset.align),
            target: self.target.unwrap_or(preset.target),
            weighting: self.weighting.unwrap_or(preset.weighting),
            loss: self.loss.unwrap_or(preset.loss),
        };
        flow.validate()?;
        if self.closing_molecules > 0 && (self.closing_samples == 0 || self.closing_steps == 0) {
            return Err(TaskError::setting(
                "closing_samples and closing_steps",
                format!("are {} and {}", self.closing_samples, self.closing_steps),
                "give at least 1, or closing_molecules = 0 for no samples",
            ));
        }
        Ok(flow)
    }
}
