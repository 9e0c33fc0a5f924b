//! Dense layers and two-layer perceptrons.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::Init;
use crate::flex::on_flex;

/// A smooth point-wise nonlinearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x / (1 + exp(-x))`.
    #[default]
    Silu,
    /// `x Phi(x)` with the normal distribution function, not its tanh approximation.
    Gelu,
}

impl Activation {
    /// Applies the function to every entry.
    #[must_use]
    pub fn forward<const D: usize>(self, input: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => activation::silu(input),
            Self::Gelu if on_flex(&input.device()) => activation::gelu(input),
            Self::Gelu => normal_gelu(input),
        }
    }
}

/// GELU by the error function, whose derivative is exact. burn 0.22.1 differentiates its `gelu`
/// exactly on the `flex` device only: on graphics devices the backward pass is that of the tanh
/// approximation while the forward pass is not, which put gradients off by 2e-4.
fn normal_gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let twice_phi = (input.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
    input * twice_phi * 0.5
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use twirl_core::tolerance;

    use super::*;

    #[test]
    fn both_forms_of_gelu_and_their_gradients_agree() {
        let points: Vec<f32> = (-40..=40).map(|place| place as f32 / 8.0).collect();
        let both = [activation::gelu, normal_gelu].map(|function: fn(Tensor<1>) -> Tensor<1>| {
            let input = Tensor::<1>::from_floats(points.as_slice(), &Device::flex().autodiff());
            let input = input.require_grad();
            let output = function(input.clone());
            let gradients = output.clone().sum().backward();
            let gradient = input.grad(&gradients).expect("the input has a gradient");
            let values: Vec<f64> = output.into_data().iter::<f64>().collect();
            let slopes: Vec<f64> = gradient.into_data().iter::<f64>().collect();
            [values, slopes].concat()
        });
        for (place, (left, right)) in both[0].iter().zip(&both[1]).enumerate() {
            let difference = (left - right).abs();
            assert!(
                difference <= tolerance::F32.agreement,
                "value {place}: {left} and {right}"
            );
        }
    }
}

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
        let mut output = input.reshape([rows, inputs]).matmul(weight);
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
