//! `twirlbench sample`: conformers of any molecule from a trained arm.

use std::sync::Arc;

use burn::tensor::Device;
use twirl_data::{Split, molecule_from_smiles};
use twirl_harness::{Arm, Generate, GenerateRequest, Generated, Task, TaskError};

use crate::config::Method;
use crate::sampler::{Plan, sample, start};
use crate::schedule::Prior;
use crate::{ConformerFlow, Topology};

impl Generate for ConformerFlow {
    /// Conformers of the requested SMILES, hydrogens added by valence; without one, of the first
    /// held-out molecule.
    fn generate<A: Arm<Self>>(
        &self,
        model: &A,
        request: &GenerateRequest,
        device: &Device,
    ) -> Result<Vec<Generated>, TaskError> {
        let plan = self.plan(request)?;
        let (name, topology) = self.requested(request.smiles.as_deref())?;
        let sources: Vec<_> = (0..request.count as u64)
            .map(|number| {
                let source = start(self, &topology, request.seed, [u64::MAX, number]);
                (topology.as_ref(), source)
            })
            .collect();
        let made = sample(self, model, &sources, plan, device)?;
        let conformer = |(number, positions): (usize, Vec<[f64; 3]>)| Generated {
            comment: format!(
                "{name} conformer {number} seed {} {:?} {} steps",
                request.seed, plan.method, plan.steps
            ),
            atomic_numbers: topology.species().to_vec(),
            positions,
            bonds: topology.bonds().to_vec(),
            ..Generated::default()
        };
        Ok(made.into_iter().enumerate().map(conformer).collect())
    }
}

impl ConformerFlow {
    fn plan(&self, request: &GenerateRequest) -> Result<Plan, TaskError> {
        let method = match request.method.as_deref() {
            None => self.config().closing_method,
            Some("euler") => Method::Euler,
            Some("heun") => Method::Heun,
            Some(other) => {
                return Err(TaskError::setting(
                    "method",
                    format!("{other} is not a sampler of {}", Self::NAME),
                    "give euler or heun",
                ));
            }
        };
        let steps = request.steps.unwrap_or(self.config().closing_steps);
        if steps == 0 {
            return Err(TaskError::setting("steps", "is 0", "give at least 1"));
        }
        Ok(Plan { method, steps })
    }

    fn requested(&self, smiles: Option<&str>) -> Result<(String, Arc<Topology>), TaskError> {
        let Some(smiles) = smiles else {
            let molecule = self.data().molecule(self.data().split(Split::Test)[0]);
            let known = &self.data().molecules()[molecule];
            let name = known.smiles.as_ref().unwrap_or(&known.formula).clone();
            return Ok((name, self.topology(molecule)));
        };
        let refuse = |problem: String, remedy: &str| {
            TaskError::setting("smiles", format!("{smiles}: {problem}"), remedy)
        };
        let molecule = molecule_from_smiles(smiles)
            .map_err(|problem| refuse(problem, "correct the SMILES"))?;
        let unknown: Vec<&str> = molecule
            .atomic_numbers
            .iter()
            .filter(|number| !self.data().elements().contains(number))
            .filter_map(|&number| twirl_data::elements::symbol(number))
            .collect();
        if !unknown.is_empty() {
            return Err(refuse(
                format!("element {} was not trained on", unknown[0]),
                "train on a data set that holds it",
            ));
        }
        let topology = Topology::new(&molecule.atomic_numbers, &molecule.bonds);
        if self.flow().prior == Prior::Harmonic && !topology.is_connected() {
            return Err(refuse(
                "is in pieces, so the harmonic prior is infinite".to_owned(),
                "give one piece, or train with prior = \"gaussian\"",
            ));
        }
        Ok((smiles.to_owned(), Arc::new(topology)))
    }
}
