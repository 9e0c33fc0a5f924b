//! Molecules for `twirlbench sample`.

use burn::tensor::Device;
use twirl_harness::{Arm, Generate, GenerateRequest, Generated, TaskError};

use crate::VoxelDenoise;
use crate::bonds::bonds;
use crate::peaks::find_atoms;
use crate::walk_jump::Walk;

const METHOD: &str = "walk-jump";

impl Generate for VoxelDenoise {
    fn generate<A: Arm<Self>>(
        &self,
        model: &A,
        request: &GenerateRequest,
        device: &Device,
    ) -> Result<Vec<Generated>, TaskError> {
        if let Some(smiles) = &request.smiles {
            let problem = format!("{smiles} is given, but the model makes molecules of its own");
            return Err(TaskError::setting("smiles", problem, "leave it out"));
        }
        if let Some(method) = request.method.as_deref().filter(|method| *method != METHOD) {
            let problem = format!("{method} is not a sampler of this task");
            return Err(TaskError::setting(
                "method",
                problem,
                format!("give {METHOD}"),
            ));
        }
        let config = &self.config().closing;
        let walk = Walk {
            steps: request.steps.unwrap_or(config.steps),
            step: config.step,
            friction: config.friction,
            seed: request.seed,
        };
        let grids = walk.run(self, model, request.count, device);
        let molecule = |(index, grid): (usize, &Vec<f32>)| {
            let atoms = find_atoms(grid, self.elements(), self.lattice(), config.peak);
            Generated {
                comment: format!(
                    "{METHOD} sample {index}, seed {}, {} steps; bonds by distance, orders not known",
                    request.seed, walk.steps
                ),
                bonds: bonds(&atoms),
                atomic_numbers: atoms.iter().map(|atom| atom.number).collect(),
                positions: atoms.iter().map(|atom| atom.position).collect(),
                ..Generated::default()
            }
        };
        Ok(grids.iter().enumerate().map(molecule).collect())
    }
}
