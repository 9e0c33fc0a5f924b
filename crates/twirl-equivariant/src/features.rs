//! What backbones give, what they share, and how predictions are read out.

use burn::module::Module;
use burn::tensor::Tensor;
use twirl_layers::{Activation, BesselBasis, Init, Mlp};

use crate::cloud::Edges;

/// Features of the A atoms of a batch.
#[derive(Debug, Clone)]
pub struct Features {
    /// `[A, width]`, unchanged by rotations.
    pub scalars: Tensor<2>,
    /// `[A, 3, width]`, turning with the molecule.
    pub vectors: Tensor<3>,
}

/// Bessel functions and a constant, all times the envelope: `[E, count + 1]`.
///
/// A dense layer without bias on these is a smooth function of the distance that ends at the
/// cutoff and is 0 at empty slots.
pub(crate) fn radial(edges: &Edges, count: usize, cutoff: f64) -> Tensor<2> {
    let basis = BesselBasis::new(count, cutoff).forward(edges.distance.clone());
    let constant = edges.distance.ones_like();
    Tensor::cat(vec![basis, constant], 1) * edges.envelope.clone()
}

/// One scalar per atom: a two-layer perceptron of the scalars.
#[derive(Module, Debug)]
pub struct ScalarHead {
    mlp: Mlp,
}

impl ScalarHead {
    /// Reads features of the given width.
    pub fn new(init: &mut Init, width: usize) -> Self {
        Self {
            mlp: Mlp::new(init, [width, width, 1], Activation::Silu),
        }
    }

    /// `[A, 1]`.
    #[must_use]
    pub fn forward(&self, features: &Features) -> Tensor<2> {
        self.mlp.forward(features.scalars.clone())
    }
}

/// One vector per atom: `sum_c gate_c(s) v_c / sqrt(width)` with gates from a two-layer perceptron
/// of the scalars. There is no bias, which no rotation could leave alone.
#[derive(Module, Debug)]
pub struct VectorHead {
    gate: Mlp,
}

impl VectorHead {
    /// Reads features of the given width.
    pub fn new(init: &mut Init, width: usize) -> Self {
        Self {
            gate: Mlp::new(init, [width, width, width], Activation::Silu),
        }
    }

    /// `[A, 3]`.
    #[must_use]
    pub fn forward(&self, features: &Features) -> Tensor<2> {
        let [atoms, _, width] = features.vectors.dims();
        let gate = self.gate.forward(features.scalars.clone());
        let gated = features.vectors.clone() * gate.unsqueeze_dim(1);
        (gated.sum_dim(2) * (1.0 / (width as f64).sqrt())).reshape([atoms, 3])
    }
}
