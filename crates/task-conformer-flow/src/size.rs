//! Sizes of the skeleton that all arms share.

use serde::{Deserialize, Serialize};
use twirl_harness::TaskError;
use twirl_layers::MAX_ATOMIC_NUMBER;

use crate::batch::TIME_FEATURES;
use crate::features::{COORDINATE_FEATURES, RADIAL};
use crate::topology::{ATOM_FEATURES, BOND_KINDS, PAIR_KINDS};

/// Settings of every arm: the skeleton that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// Channels of an atom.
    pub width: usize,
    /// Blocks of attention and perceptron.
    pub layers: usize,
    /// Attention heads; they divide a quarter of the width.
    pub heads: usize,
    /// Channels of what is known of atom and time.
    pub conditioning: usize,
    /// Width of the perceptrons, as a multiple of `width`.
    pub expansion: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            width: 64,
            layers: 4,
            heads: 4,
            conditioning: 32,
            expansion: 2,
        }
    }
}

impl Shape {
    /// Shapes by name, smallest first: a number is about that of the parameters of `plain`; `small`
    /// is for two processor cores, `tiny` and `medium` have half and twice its width.
    pub fn sizes() -> Vec<(&'static str, Self)> {
        let shape = |(name, [width, layers, heads, conditioning, expansion]): (_, [usize; 5])| {
            let shape = Self {
                width,
                layers,
                heads,
                conditioning,
                expansion,
            };
            (name, shape)
        };
        let sizes = [
            ("tiny", [32, 4, 4, 32, 2]),
            ("small", [64, 4, 4, 32, 2]),
            ("medium", [128, 4, 4, 32, 2]),
            ("1m", [128, 4, 4, 64, 4]),
            ("4m", [192, 7, 6, 96, 4]),
            ("16m", [384, 7, 12, 192, 4]),
            ("60m", [640, 9, 20, 320, 4]),
            ("150m", [896, 12, 28, 448, 4]),
            ("400m", [1280, 16, 40, 640, 4]),
        ];
        sizes.into_iter().map(shape).collect()
    }

    /// The shape, if it can be built.
    ///
    /// # Errors
    /// If heads do not divide a quarter of the width, or a number is zero.
    pub fn checked(self) -> Result<Self, TaskError> {
        let Self {
            width,
            layers,
            heads,
            conditioning,
            expansion,
        } = self;
        if [layers, conditioning, expansion, width, heads].contains(&0) {
            return Err(TaskError::setting(
                "skeleton",
                format!("{self:?} holds a zero"),
                "give positive numbers",
            ));
        }
        if !width.is_multiple_of(4 * heads) {
            return Err(TaskError::setting(
                "heads",
                format!("{heads} heads do not divide {width} / 4 channels"),
                "choose a width that is a multiple of 4 heads",
            ));
        }
        Ok(self)
    }
}

/// Parameters of a dense layer with bias.
const fn dense(inputs: usize, outputs: usize) -> usize {
    (inputs + 1) * outputs
}

/// Parameters of queries, keys and values; keys have no bias.
const fn query_key_value(width: usize) -> usize {
    (3 * width + 2) * width
}

/// Parameters of a two-layer perceptron.
const fn mlp(inputs: usize, hidden: usize, outputs: usize) -> usize {
    dense(inputs, hidden) + dense(hidden, outputs)
}

impl Shape {
    /// Channels of vectors in the equivariant arm.
    pub fn vectors(&self) -> usize {
        self.width / 4
    }

    fn conditioning_parameters(&self) -> usize {
        let channels = self.conditioning;
        (MAX_ATOMIC_NUMBER + 1) * channels
            + dense(ATOM_FEATURES, channels)
            + 2 * mlp((1 + BOND_KINDS) * channels, 2 * channels, channels)
            + mlp(TIME_FEATURES, channels, channels)
            + dense(channels, self.width)
    }

    /// Parameters of `plain` (and of `frame-averaged`, which has no others), by formula.
    pub fn plain_parameters(&self) -> usize {
        let (w, c) = (self.width, self.conditioning);
        let attention = query_key_value(w) + dense(w, w);
        let block = dense(c, 6 * w) + attention + mlp(w, self.expansion * w, w);
        self.conditioning_parameters()
            + PAIR_KINDS * self.heads * self.layers
            + dense(COORDINATE_FEATURES, w)
            + self.layers * block
            + (2 * c + 1) * w
            + 3 * w
    }

    /// Parameters of `equivariant`, by formula.
    pub fn equivariant_parameters(&self) -> usize {
        let (w, c, v) = (self.width, self.conditioning, self.vectors());
        let attention = query_key_value(w) + dense(w, w) + 3 * v * v + v * v;
        let mixing = 3 * v * v + mlp(w + v, self.expansion * w, w + 2 * v);
        let block = dense(c, 6 * w + 4 * v) + attention + mixing;
        self.conditioning_parameters()
            + (PAIR_KINDS + RADIAL) * self.heads * self.layers
            + dense(RADIAL, w)
            + v
            + self.layers * block
            + dense(c, 2 * w + v)
            + dense(w, v)
    }
}
