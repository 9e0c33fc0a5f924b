//! Figures that practitioners compare.

use burn::tensor::Tensor;
use twirl_harness::Score;

use crate::{Batch, Output, Scale};

/// meV in an eV.
pub(crate) const MILLI: f64 = 1e3;

/// Force errors over components, cosine between predicted and true forces over the atoms where neither
/// is zero, energy error per atom. All molecules' atoms count alike.
pub(crate) fn scores(scale: &Scale, output: &Output, batch: &Batch) -> Vec<Score> {
    let share: Tensor<3> = batch.share.clone().unsqueeze_dim(2);
    let real = share.greater_elem(0.0).float();
    let sum = |values: Tensor<3>| {
        let [molecules, atoms, components] = values.dims();
        let rows = values.reshape([molecules, atoms * components]);
        rows.sum_dim(1).squeeze_dim::<1>(1)
    };
    let error = (output.force.clone() - batch.force.clone()) * (real.clone() * scale.force * MILLI);
    let components = sum(real.clone()) * 3.0;
    let dot = (output.force.clone() * batch.force.clone()).sum_dim(2);
    let length = |vectors: &Tensor<3>| (vectors.clone() * vectors.clone()).sum_dim(2).sqrt();
    let lengths = length(&output.force) * length(&batch.force) * real;
    let undefined = lengths.clone().equal_elem(0.0);
    let cosine = (dot / lengths).mask_fill(undefined.clone(), 0.0);
    let mut scores = vec![
        Score {
            name: "force-mae",
            unit: "meV/A",
            numerator: sum(error.clone().abs()),
            denominator: components.clone(),
            root: false,
        },
        Score {
            name: "force-rmse",
            unit: "meV/A",
            numerator: sum(error.clone() * error),
            denominator: components,
            root: true,
        },
        Score {
            name: "force-cosine",
            unit: "",
            numerator: sum(cosine),
            denominator: sum(undefined.bool_not().float()),
            root: false,
        },
    ];
    if let Some(energy) = &batch.energy {
        let error = (output.energy.clone() - energy.clone()) * scale.energy * MILLI;
        let error = error.abs().flatten::<1>(0, 2);
        scores.push(Score {
            name: "energy-mae",
            unit: "meV/atom",
            denominator: error.ones_like(),
            numerator: error,
            root: false,
        });
    }
    scores
}
