//! Dense layers and two-layer perceptrons.

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use crate::flex::on_flex_as;
use crate::flops::{count, matmul};
use crate::init::Init;
use crate::own::apply3;
use crate::pointwise::Activation;
use crate::product::Linear;

/// `x W + b` on the last axis.
#[derive(Module, Debug)]
pub struct Dense {
    weight: Param<Tensor<2>>,
    bias: Option<Param<Tensor<1>>>,
    /// Outputs `[first, count]` that have no bias where the others have.
    #[module(skip)]
    unbiased: Option<[usize; 2]>,
}

impl Dense {
    /// Weight `[inputs, outputs]` uniform on `+-sqrt(6 / (inputs + outputs))` (Glorot and Bengio
    /// 2010); the bias, if any, starts at 0.
    pub fn new(init: &mut Init, inputs: usize, outputs: usize, bias: bool) -> Self {
        let limit = (6.0 / (inputs + outputs) as f64).sqrt();
        Self {
            weight: init.uniform([inputs, outputs], limit),
            bias: bias.then(|| init.zeros([outputs])),
            unbiased: None,
        }
    }

    /// Queries, keys and values of attention beside each other, `[inputs, 3 channels]`. Keys have no
    /// bias: it would add the same to all logits of a query.
    pub fn query_key_value(init: &mut Init, inputs: usize, channels: usize) -> Self {
        let limit = (6.0 / (inputs + 3 * channels) as f64).sqrt();
        Self {
            weight: init.uniform([inputs, 3 * channels], limit),
            bias: Some(init.zeros([2 * channels])),
            unbiased: Some([channels, channels]),
        }
    }

    /// Weight and bias 0: the layer starts out with no effect.
    pub fn zeroed(init: &mut Init, inputs: usize, outputs: usize, bias: bool) -> Self {
        Self {
            weight: init.zeros([inputs, outputs]),
            bias: bias.then(|| init.zeros([outputs])),
            unbiased: None,
        }
    }

    /// As [`Dense::zeroed`], with a bias only for the outputs from `first` on.
    pub fn zeroed_biased_from(
        init: &mut Init,
        inputs: usize,
        outputs: usize,
        first: usize,
    ) -> Self {
        Self {
            weight: init.zeros([inputs, outputs]),
            bias: Some(init.zeros([outputs - first])),
            unbiased: Some([0, first]),
        }
    }

    fn bias(&self) -> Option<Tensor<1>> {
        let bias = self.bias.as_ref()?.val();
        let Some([first, count]) = self.unbiased else {
            return Some(bias);
        };
        let rest = bias.dims()[0] - first;
        let zeros = Tensor::zeros([count], (&bias.device(), bias.dtype()));
        let all = if first == 0 {
            vec![zeros, bias]
        } else {
            let before = bias.clone().narrow(0, 0, first);
            vec![before, zeros, bias.narrow(0, first, rest)]
        };
        Some(Tensor::cat(all, 0))
    }

    /// Channels that it takes.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weight.val().dims()[0]
    }

    /// `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Panics
    /// If the last axis is not `inputs`.
    #[must_use]
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        linear(input, self.weight.val(), self.bias(), None)
    }

    /// As [`Dense::forward`], then an activation.
    ///
    /// # Panics
    /// If the last axis is not `inputs`.
    #[must_use]
    pub fn activated<const D: usize>(&self, activation: Activation, input: Tensor<D>) -> Tensor<D> {
        linear(input, self.weight.val(), self.bias(), Some(activation))
    }

    /// Outputs of several layers beside each other, by one product: `[.., inputs]` to
    /// `[.., sum of outputs]`.
    ///
    /// # Panics
    /// If the last axis is not `inputs`, or only some of the layers have a bias.
    #[must_use]
    pub fn together<const D: usize>(layers: &[&Self], input: Tensor<D>) -> Tensor<D> {
        let weight = Tensor::cat(layers.iter().map(|layer| layer.weight.val()).collect(), 1);
        let biases: Vec<Tensor<1>> = layers.iter().filter_map(|layer| layer.bias()).collect();
        assert!(
            biases.is_empty() || biases.len() == layers.len(),
            "Dense::together: {} of {} layers have a bias",
            biases.len(),
            layers.len()
        );
        let bias = (!biases.is_empty()).then(|| Tensor::cat(biases, 0));
        linear(input, weight, bias, None)
    }
}

/// `activation(x W + b)` on the last axis.
fn linear<const D: usize>(
    input: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
) -> Tensor<D> {
    let [inputs, outputs] = weight.dims();
    let mut dims = input.dims();
    assert_eq!(dims[D - 1], inputs, "Dense: last axis of {dims:?}");
    let rows = dims[..D - 1].iter().product();
    let input = input.reshape([rows, inputs]);
    dims[D - 1] = outputs;
    let Some(bias) = bias else {
        let output = matmul(input, weight).reshape(dims);
        return match activation {
            Some(activation) => activation.forward(output),
            None => output,
        };
    };
    let own: &[DType] = if activation.is_some() {
        &[DType::F32]
    } else {
        &[DType::F32, DType::F64]
    };
    if on_flex_as(&input, own) {
        count([rows, inputs, outputs]);
        let function = activation.map(Activation::function);
        let output: Tensor<2> = apply3(Linear { function }, input, weight, bias);
        return output.reshape(dims);
    }
    let output = (matmul(input, weight) + bias.unsqueeze()).reshape(dims);
    match activation {
        Some(activation) => activation.forward(output),
        None => output,
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
        self.outer
            .forward(self.inner.activated(self.activation, input))
    }
}
