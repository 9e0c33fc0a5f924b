//! Dense layers and two-layer perceptrons.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::{Activation, Init, matmul};

/// `x W + b` on the last axis.
#[derive(Module, Debug)]
pub struct Dense {
    weight: Param<Tensor<2>>,
    bias: Option<Param<Tensor<1>>>,
}

impl Dense {
    /// Weight `[inputs, outputs]` uniform on `+-sqrt(6 / (inputs + outputs))` (Glorot and Bengio
    /// 2010); the bias, if any, starts at 0.
    pub fn new(init: &mut Init, inputs: usize, outputs: usize, bias: bool) -> Self {
        let limit = (6.0 / (inputs + outputs) as f64).sqrt();
        Self {
            weight: init.uniform([inputs, outputs], limit),
            bias: bias.then(|| init.zeros([outputs])),
        }
    }

    /// Weight and bias 0: the layer starts out with no effect.
    pub fn zeroed(init: &mut Init, inputs: usize, outputs: usize, bias: bool) -> Self {
        Self {
            weight: init.zeros([inputs, outputs]),
            bias: bias.then(|| init.zeros([outputs])),
        }
    }

    /// `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Panics
    /// If the last axis is not `inputs`.
    #[must_use]
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let weight = self.weight.val();
        let [inputs, outputs] = weight.dims();
        let mut dims = input.dims();
        assert_eq!(dims[D - 1], inputs, "Dense: last axis of {dims:?}");
        let rows = dims[..D - 1].iter().product();
        let mut output = matmul(input.reshape([rows, inputs]), weight);
        if let Some(bias) = &self.bias {
            output = output + bias.val().unsqueeze();
        }
        dims[D - 1] = outputs;
        output.reshape(dims)
    }
}

/// Dense layer, activation, dense layer; both with bias.
#[derive(Module, Debug)]
pub struct Mlp {
    inner: Dense,
    outer: Dense,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    /// Widths are `[inputs, hidden, outputs]`.
    pub fn new(init: &mut Init, widths: [usize; 3], activation: Activation) -> Self {
        let [inputs, hidden, outputs] = widths;
        Self {
            inner: Dense::new(init, inputs, hidden, true),
            outer: Dense::new(init, hidden, outputs, true),
            activation,
        }
    }

    /// As [`Mlp::new`] with the second layer 0, for the last layer of a residual branch.
    pub fn zeroed(init: &mut Init, widths: [usize; 3], activation: Activation) -> Self {
        let [inputs, hidden, outputs] = widths;
        Self {
            inner: Dense::new(init, inputs, hidden, true),
            outer: Dense::zeroed(init, hidden, outputs, true),
            activation,
        }
    }

    /// `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Panics
    /// If the last axis is not `inputs`.
    #[must_use]
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let hidden = self.activation.forward(self.inner.forward(input));
        self.outer.forward(hidden)
    }
}
