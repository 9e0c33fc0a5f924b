//! Normalisation of fields on a lattice over groups of channels, with or without `SiLU` behind it.
//!
//! burn composes the two from some 15 operations, each a pass over memory on one thread of the CPU
//! device, and as many again backward. There, this module reads a group three times forward and
//! three times backward, while it lies in a cache. `benches/norm.rs` times both forms.

mod kernel;
mod operation;
#[cfg(test)]
mod tests;

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor, activation};

use crate::Init;
use crate::flex::on_flex_as;
use crate::own::apply3;
use kernel::{EPSILON, Form};

/// Mean 0 and variance 1 over every group of channels and all points, then gain and offset per
/// channel (Wu and He, arXiv 1803.08494).
///
/// A field of `channels * copies` channels is normalised too, `copies` neighbouring channels
/// sharing gain and offset: so the layer commutes with a group that permutes the copies. Sums run
/// in a fixed order, whatever the number of threads.
#[derive(Module, Debug)]
pub struct GroupNorm {
    gain: Param<Tensor<1>>,
    offset: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
}

impl GroupNorm {
    /// Gains start at 1 and offsets at 0.
    ///
    /// # Panics
    /// If `groups` does not divide `channels`.
    pub fn new(init: &mut Init, channels: usize, groups: usize) -> Self {
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "GroupNorm: {groups} groups do not divide {channels} channels"
        );
        Self {
            gain: init.ones([channels]),
            offset: init.zeros([channels]),
            groups,
        }
    }

    /// `[batch, channels * copies, X, Y, Z]` to the same shape:
    /// `gain (x - mean) / sqrt(variance + 1e-5) + offset`.
    ///
    /// # Panics
    /// If the number of channels of the layer does not divide that of the field.
    #[must_use]
    pub fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        self.apply(field, false)
    }

    /// As [`GroupNorm::forward`], then `h / (1 + exp(-h))` of every entry `h`.
    ///
    /// # Panics
    /// As [`GroupNorm::forward`].
    #[must_use]
    pub fn forward_silu(&self, field: Tensor<5>) -> Tensor<5> {
        self.apply(field, true)
    }

    fn apply(&self, field: Tensor<5>, silu: bool) -> Tensor<5> {
        let [width, channels] = [field.dims()[1], self.gain.val().dims()[0]];
        assert!(
            width.is_multiple_of(channels),
            "GroupNorm: {width} channels for {channels} gains"
        );
        let own = on_flex_as(&field, &[DType::F32, DType::F64])
            && field.dims().iter().all(|&size| size > 0);
        if own {
            let groups = self.groups;
            let form = Form { groups, silu };
            return apply3(form, field, self.gain.val(), self.offset.val());
        }
        let normal = self.composed(field);
        if silu {
            activation::silu(normal)
        } else {
            normal
        }
    }

    /// [`GroupNorm::forward`] from operations of burn's, for every device and type.
    fn composed(&self, field: Tensor<5>) -> Tensor<5> {
        let dims = field.dims();
        let [batch, width, x, y, z] = dims;
        let gain = self.gain.val();
        let channels = gain.dims()[0];
        // Two sums of some thousands of terms in place of one of a million: rounding stays small where a
        // device adds term by term, and no loop of its kernels grows long.
        let groups = batch * self.groups;
        let rows = field.reshape([groups, width / self.groups * x, y * z]);
        let mean = |rows: Tensor<3>| rows.mean_dim(2).mean_dim(1);
        let centred = rows.clone() - mean(rows);
        let variance = mean(centred.clone() * centred.clone());
        let normal = centred / (variance + EPSILON).sqrt();
        let planes = width / channels * x;
        let normal = normal.reshape([batch, channels, planes, y * z]);
        // One for each plane before they meet the field: so gradients too are summed over a plane first.
        let of_planes = |param: Tensor<1>| -> Tensor<4> {
            param
                .reshape([1, channels, 1, 1])
                .expand([1, channels, planes, 1])
        };
        let (gain, offset) = (of_planes(gain), of_planes(self.offset.val()));
        (normal * gain + offset).reshape(dims)
    }
}
