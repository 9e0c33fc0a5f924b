//! A U-Net of convolutions on the octahedral group.

use burn::module::Module;
use burn::tensor::Tensor;
use twirl_layers::{Activation, GroupNorm, Init};

use super::octahedral::{GroupConv, LiftingConv, ProjectingConv};
use super::{average_pool, check_levels, linear_upsample};
use crate::EquivariantError;

/// Sizes of an [`OctahedralUnet`].
#[derive(Debug, Clone, PartialEq)]
pub struct OctahedralUnetConfig {
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Channels of each level, finest first; each stands for 24.
    pub widths: Vec<usize>,
    /// Residual blocks of each level on the way down, and again on the way up.
    pub blocks: Vec<usize>,
    /// Odd size of the kernels.
    pub kernel: usize,
    /// Size of the first predictions, where the last layer's input has unit variance.
    pub scale: f64,
}

/// Exactly equivariant under the 24 turns of the lattice, with no constraint on a kernel.
#[derive(Module, Debug)]
pub struct OctahedralUnet {
    lift: LiftingConv,
    down: Vec<Vec<Block>>,
    narrow: Vec<GroupConv>,
    widen: Vec<GroupConv>,
    up: Vec<Vec<Block>>,
    norm: GroupNorm,
    project: ProjectingConv,
}

impl OctahedralUnetConfig {
    /// Makes the network.
    ///
    /// # Errors
    /// [`EquivariantError::Config`] for a size of 0, an even kernel, or lists of different lengths.
    pub fn init(&self, init: &mut Init) -> Result<OctahedralUnet, EquivariantError> {
        check_levels(&self.widths, &self.blocks, self.kernel)?;
        let sizes = [("inputs", self.inputs), ("outputs", self.outputs)];
        crate::error::check_config(&sizes, &[("scale", self.scale)])?;
        let (widths, size) = (&self.widths, self.kernel);
        // A norm over one channel takes away what a bias added to it. On the way up of the finest level
        // there are only norms behind; on the way down there is an activation.
        let acts = |level: usize| level > 0 || widths[0] > 1;
        let blocks = |init: &mut Init, level: usize, last: bool| -> Vec<Block> {
            (0..self.blocks[level])
                .map(|_| Block::new(init, widths[level], size, last))
                .collect()
        };
        let lift = LiftingConv::new(init, self.inputs, widths[0], size);
        let down = (0..widths.len())
            .map(|level| blocks(init, level, true))
            .collect();
        let narrow = widths.windows(2);
        let narrow = narrow
            .map(|pair| GroupConv::new(init, pair[0], pair[1], 1, 1.0))
            .collect();
        let widen = widths.windows(2).enumerate();
        let widen = widen
            .map(|(level, pair)| {
                GroupConv::new(init, pair[1], pair[0], 1, 1.0).with_bias(acts(level))
            })
            .collect();
        let up = (0..widths.len() - 1)
            .map(|level| blocks(init, level, acts(level)))
            .collect();
        Ok(OctahedralUnet {
            lift,
            down,
            narrow,
            widen,
            up,
            norm: GroupNorm::new(init, widths[0], 1),
            project: ProjectingConv::new(init, widths[0], self.outputs, size, self.scale),
        })
    }
}

impl OctahedralUnet {
    /// `[batch, inputs, n, n, n]` to `[batch, outputs, n, n, n]`; n is a multiple of 2 per level
    /// beyond the first.
    #[must_use]
    pub fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let mut field = self.lift.forward(field);
        let mut skips = Vec::new();
        for (level, blocks) in self.down.iter().enumerate() {
            field = blocks
                .iter()
                .fold(field, |field, block| block.forward(field));
            if let Some(narrow) = self.narrow.get(level) {
                skips.push(field.clone());
                field = narrow.forward(average_pool(Activation::Silu.forward(field)));
            }
        }
        for (level, skip) in skips.into_iter().enumerate().rev() {
            field = linear_upsample(self.widen[level].forward(field)) + skip;
            field = self.up[level]
                .iter()
                .fold(field, |field, block| block.forward(field));
        }
        self.project.forward(self.norm.forward_silu(field))
    }
}

#[derive(Module, Debug)]
struct Block {
    norms: [GroupNorm; 2],
    convs: [GroupConv; 2],
}

impl Block {
    /// The second convolution has a bias if `last`.
    fn new(init: &mut Init, width: usize, size: usize, last: bool) -> Self {
        let norms = [1, 1].map(|groups| GroupNorm::new(init, width, groups));
        let convs = [(1.0, width > 1), (0.5, last)]
            .map(|(gain, biased)| GroupConv::new(init, width, width, size, gain).with_bias(biased));
        Self { norms, convs }
    }

    fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let inner = self.norms[0].forward_silu(field.clone());
        let inner = self.norms[1].forward_silu(self.convs[0].forward(inner));
        field + self.convs[1].forward(inner)
    }
}
