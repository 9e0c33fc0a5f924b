//! A U-Net of steerable convolutions.

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use twirl_layers::Init;

use super::steerable::KernelShape;
use super::{Channels, Field, NormGate, SteerableConv, check_levels};
use crate::EquivariantError;

/// How the lattice is made coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// Means over 2 x 2 x 2 points: commutes with the turns of the lattice.
    #[default]
    AveragePool,
    /// Kernel 3 and stride 2, as plain U-Nets have it. On an even lattice it samples points that
    /// no turn maps onto each other, so the network is no longer equivariant: a control.
    K3S2,
}

/// Sizes of a [`SteerableUnet`].
#[derive(Debug, Clone, PartialEq)]
pub struct SteerableUnetConfig {
    /// Scalar channels of the input.
    pub inputs: usize,
    /// Scalar channels of the output.
    pub outputs: usize,
    /// Scalars and vectors of each level, finest first.
    pub widths: Vec<Channels>,
    /// Residual blocks of each level on the way down, and again on the way up.
    pub blocks: Vec<usize>,
    /// Odd size of the kernels.
    pub kernel: usize,
    /// Radial functions of a kernel.
    pub radial: usize,
    /// How the lattice is made coarser.
    pub down: Down,
    /// Size of the first predictions, where the last layer's input has unit variance.
    pub scale: f64,
}

/// Scalars in, scalars out, vectors between: equivariant under the 24 turns of the lattice, and
/// under other rotations as well as the lattice resolves the fields.
#[derive(Module, Debug)]
pub struct SteerableUnet {
    first: SteerableConv,
    down: Vec<Vec<Block>>,
    /// Between levels: to the width of the next; applied after pooling, or with stride 2.
    narrow: Vec<SteerableConv>,
    widen: Vec<SteerableConv>,
    up: Vec<Vec<Block>>,
    gate: NormGate,
    last: SteerableConv,
    #[module(skip)]
    pools: bool,
}

impl SteerableUnetConfig {
    /// Makes the network.
    ///
    /// # Errors
    /// [`EquivariantError::Config`] for a size of 0, an even kernel, or lists of different lengths.
    pub fn init(&self, init: &mut Init) -> Result<SteerableUnet, EquivariantError> {
        let scalars: Vec<usize> = self.widths.iter().map(|width| width.scalars).collect();
        check_levels(&scalars, &self.blocks, self.kernel)?;
        crate::error::check_config(
            &[
                ("radial", self.radial),
                ("inputs", self.inputs),
                ("outputs", self.outputs),
            ],
            &[("scale", self.scale)],
        )?;
        let shape = KernelShape {
            size: self.kernel,
            radial: self.radial,
        };
        let only = |scalars| Channels {
            scalars,
            vectors: 0,
        };
        let widths = &self.widths;
        let blocks = |init: &mut Init, level: usize| -> Vec<Block> {
            (0..self.blocks[level])
                .map(|_| Block::new(init, widths[level], shape))
                .collect()
        };
        let pools = self.down == Down::AveragePool;
        let first = SteerableConv::new(init, only(self.inputs), widths[0], shape, 1, 1.0);
        let down = (0..widths.len()).map(|level| blocks(init, level)).collect();
        let narrow = widths.windows(2).map(|pair| {
            let (shape, stride) = if pools {
                (KernelShape::POINT, 1)
            } else {
                (KernelShape { size: 3, ..shape }, 2)
            };
            SteerableConv::new(init, pair[0], pair[1], shape, stride, 1.0)
        });
        let narrow = narrow.collect();
        let widen = widths
            .windows(2)
            .map(|pair| SteerableConv::new(init, pair[1], pair[0], KernelShape::POINT, 1, 1.0));
        let widen = widen.collect();
        let up = (0..widths.len() - 1)
            .map(|level| blocks(init, level))
            .collect();
        Ok(SteerableUnet {
            first,
            down,
            narrow,
            widen,
            up,
            gate: NormGate::new(init, widths[0], 1),
            last: SteerableConv::new(init, widths[0], only(self.outputs), shape, 1, self.scale),
            pools,
        })
    }
}

impl SteerableUnet {
    /// `[batch, inputs, n, n, n]` to `[batch, outputs, n, n, n]`; n is a multiple of 2 per level
    /// beyond the first.
    #[must_use]
    pub fn forward(&self, scalars: Tensor<5>) -> Tensor<5> {
        let mut field = self.first.forward(Field::of_scalars(scalars));
        let mut skips = Vec::new();
        for (level, blocks) in self.down.iter().enumerate() {
            field = blocks
                .iter()
                .fold(field, |field, block| block.forward(field));
            if let Some(narrow) = self.narrow.get(level) {
                skips.push(field.clone());
                let pooled = if self.pools {
                    field.average_pool()
                } else {
                    field
                };
                field = narrow.forward(pooled);
            }
        }
        for (level, skip) in skips.into_iter().enumerate().rev() {
            field = self.widen[level].forward(field).linear_upsample() + skip;
            field = self.up[level]
                .iter()
                .fold(field, |field, block| block.forward(field));
        }
        self.last.forward(self.gate.forward(field)).scalars
    }
}

#[derive(Module, Debug)]
struct Block {
    gates: [NormGate; 2],
    convs: [SteerableConv; 2],
}

impl Block {
    fn new(init: &mut Init, width: Channels, shape: KernelShape) -> Self {
        let gates = [1, 1].map(|groups| NormGate::new(init, width, groups));
        let convs = [1.0, 0.5].map(|gain| SteerableConv::new(init, width, width, shape, 1, gain));
        Self { gates, convs }
    }

    fn forward(&self, field: Field) -> Field {
        let inner = self.convs[0].forward(self.gates[0].forward(field.clone()));
        field + self.convs[1].forward(self.gates[1].forward(inner))
    }
}
