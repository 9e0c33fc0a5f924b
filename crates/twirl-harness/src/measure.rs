//! The measurement: losses at many rotations, split into their parts, over held-out molecules.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use twirl_core::{
    CoreError, Design, Interval, Loss, Purpose, Rotation, Samples, Stream, Symmetry, Tally, energy,
    split,
};

use crate::record::{Split, TermRecord};
use crate::{Arm, Draw, Evaluation, Role, Rotations, RunError, Task};

/// Which molecules, rotations and noise a measurement uses: the same for every arm and step.
#[derive(Debug, Clone)]
pub struct Plan {
    items: Vec<usize>,
    batch: usize,
    design: Design,
    replicates: usize,
    seed: u64,
    by_item: bool,
}

/// Below this number of molecules, frames are the units of the bootstrap.
const FEW_MOLECULES: usize = 10;

impl Plan {
    /// Measures `items` as `evaluation` says; rotations and noise are functions of `seed` and
    /// item alone. The items are thinned evenly to `evaluation.items`.
    pub fn new<T: Task>(task: &T, items: &[usize], evaluation: &Evaluation, seed: u64) -> Self {
        let wanted = match evaluation.items {
            0 => items.len(),
            wanted => wanted.min(items.len()),
        };
        let items: Vec<usize> = (0..wanted)
            .map(|index| items[index * items.len() / wanted])
            .collect();
        let mut molecules: Vec<usize> = items.iter().map(|&i| task.data().molecule(i)).collect();
        molecules.sort_unstable();
        molecules.dedup();
        Self {
            items,
            batch: evaluation.batch,
            design: evaluation.design,
            replicates: evaluation.replicates,
            seed,
            by_item: molecules.len() < FEW_MOLECULES,
        }
    }

    /// Rotations of each item.
    pub fn rotations(&self) -> usize {
        self.design.rotations(Symmetry::So3)
    }

    /// Items measured.
    pub fn items(&self) -> &[usize] {
        &self.items
    }

    /// The unit of the bootstrap that an item belongs to.
    fn unit<T: Task>(&self, task: &T, item: usize) -> usize {
        if self.by_item {
            item
        } else {
            task.data().molecule(item)
        }
    }

    fn draw(&self, item: usize) -> Result<Vec<Rotation>, CoreError> {
        let mut stream = Stream::new(self.seed, Purpose::Evaluate, [item as u64, 0]);
        self.design.draw(&mut stream, Symmetry::So3)
    }
}

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
    pub percent: Interval,
}

impl Measured {
    fn record(&self, reference: &Self) -> Split {
        Split {
            loss: self.loss,
            loss_mean: self.mean,
            loss_equiv: self.equiv,
            percent_equiv: self.percent.value,
            percent_low: self.percent.low,
            percent_high: self.percent.high,
            floor: 100.0 * reference.equiv.abs() / self.loss,
        }
    }
}

/// One term of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TermMeasured {
    /// Its parts.
    pub measured: Measured,
    /// Squared equivariance error over mean squared size of the predictions.
    pub relative: f64,
    /// Trained on, or reported only.
    pub role: Role,
}

/// A figure beside the loss.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreValue {
    /// Unit.
    pub unit: &'static str,
    /// Value over all items and rotations.
    pub value: f64,
}

/// The result of [`measure`].
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The training loss.
    pub total: Measured,
    /// Its terms and the reported ones.
    pub terms: BTreeMap<&'static str, TermMeasured>,
    /// Figures beside the loss.
    pub scores: BTreeMap<&'static str, ScoreValue>,
    /// Rotations of each item.
    pub rotations: usize,
    /// Units of the bootstrap: molecules, or frames where molecules are few.
    pub molecules: usize,
}

impl Measurement {
    /// The training loss against the numerical floor.
    pub fn split(&self, reference: &Self) -> Split {
        self.total.record(&reference.total)
    }

    /// The terms against the numerical floor.
    pub fn term_records(&self, reference: &Self) -> BTreeMap<String, TermRecord> {
        let record = |(&name, term): (&&'static str, &TermMeasured)| {
            let split = term.measured.record(&reference.terms[name].measured);
            let trained = term.role == Role::Train;
            (
                name.to_owned(),
                TermRecord {
                    split,
                    relative_equiv: term.relative,
                    trained,
                },
            )
        };
        self.terms.iter().map(record).collect()
    }

    /// The scores as `name (unit)`.
    pub fn score_records(&self) -> BTreeMap<String, f64> {
        let record = |(name, score): (&&'static str, &ScoreValue)| {
            let name = if score.unit.is_empty() {
                (*name).to_owned()
            } else {
                format!("{name} ({})", score.unit)
            };
            (name, score.value)
        };
        self.scores.iter().map(record).collect()
    }
}

/// What is kept of a term while the rotations of a batch are gone through.
struct Stack {
    name: &'static str,
    role: Role,
    loss: Loss,
    /// `[blocks, dim]`
    extent: [usize; 2],
    target: Vec<f64>,
    weight: Vec<f64>,
    /// One `[batch, blocks, dim]` per rotation.
    predictions: Vec<Vec<f64>>,
}

impl Stack {
    /// Residuals and predictions of one molecule, both `[rotations, blocks, dim]`, and weights.
    fn molecule(&self, index: usize) -> (Vec<f64>, Vec<f64>, &[f64]) {
        let [blocks, dim] = self.extent;
        let row = index * blocks * dim..(index + 1) * blocks * dim;
        let target = &self.target[row.clone()];
        let predictions: Vec<f64> = self
            .predictions
            .iter()
            .flat_map(|values| &values[row.clone()])
            .copied()
            .collect();
        let residuals = predictions
            .iter()
            .zip(target.iter().cycle())
            .map(|(prediction, target)| prediction - target)
            .collect();
        (
            residuals,
            predictions,
            &self.weight[index * blocks..(index + 1) * blocks],
        )
    }
}

/// Columns of the tally: three of the whole, then five of each term.
const OF_TOTAL: usize = 3;
const OF_TERM: usize = 5;

/// Measures a model: every item at every rotation of the plan, untwisted, split and averaged.
///
/// # Errors
/// If a batch cannot be made, or a prediction is not finite: the error names item and rotation.
#[expect(
    clippy::too_many_lines,
    clippy::missing_panics_doc,
    reason = "one pass in reading order: turn, stack, tally, finish; the tally is made before use"
)]
pub fn measure<T: Task, A: Arm<T>>(
    task: &T,
    model: &A,
    plan: &Plan,
    device: &Device,
) -> Result<Measurement, RunError> {
    let core = |source| RunError::Measure { step: 0, source };
    let mut tally: Option<Tally> = None;
    let mut heads: Vec<(&'static str, Role)> = Vec::new();
    let mut scores: BTreeMap<&'static str, (&'static str, bool, f64, f64)> = BTreeMap::new();
    for items in plan.items.chunks(plan.batch) {
        let drawn: Vec<Vec<Rotation>> = items
            .iter()
            .map(|&item| plan.draw(item))
            .collect::<Result<_, _>>()
            .map_err(core)?;
        let host = task.batch(items, Draw::measuring(plan.seed))?;
        let batch = task.load(&host, device);
        let mut stacks: Vec<Stack> = Vec::new();
        for turn in 0..plan.rotations() {
            let chosen = drawn.iter().map(|rotations| rotations[turn]).collect();
            let rotations = Rotations::new(chosen, device);
            let output = task.untwist(model.predict(&task.rotate(&batch, &rotations)), &rotations);
            for (index, term) in task.terms(&output, &batch).into_iter().enumerate() {
                let [_, blocks, dim] = term.prediction.dims();
                if turn == 0 {
                    stacks.push(Stack {
                        name: term.name,
                        role: term.role,
                        loss: term.loss,
                        extent: [blocks, dim],
                        target: host_values(term.target),
                        weight: host_values(term.weight),
                        predictions: Vec::with_capacity(plan.rotations()),
                    });
                }
                stacks[index].predictions.push(host_values(term.prediction));
            }
            for score in task.scores(&output, &batch) {
                let entry = scores
                    .entry(score.name)
                    .or_insert((score.unit, score.root, 0.0, 0.0));
                entry.2 += host_values(score.numerator).iter().sum::<f64>();
                entry.3 += host_values(score.denominator).iter().sum::<f64>();
            }
        }
        if tally.is_none() {
            heads = stacks
                .iter()
                .map(|stack| (stack.name, stack.role))
                .collect();
            let columns = OF_TOTAL + OF_TERM * stacks.len();
            tally = Some(Tally::new(plan.replicates, plan.seed, columns).map_err(core)?);
        }
        let tally = tally.as_mut().expect("made above");
        for (index, &item) in items.iter().enumerate() {
            let values = columns(&stacks, index, &plan.design).map_err(core)?;
            tally
                .add(plan.unit(task, item) as u64, 1.0, &values)
                .map_err(core)?;
        }
    }
    let Some(tally) = tally else {
        return Err(RunError::Config(format!(
            "data set {}: no item to measure; give a data set with a test part",
            task.data().name()
        )));
    };
    let measured = |first: usize| -> Result<Measured, CoreError> {
        let percent = tally.ratio(first + 2, first)?;
        Ok(Measured {
            loss: tally.mean(first)?,
            mean: tally.mean(first + 1)?,
            equiv: tally.mean(first + 2)?,
            percent: Interval {
                value: 100.0 * percent.value,
                low: 100.0 * percent.low,
                high: 100.0 * percent.high,
            },
        })
    };
    let mut terms = BTreeMap::new();
    for (index, &(name, role)) in heads.iter().enumerate() {
        let first = OF_TOTAL + OF_TERM * index;
        let relative =
            tally.mean(first + 3).map_err(core)? / tally.mean(first + 4).map_err(core)?;
        let measured = measured(first).map_err(core)?;
        terms.insert(
            name,
            TermMeasured {
                measured,
                relative,
                role,
            },
        );
    }
    let finish = |(name, (unit, root, numerator, denominator)): (_, (_, bool, f64, f64))| {
        let ratio = numerator / denominator;
        (
            name,
            ScoreValue {
                unit,
                value: if root { ratio.sqrt() } else { ratio },
            },
        )
    };
    let mut units: Vec<usize> = plan
        .items
        .iter()
        .map(|&item| plan.unit(task, item))
        .collect();
    units.sort_unstable();
    units.dedup();
    Ok(Measurement {
        total: measured(0).map_err(core)?,
        terms,
        scores: scores.into_iter().map(finish).collect(),
        rotations: plan.rotations(),
        molecules: units.len(),
    })
}

/// The tally's values for one molecule.
fn columns(stacks: &[Stack], index: usize, design: &Design) -> Result<Vec<f64>, CoreError> {
    let mut values = vec![0.0; OF_TOTAL];
    for stack in stacks {
        let (residuals, predictions, weights) = stack.molecule(index);
        let [blocks, dim] = stack.extent;
        let rotations = stack.predictions.len();
        let samples = Samples::new(rotations, blocks, dim, &residuals, weights)?;
        let parts = split(design, Symmetry::So3, stack.loss, &samples)?;
        let squared = if stack.loss == Loss::Squared {
            parts
        } else {
            split(design, Symmetry::So3, Loss::Squared, &samples)?
        };
        let predictions = Samples::new(rotations, blocks, dim, &predictions, weights)?;
        if stack.role == Role::Train {
            values[0] += parts.loss;
            values[1] += parts.mean;
            values[2] += parts.equiv;
        }
        let size = energy(&predictions)?;
        values.extend([parts.loss, parts.mean, parts.equiv, squared.equiv, size]);
    }
    Ok(values)
}

fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
