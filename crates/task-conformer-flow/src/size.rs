//! Sizes of the skeleton that all arms share.

use serde::{Deserialize, Serialize};
use twirl_harness::TaskError;
use twirl_layers::MAX_ATOMIC_NUMBER;

use crate::arms::{COORDINATE_FEATURES, RADIAL};
use crate::batch::TIME_FEATURES;
use crate::topology::{ATOM_FEATURES, BOND_KINDS, PAIR_KINDS};

/// Sizes by name; the number is about that of the parameters of `plain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Size {
    /// For two processor cores and seconds.
    #[default]
    #[serde(rename = "small")]
    Small,
    /// 1 million.
    #[serde(rename = "1m")]
    M1,
    /// 4 million.
    #[serde(rename = "4m")]
    M4,
    /// 16 million.
    #[serde(rename = "16m")]
    M16,
    /// 60 million.
    #[serde(rename = "60m")]
    M60,
    /// 150 million.
    #[serde(rename = "150m")]
    M150,
    /// 400 million.
    #[serde(rename = "400m")]
    M400,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Small,
        Self::M1,
        Self::M4,
        Self::M16,
        Self::M60,
        Self::M150,
        Self::M400,
    ];

    /// The skeleton.
    pub fn shape(self) -> Shape {
        let (width, layers, heads, conditioning, expansion) = match self {
            Self::Small => (64, 4, 4, 32, 2),
            Self::M1 => (128, 4, 4, 64, 4),
            Self::M4 => (192, 7, 6, 96, 4),
            Self::M16 => (384, 7, 12, 192, 4),
            Self::M60 => (640, 9, 20, 320, 4),
            Self::M150 => (896, 12, 28, 448, 4),
            Self::M400 => (1280, 16, 40, 640, 4),
        };
        Shape {
            width,
            layers,
            heads,
            conditioning,
            expansion,
        }
    }
}

/// Settings of every arm: a size by name, and what differs from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SkeletonConfig {
    /// Size by name.
    pub size: Size,
    /// Channels of an atom.
    pub width: Option<usize>,
    /// Blocks of attention and perceptron.
    pub layers: Option<usize>,
    /// Attention heads; they divide a quarter of the width.
    pub heads: Option<usize>,
    /// Channels of what is known of atom and time.
    pub conditioning: Option<usize>,
    /// Width of the perceptrons, as a multiple of `width`.
    pub expansion: Option<usize>,
}

/// A complete skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Channels of an atom.
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Channels of what is known of atom and time.
    pub conditioning: usize,
    /// Width of the perceptrons over `width`.
    pub expansion: usize,
}

impl SkeletonConfig {
    /// The size with the overrides in place, checked.
    ///
    /// # Errors
    /// If heads do not divide a quarter of the width, or a number is zero.
    pub fn shape(&self) -> Result<Shape, TaskError> {
        let size = self.size.shape();
        let shape = Shape {
            width: self.width.unwrap_or(size.width),
            layers: self.layers.unwrap_or(size.layers),
            heads: self.heads.unwrap_or(size.heads),
            conditioning: self.conditioning.unwrap_or(size.conditioning),
            expansion: self.expansion.unwrap_or(size.expansion),
        };
        let Shape { width, heads, .. } = shape;
        if [
            shape.layers,
            shape.conditioning,
            shape.expansion,
            width,
            heads,
        ]
        .contains(&0)
        {
            return Err(TaskError::setting(
                "skeleton",
                format!("{shape:?} holds a zero"),
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
        Ok(shape)
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
