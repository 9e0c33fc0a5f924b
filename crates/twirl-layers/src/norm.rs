//! Normalisation over the last axis.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::Init;

/// Added to variances, so that an all-zero row stays zero.
const EPSILON: f64 = 1e-6;

/// `g x / sqrt(mean(x^2) + 1e-6)` over the last axis, with one gain per channel.
#[derive(Module, Debug)]
pub struct RmsNorm {
    gain: Param<Tensor<1>>,
}

impl RmsNorm {
    /// Gains start at 1.
    pub fn new(init: &mut Init, channels: usize) -> Self {
        Self {
            gain: init.ones([channels]),
        }
    }

    /// `[.., channels]` to the same shape.
    ///
    /// # Panics
    /// If the last axis is not `channels`.
    #[must_use]
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let gain = self.gain.val();
        let (dims, rows) = rows(input, gain.dims()[0]);
        (unit_mean_square(rows) * gain.unsqueeze()).reshape(dims)
    }
}

/// Mean 0 and variance 1 over the last axis, then gain and offset per channel where asked for.
#[derive(Module, Debug)]
pub struct LayerNorm {
    gain: Option<Param<Tensor<1>>>,
    offset: Option<Param<Tensor<1>>>,
    #[module(skip)]
    channels: usize,
}

impl LayerNorm {
    /// With gains starting at 1 and offsets at 0.
    pub fn affine(init: &mut Init, channels: usize) -> Self {
        Self {
            gain: Some(init.ones([channels])),
            offset: Some(init.zeros([channels])),
            channels,
        }
    }

    /// Without parameters.
    #[must_use]
    pub fn plain(channels: usize) -> Self {
        Self {
            gain: None,
            offset: None,
            channels,
        }
    }

    /// `[.., channels]` to the same shape.
    ///
    /// # Panics
    /// If the last axis is not `channels`.
    #[must_use]
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        let (dims, rows) = rows(input, self.channels);
        let mut output = unit_mean_square(rows.clone() - rows.mean_dim(1));
        if let Some(gain) = &self.gain {
            output = output * gain.val().unsqueeze();
        }
        if let Some(offset) = &self.offset {
            output = output + offset.val().unsqueeze();
        }
        output.reshape(dims)
    }
}

fn rows<const D: usize>(input: Tensor<D>, channels: usize) -> ([usize; D], Tensor<2>) {
    let dims = input.dims();
    assert_eq!(dims[D - 1], channels, "norm: last axis of {dims:?}");
    let count = dims[..D - 1].iter().product();
    (dims, input.reshape([count, channels]))
}

fn unit_mean_square(rows: Tensor<2>) -> Tensor<2> {
    let scale = (rows.clone() * rows.clone()).mean_dim(1) + EPSILON;
    rows / scale.sqrt()
}
