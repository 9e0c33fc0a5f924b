//! The task: batches, their rotation, and the loss.

use burn::tensor::{Device, Tensor};
use twirl_core::Loss;
use twirl_data::{DataError, DataSet, Embedded};
use twirl_harness::{
    Arm, BatchPart, BayesError, Draw, FinalFigures, Role, Rotations, Score, Task, TaskError, Term,
};

use crate::batch::{Batch, Host, Output, Sample, TIME_BINS};
use crate::conformer_flow::{ConformerFlow, Point};
use crate::schedule::Target;
use crate::{Equivariant, FlowConfig, bayes, closing, scores};

/// Names of the terms that hold the trained loss in a quarter of the times.
const BIN_NAMES: [&str; TIME_BINS] = [
    "time 0.00-0.25",
    "time 0.25-0.50",
    "time 0.50-0.75",
    "time 0.75-1.00",
];

impl Task for ConformerFlow {
    const NAME: &'static str = "conformer-flow";
    const ABOUT: &'static str = "conformers of a molecule from its bond graph, by flow matching";
    type Config = FlowConfig;
    type Host = Host;
    type Batch = Batch;
    type Output = Output;
    type Reference = Equivariant;

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Conformers)
    }

    fn open(config: &FlowConfig, data: &DataSet) -> Result<Self, TaskError> {
        Self::new(config, data)
    }

    fn data(&self) -> &DataSet {
        &self.data
    }

    fn batch(&self, items: &[usize], draw: Draw) -> Result<Host, TaskError> {
        let sample = |&item: &usize| {
            let topology = self.topology(self.data.molecule(item));
            let conformer = self.conformer(item);
            let drawn = self.draw(&topology, &conformer, &mut draw.stream(item));
            let time = drawn.time;
            let Point { state, target } = self.point(&conformer, &drawn);
            Sample {
                topology,
                time,
                gains: self.flow.gains(&self.moments, time),
                weight: self.flow.weighting.at(time),
                state,
                target,
            }
        };
        Ok(Host(items.iter().map(sample).collect()))
    }

    fn load(&self, host: &Host, device: &Device) -> Result<Batch, TaskError> {
        Ok(Batch::new(host, device))
    }

    fn rotate(&self, batch: &Batch, rotations: &Rotations) -> Result<Batch, TaskError> {
        let mut turned = batch.clone();
        turned.state.positions = rotations.rotate(batch.state.positions.clone());
        turned.target = rotations.rotate(batch.target.clone());
        Ok(turned)
    }

    fn turning<'a>(&self, batch: &'a mut Batch) -> Vec<(&'static str, &'a mut dyn BatchPart)> {
        vec![
            ("state", &mut batch.state.positions),
            ("target", &mut batch.target),
        ]
    }

    fn untwist(&self, output: Output, rotations: &Rotations) -> Output {
        Output(rotations.unrotate(output.0))
    }

    fn terms(&self, output: &Output, batch: &Batch) -> Vec<Term> {
        let term = |name, role, loss: Loss, weight: Tensor<2>| {
            // The squared loss is a mean over components, the others over atoms.
            let divisor = if loss == Loss::Squared { 3.0 } else { 1.0 };
            Term {
                name,
                role,
                loss,
                prediction: output.0.clone(),
                target: batch.target.clone(),
                weight: batch.graphs.share.clone() * weight * (1.0 / divisor),
            }
        };
        let (train, squared, norm) = match self.flow.target {
            Target::X1 => ("x1", "x1-squared", "x1-norm"),
            Target::Velocity => ("velocity", "velocity-squared", "velocity-norm"),
        };
        let loss = self.flow.loss;
        let one = batch.weight.ones_like();
        let mut terms = vec![
            term(train, Role::Train, loss, batch.weight.clone()),
            term(squared, Role::Report, Loss::Squared, one.clone()),
            term(norm, Role::Report, Loss::Norm, one),
        ];
        for (bin, name) in BIN_NAMES.into_iter().enumerate() {
            let inside = batch.bins.clone().narrow(1, bin, 1);
            let weight = batch.weight.clone() * inside;
            terms.push(term(name, Role::Report, loss, weight));
        }
        terms
    }

    fn scores(&self, output: &Output, batch: &Batch) -> Vec<Score> {
        scores::scores(output, batch)
    }

    fn bayes_error(&self, items: &[usize], draws: &[Draw]) -> Result<BayesError, TaskError> {
        Ok(bayes::error_of_set(self, items, draws))
    }

    fn closing<A: Arm<Self>>(
        &self,
        model: &A,
        seed: u64,
        device: &Device,
    ) -> Result<FinalFigures, TaskError> {
        closing::closing(self, model, seed, device)
    }
}
