//! Normalisation over the last axis.
//!
//! burn composes it from eight operations forward and twice as many backward, each a pass over memory;
//! on the CPU device it is one own operation. The bench `rows` times both.

mod operation;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::init::Init;
use crate::own::{apply1, apply2, apply3, on_own};
use operation::{EPSILON, Norm};

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
        if on_own(&rows) {
            let output: Tensor<2> = apply2(Norm::mean_square(), rows, gain);
            return output.reshape(dims);
        }
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
        let affine = self.gain.as_ref().zip(self.offset.as_ref());
        let affine = affine.map(|(gain, offset)| (gain.val(), offset.val()));
        let output: Tensor<2> = match (affine, on_own(&rows)) {
            (None, true) => apply1(Norm::variance(), rows),
            (Some((gain, offset)), true) => apply3(Norm::variance(), rows, gain, offset),
            (None, false) => unit_variance(rows),
            (Some((gain, offset)), false) => {
                unit_variance(rows) * gain.unsqueeze() + offset.unsqueeze()
            }
        };
        output.reshape(dims)
    }
}

/// Rows of mean 0 and variance 1, each with a gain and an offset of its own:
/// `norm(x) (1 + gain) + offset`, all `[rows, channels]` (adaLN, arXiv 2212.09748).
///
/// # Panics
/// If shapes differ.
#[must_use]
pub fn modulated_norm(input: Tensor<2>, gain: Tensor<2>, offset: Tensor<2>) -> Tensor<2> {
    assert_eq!(input.dims(), gain.dims(), "modulated_norm: gain");
    assert_eq!(input.dims(), offset.dims(), "modulated_norm: offset");
    if on_own(&input) {
        apply3(Norm::modulated(), input, gain, offset)
    } else {
        unit_variance(input) * (gain + 1.0) + offset
    }
}

fn unit_variance(rows: Tensor<2>) -> Tensor<2> {
    unit_mean_square(rows.clone() - rows.mean_dim(1))
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
