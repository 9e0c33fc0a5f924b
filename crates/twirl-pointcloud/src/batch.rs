//! Batches on the host and on the device.

use burn::tensor::Tensor;
use twirl_equivariant::{Cloud, NeighbourList};

use crate::label::{Kind, Label, Per};

/// One molecule of a batch.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) item: usize,
    pub(crate) neighbours: NeighbourList,
    /// Of every label, normalised.
    pub(crate) values: Vec<Vec<f64>>,
}

/// A batch on the host: neighbour lists are made here, before any rotation.
#[derive(Debug)]
pub struct Host(pub(crate) Vec<Sample>);

/// A batch on the device; what is given by molecule and atom is padded to the N atoms of the largest.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Species, positions and neighbours.
    pub cloud: Cloud,
    /// What is predicted.
    pub labels: &'static [Label],
    /// The labels, normalised, `[batch, N or 1, 3 or 1]`; 0 at padding.
    pub targets: Vec<Tensor<3>>,
    /// `1 / atoms` of the molecule at its atoms, 0 at padding `[batch, N]`.
    pub share: Tensor<2>,
}

impl Batch {
    /// Numbers that an arm predicts for every atom.
    pub(crate) fn outputs(labels: &[Label]) -> usize {
        labels.iter().map(|label| label.kind.components()).sum()
    }

    /// Values of all atoms `[A, 3 or 1]` as a label has them: per atom, or their mean over the
    /// molecule.
    pub(crate) fn as_label(&self, label: &Label, values: Tensor<2>) -> Tensor<3> {
        match label.per {
            Per::Atom => self.cloud.padded(values),
            Per::Molecule => self.cloud.mean(values),
        }
    }

    /// Weights of a label's blocks, which sum to 1 over a molecule: `[batch, N or 1]`.
    pub(crate) fn weight(&self, label: &Label) -> Tensor<2> {
        match label.per {
            Per::Atom => self.share.clone(),
            Per::Molecule => self.share.clone().narrow(1, 0, 1).ones_like(),
        }
    }

    /// The targets that are vectors.
    pub(crate) fn vectors_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Tensor<3>)> {
        let all = self.labels.iter().zip(&mut self.targets);
        let vectors = all.filter(|(label, _)| label.kind == Kind::Vector);
        vectors.map(|(label, target)| (label.name, target))
    }
}
