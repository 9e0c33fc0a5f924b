//! Settings of training and measuring. Strict: an unknown key is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use twirl_core::{Design, Law, Precision, Symmetry};

use crate::error::RecordError;

/// Fewest bootstrap replicates: the 2.5 % point of an interval would lie outside of fewer.
const REPLICATES: usize = 40;

/// How an arm is trained and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Last step.
    pub steps: u64,
    /// Device seconds after which training stops earlier, if set.
    pub budget_seconds: Option<f64>,
    /// Samples of a step.
    pub batch: usize,
    /// Learning rate, unless a search finds it.
    pub learning_rate: f64,
    /// Update rule.
    pub optimizer: Optimizer,
    /// Course of the learning rate.
    pub schedule: Schedule,
    /// Largest gradient norm; larger gradients are scaled down. 0: no clipping.
    pub clip: f64,
    /// Decay of the exponential moving average of the weights. 0: none.
    pub ema: f64,
    /// Law of the rotations that augmented arms train on.
    pub augmentation: Law,
    /// Search for the learning rate before training.
    pub search: Option<Search>,
    /// Measurements.
    pub evaluation: Evaluation,
    /// Steps between checkpoints. 0: only by time, and at the end.
    pub checkpoint_every: u64,
    /// Wall seconds between checkpoints. 0: only by steps, and at the end.
    pub checkpoint_seconds: f64,
    /// Largest number of training items. 0: all.
    pub train_items: usize,
    /// What products of the model round their operands to, in training and in measuring.
    #[serde(skip_serializing_if = "Precision::is_full")]
    pub products: Precision,
    /// Less memory for more time: what is cheap in the forward pass is not kept for the backward pass, but
    /// computed again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gradient_checkpointing: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            steps: 10_000,
            budget_seconds: None,
            batch: 16,
            learning_rate: 1e-3,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            clip: 10.0,
            ema: 0.999,
            augmentation: Law::Haar,
            search: None,
            evaluation: Evaluation::default(),
            checkpoint_every: 500,
            checkpoint_seconds: 60.0,
            train_items: 0,
            products: Precision::default(),
            gradient_checkpointing: false,
        }
    }
}

/// Update rules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay.
    Adamw,
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Orthogonalised momentum for hidden matrices, `AdamW` for the rest. The update is scaled to
    /// the size of `AdamW`'s, so that one learning rate serves both.
    Muon,
    /// Sign of the momentum.
    Lion,
}

/// Update rule and its constants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimizer {
    /// The rule.
    pub kind: OptimizerKind,
    /// Decoupled weight decay (for `sgd`: added to the gradient).
    pub weight_decay: f64,
    /// Momentum of `sgd` and `muon`; first decay of `adamw` and `lion`.
    pub momentum: f64,
    /// Second decay of `adamw` and `lion`.
    pub second: f64,
    /// Added to the root of the second moment of `adamw`.
    pub epsilon: f64,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Adamw,
            weight_decay: 0.0,
            momentum: 0.9,
            second: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Courses of the learning rate by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// Constant after the warm-up.
    Constant,
    /// Half a cosine from the end of the warm-up to the last step.
    Cosine,
}

/// Course of the learning rate, counted in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The course.
    pub kind: ScheduleKind,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// Fraction of the learning rate at the last step of a cosine.
    pub last: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            kind: ScheduleKind::Cosine,
            warmup: 100,
            last: 0.01,
        }
    }
}

impl Schedule {
    /// Learning rate of a step (from 0) of a run of `steps`, for the peak `rate`.
    pub fn rate(&self, rate: f64, step: u64, steps: u64) -> f64 {
        if step < self.warmup {
            return rate * (step + 1) as f64 / self.warmup as f64;
        }
        match self.kind {
            ScheduleKind::Constant => rate,
            ScheduleKind::Cosine => {
                let span = steps.saturating_sub(self.warmup).max(1) as f64;
                let past = ((step - self.warmup) as f64 / span).min(1.0);
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * past).cos());
                rate * (self.last + (1.0 - self.last) * wave)
            }
        }
    }
}

/// Search for the learning rate: every candidate trains for the same number of steps from the
/// same initial weights, on the course of the run, and the one with the lowest validation loss is carried
/// over to the length of the run ([`SearchReport::rate`](crate::SearchReport::rate)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Candidates.
    pub rates: Vec<f64>,
    /// How many further candidates are tried, one after the other, while the best is the smallest or the
    /// largest.
    #[serde(default = "Search::default_further")]
    pub further: usize,
    /// Steps of each.
    pub steps: u64,
    /// Validation items on which they are compared.
    pub items: usize,
}

impl Search {
    /// The usual [`Search::further`]: a factor of 10,000 beyond a grid of half powers of ten.
    pub const FURTHER: usize = 8;

    fn default_further() -> usize {
        Self::FURTHER
    }

    /// The course of the rate over the steps of a search: that of the run, with a warm-up of no more than
    /// a fifth of them. A run that is annealed in the end bears a hotter rate than one that is not.
    pub fn schedule(&self, run: &Schedule) -> Schedule {
        Schedule {
            warmup: run.warmup.min(self.steps / 5),
            ..run.clone()
        }
    }
}

/// Which weights are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// The weights as trained.
    Raw,
    /// Their exponential moving average.
    Ema,
}

/// A further measurement at the end of a run, under rotations of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraMeasurement {
    /// Rotations of each item.
    pub design: Design,
    /// Proper rotations only, or their negatives too.
    #[serde(default)]
    pub symmetry: Symmetry,
}

/// When and how the symmetry is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// Held-out items. 0: all.
    pub items: usize,
    /// Draws of what is random in a batch beside the rotation, noise or flow time, for each item. A task
    /// without any sees the same in each.
    pub draws: usize,
    /// Rotations of each item in each draw.
    pub design: Design,
    /// Poses evaluated in one pass, which bounds memory: so many items at one rotation, or fewer items at
    /// several.
    pub batch: usize,
    /// Measurements per factor of ten in steps.
    pub per_decade: u32,
    /// Weights that are measured.
    pub weights: Weights,
    /// Bootstrap replicates.
    pub replicates: usize,
    /// Further measurements of the last weights, by name. Their figures are never mixed with those
    /// of `design`.
    pub companions: BTreeMap<String, ExtraMeasurement>,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            items: 256,
            draws: 1,
            design: Design::Iid { rotations: 8 },
            batch: 32,
            per_decade: 4,
            weights: Weights::Ema,
            replicates: 1000,
            companions: BTreeMap::new(),
        }
    }
}

impl TrainConfig {
    /// Weights that are measured: without an average, the raw ones.
    pub fn measured_weights(&self) -> Weights {
        if self.ema == 0.0 {
            Weights::Raw
        } else {
            self.evaluation.weights
        }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// One line: the key, the value, what is allowed.
    pub fn validate(&self) -> Result<(), RecordError> {
        let positive = [
            ("learning_rate", self.learning_rate),
            ("budget_seconds", self.budget_seconds.unwrap_or(1.0)),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(RecordError::Setting(format!(
                    "train.{name} is {value}; give a positive number"
                )));
            }
        }
        if !(0.0..1.0).contains(&self.ema) {
            return Err(RecordError::Setting(format!(
                "train.ema is {}; give 0 <= ema < 1",
                self.ema
            )));
        }
        for (name, value) in [
            ("clip", self.clip),
            ("checkpoint_seconds", self.checkpoint_seconds),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(RecordError::Setting(format!(
                    "train.{name} is {value}; give 0 or more"
                )));
            }
        }
        if self.batch == 0 || self.evaluation.batch == 0 {
            return Err(RecordError::Setting(
                "a batch of 0 samples; give at least 1".into(),
            ));
        }
        if self.evaluation.draws == 0 {
            return Err(RecordError::Setting(
                "train.evaluation.draws is 0; give at least 1".into(),
            ));
        }
        if self.evaluation.per_decade == 0 {
            return Err(RecordError::Setting(
                "train.evaluation.per_decade is 0; give at least 1".into(),
            ));
        }
        if self.evaluation.replicates < REPLICATES {
            return Err(RecordError::Setting(format!(
                "train.evaluation.replicates is {}; give at least {REPLICATES}",
                self.evaluation.replicates
            )));
        }
        if let Some(search) = &self.search
            && (search.rates.is_empty()
                || search.steps == 0
                || search.items == 0
                || search
                    .rates
                    .iter()
                    .any(|rate| !(rate.is_finite() && *rate > 0.0)))
        {
            return Err(RecordError::Setting(
                "train.search needs positive rates, steps and items; remove it to use learning_rate"
                    .into(),
            ));
        }
        for (name, companion) in &self.evaluation.companions {
            let place = format!("train.evaluation.companions.{name}.design");
            let valid = companion.design.validate(companion.symmetry);
            valid.map_err(|error| RecordError::Setting(format!("{place}: {error}")))?;
        }
        self.evaluation
            .design
            .validate(Symmetry::So3)
            .map_err(|error| RecordError::Setting(format!("train.evaluation.design: {error}")))
    }
}
