//! Measurements of runs as points of a fit, and why some are none.

use twirl_compare::Run;
use twirl_record::Record;

use super::fit::Dot;
use crate::estimates::relative_error;
use crate::studies::percent::Trained;

/// What a figure is fitted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Against {
    /// `L / L0` along one run.
    Training,
    /// `L / L0` of variants at their last steps.
    Loss,
    /// Parameters.
    Parameters,
    /// Training items.
    Items,
}

impl Against {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Training => "L/L0 in training",
            Self::Loss => "L/L0 over variants",
            Self::Parameters => "parameters",
            Self::Items => "training items",
        }
    }

    /// The ends of the range over which the published claim is made.
    pub(super) fn published(self) -> &'static [f64] {
        match self {
            Self::Training | Self::Loss => &[],
            Self::Parameters => &[1e6, 4e8],
            Self::Items => &[500.0, 1e6],
        }
    }
}

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// `100 L_equiv / L` of the trained loss.
    Percent,
    /// `L_equiv / L0`. Its error over molecules is not in records: the interval is over seeds alone.
    EquivOfZero,
}

impl Figure {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::EquivOfZero => "L_equiv/L0",
        }
    }
}

/// A measurement of one seed.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) variant: String,
    pub(super) seed: u64,
    pub(super) step: u64,
    pub(super) parameters: usize,
    /// Training items.
    pub(super) items: usize,
    /// `L / L0`; not a number where that of zero is not known.
    pub(super) of_zero: f64,
    pub(super) equiv_of_zero: f64,
    pub(super) percent: f64,
    /// Percentage that rounding alone would be.
    pub(super) floor: f64,
    /// Standard error of the logarithm of the percentage over molecules.
    error: f64,
    /// Why the point is left out of every fit.
    pub(super) left_out: Option<&'static str>,
}

/// A point before the arm has learned: its percentage says nothing.
const NOT_LEARNED: &str = "has not learned";
/// A percentage that is rounding, or below zero by chance: it has no logarithm that says something.
pub(super) const AT_FLOOR: &str = "below ten times its floor";
/// Multiple of the floor, which is an order of magnitude, up to which a percentage is rounding.
const ROUNDING: f64 = 10.0;
/// A percentage without an interval.
const FEW_MOLECULES: &str = "too few molecules for an interval";

impl Point {
    /// The record of a run of an arm, whose data set has `all` training items.
    pub(super) fn of(trained: &Trained, run: &Run, record: &Record, all: usize) -> Self {
        let split = &record.split;
        let zero = record.loss_zero.unwrap_or(f64::NAN);
        let interval = split.interval();
        let unlearned = trained
            .yardstick
            .not_learned(split.loss, record.loss_zero)
            .is_some();
        let percent = split.percent_equiv;
        let left_out = if unlearned {
            Some(NOT_LEARNED)
        } else if percent <= ROUNDING * split.floor.max(0.0) {
            Some(AT_FLOOR)
        } else if interval.is_none() {
            Some(FEW_MOLECULES)
        } else {
            None
        };
        Self {
            variant: trained.variant.clone(),
            seed: run.manifest.job.seed,
            step: record.step,
            parameters: run.manifest.parameters,
            items: match run.manifest.job.train.train_items {
                0 => all,
                items => items,
            },
            of_zero: split.loss / zero,
            equiv_of_zero: split.loss_equiv / zero,
            percent,
            floor: split.floor,
            error: interval.map_or(f64::NAN, |ends| relative_error(percent, ends)),
            left_out,
        }
    }

    /// Where it lies on the axis of a fit.
    pub(super) fn x(&self, against: Against) -> f64 {
        match against {
            Against::Training | Against::Loss => self.of_zero,
            Against::Parameters => self.parameters as f64,
            Against::Items => self.items as f64,
        }
    }

    /// As a dot of a fit.
    pub(super) fn dot(&self, figure: Figure, against: Against) -> Dot {
        let x = self.x(against);
        match figure {
            Figure::Percent => Dot::new(x, self.percent, self.error),
            Figure::EquivOfZero => Dot::new(x, self.equiv_of_zero, 0.0),
        }
    }
}
