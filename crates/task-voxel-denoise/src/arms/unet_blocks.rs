//! The pieces of the plain U-Net.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use twirl_layers::{Dense, GroupNorm, Init, attention, conv_transpose3d, conv3d, parts};

/// Cube-shaped kernels with bias.
#[derive(Module, Debug)]
pub(super) struct Conv {
    weight: Param<Tensor<5>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    stride: usize,
}

impl Conv {
    /// Weights normal with variance `gain^2` over the number of inputs to an output; bias 0.
    pub(super) fn new(
        init: &mut Init,
        [inputs, outputs]: [usize; 2],
        size: usize,
        stride: usize,
        gain: f64,
    ) -> Self {
        let std = gain / ((inputs * size.pow(3)) as f64).sqrt();
        Self {
            weight: init.normal([outputs, inputs, size, size, size], std),
            bias: init.zeros([outputs]),
            stride,
        }
    }

    pub(super) fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let weight = self.weight.val();
        let padding = (weight.dims()[2] - 1) / 2;
        conv3d(field, weight, Some(self.bias.val()), self.stride, padding)
    }
}

/// Twice the size: transposed convolution, kernel 4, stride 2.
#[derive(Module, Debug)]
pub(super) struct Up {
    weight: Param<Tensor<5>>,
    bias: Param<Tensor<1>>,
}

impl Up {
    /// A voxel of the fine grid is reached by 2 x 2 x 2 of the coarse one.
    pub(super) fn new(init: &mut Init, channels: usize) -> Self {
        let std = 1.0 / ((channels * 8) as f64).sqrt();
        Self {
            weight: init.normal([channels, channels, 4, 4, 4], std),
            bias: init.zeros([channels]),
        }
    }

    pub(super) fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        conv_transpose3d(field, self.weight.val(), Some(self.bias.val()), 2, 1)
    }
}

/// Norm, `SiLU`, convolution, twice; the input is added, through a convolution of size 1 where the
/// width changes.
#[derive(Module, Debug)]
pub(super) struct Residual {
    norms: [GroupNorm; 2],
    convs: [Conv; 2],
    shortcut: Option<Conv>,
}

impl Residual {
    pub(super) fn new(init: &mut Init, [inputs, outputs]: [usize; 2], groups: usize) -> Self {
        let norms = [inputs, outputs].map(|width| GroupNorm::new(init, width, groups));
        let first = Conv::new(init, [inputs, outputs], 3, 1, 1.0);
        let second = Conv::new(init, [outputs, outputs], 3, 1, 0.5);
        Self {
            norms,
            convs: [first, second],
            shortcut: (inputs != outputs).then(|| Conv::new(init, [inputs, outputs], 1, 1, 1.0)),
        }
    }

    pub(super) fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let mut inner = field.clone();
        for (norm, conv) in self.norms.iter().zip(&self.convs) {
            inner = conv.forward(norm.forward_silu(inner));
        }
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(field) + inner,
            None => field + inner,
        }
    }
}

/// Self-attention between all voxels; the input is added. It sees no positions.
#[derive(Module, Debug)]
pub(super) struct Attention {
    norm: GroupNorm,
    project: Dense,
    output: Dense,
    #[module(skip)]
    heads: usize,
}

impl Attention {
    pub(super) fn new(init: &mut Init, channels: usize, groups: usize, heads: usize) -> Self {
        Self {
            norm: GroupNorm::new(init, channels, groups),
            project: Dense::query_key_value(init, channels, channels),
            output: Dense::new(init, channels, channels, true),
            heads,
        }
    }

    pub(super) fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let dims = field.dims();
        let [batch, channels, x, y, z] = dims;
        let tokens = self
            .norm
            .forward(field.clone())
            .reshape([batch, channels, x * y * z])
            .swap_dims(1, 2);
        let projected = self.project.forward(tokens);
        let [query, key, value] = parts(projected, [channels; 3]);
        let seen = attention(query, key, value, self.heads, None, None);
        let seen = self.output.forward(seen).swap_dims(1, 2).reshape(dims);
        field + seen
    }
}
