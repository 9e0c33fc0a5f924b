//! How outputs turn with the input.

use std::fmt;
use std::str::FromStr;

use twirl_core::{Rotation, wigner};

use crate::error::MeasureError;

/// How an output turns with the input, and with it the components of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Turned back already.
    #[default]
    Untwisted,
    /// Not at all.
    Scalar,
    /// Like positions: `R v`. Three components.
    Vector,
    /// Like an angular momentum: `det(R) R v`. Three components.
    Axial,
    /// A matrix `R T R^T`, row-major: stress, polarisability. Nine components.
    Tensor,
    /// The same for a symmetric matrix, in the order xx, yy, zz, yz, xz, xy (Voigt, as in ASE); its
    /// length is that of the whole matrix. Six components.
    Symmetric,
    /// Real spherical harmonics of a degree, ordered by `m = -l..=l`, so that degree 1 is `(y, z, x)`:
    /// the order of e3nn. `2l + 1` components.
    Spherical {
        /// The degree `l`.
        degree: usize,
        /// Whether the inversion changes the sign.
        odd: bool,
    },
}

const ALLOWED: &str = "untwisted, scalar or vector, axial, tensor, symmetric, or spherical:DEGREE \
                       (with e or o for a parity that is not (-1)^l)";

impl FromStr for Kind {
    type Err = MeasureError;

    fn from_str(text: &str) -> Result<Self, MeasureError> {
        let spherical = |text: &str| {
            let digits = text.trim_end_matches(['e', 'o']);
            let degree = digits.parse().ok().filter(|degree| *degree <= 20)?;
            let odd = match &text[digits.len()..] {
                "" => degree % 2 == 1,
                "e" => false,
                "o" => true,
                _ => return None,
            };
            Some(Self::Spherical { degree, odd })
        };
        let kind = match text.split_once(':') {
            None => match text {
                "untwisted" => Some(Self::Untwisted),
                "scalar" => Some(Self::Scalar),
                "vector" => Some(Self::Vector),
                "axial" => Some(Self::Axial),
                "tensor" => Some(Self::Tensor),
                "symmetric" => Some(Self::Symmetric),
                _ => None,
            },
            Some(("spherical", rest)) => spherical(rest),
            Some(_) => None,
        };
        kind.ok_or_else(|| MeasureError::Setting {
            name: "kind",
            found: text.to_owned(),
            allowed: ALLOWED,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untwisted => out.write_str("untwisted"),
            Self::Scalar => out.write_str("scalar"),
            Self::Vector => out.write_str("vector"),
            Self::Axial => out.write_str("axial"),
            Self::Tensor => out.write_str("tensor"),
            Self::Symmetric => out.write_str("symmetric"),
            Self::Spherical { degree, odd } if (degree % 2 == 1) == *odd => {
                write!(out, "spherical:{degree}")
            }
            Self::Spherical { degree, odd } => {
                write!(out, "spherical:{degree}{}", if *odd { "o" } else { "e" })
            }
        }
    }
}

/// Places of a symmetric matrix in the order xx, yy, zz, yz, xz, xy.
const VOIGT: [usize; 9] = [0, 5, 4, 5, 1, 3, 4, 3, 2];

impl Kind {
    /// Whether outputs turn, so that they are turned back here.
    pub(crate) const fn turns(self) -> bool {
        !matches!(self, Self::Untwisted | Self::Scalar)
    }

    /// Components of a block as they are given, where the kind says so.
    pub(crate) const fn components(self) -> Option<usize> {
        match self {
            Self::Untwisted | Self::Scalar => None,
            Self::Vector | Self::Axial => Some(3),
            Self::Tensor => Some(9),
            Self::Symmetric => Some(6),
            Self::Spherical { degree, .. } => Some(2 * degree + 1),
        }
    }

    /// Blocks as they are turned: whole matrices. The length of a block is then the same in every
    /// pose.
    pub(crate) fn unpacked(self, values: &[f64]) -> Vec<f64> {
        if self != Self::Symmetric {
            return values.to_vec();
        }
        let blocks = values.as_chunks::<6>().0.iter();
        blocks.flat_map(|block| VOIGT.map(|k| block[k])).collect()
    }

    /// Components of an unpacked block.
    pub(crate) const fn unpacked_dim(self, dim: usize) -> usize {
        match self {
            Self::Symmetric => 9,
            _ => dim,
        }
    }

    /// Turns the unpacked blocks of one row back: the inverse of what `rotation` did to them.
    pub(crate) fn back(self, rotation: &Rotation, row: &[f64]) -> Vec<f64> {
        let inverse = rotation.inverse();
        match self {
            Self::Untwisted | Self::Scalar => row.to_vec(),
            Self::Vector => {
                let blocks = row.as_chunks::<3>().0.iter();
                blocks.flat_map(|v| inverse.apply(*v)).collect()
            }
            Self::Axial => {
                let proper = if inverse.is_proper() {
                    inverse
                } else {
                    -inverse
                };
                let blocks = row.as_chunks::<3>().0.iter();
                blocks.flat_map(|v| proper.apply(*v)).collect()
            }
            Self::Tensor | Self::Symmetric => {
                let m = inverse.matrix();
                let blocks = row.as_chunks::<9>().0.iter();
                let turned = |t: &[f64; 9]| -> [f64; 9] {
                    std::array::from_fn(|place| {
                        let (i, j) = (place / 3, place % 3);
                        let pairs = (0..9).map(|k| m[i][k / 3] * t[k] * m[j][k % 3]);
                        pairs.sum()
                    })
                };
                blocks.flat_map(turned).collect()
            }
            Self::Spherical { degree, odd } => {
                let matrix = wigner(degree, &inverse).pop().unwrap_or_default();
                let sign = if odd && !inverse.is_proper() {
                    -1.0
                } else {
                    1.0
                };
                let width = 2 * degree + 1;
                let product = |block: &[f64], line: &[f64]| -> f64 {
                    sign * line.iter().zip(block).map(|(d, y)| d * y).sum::<f64>()
                };
                let blocks = row.chunks_exact(width);
                blocks
                    .flat_map(|block| {
                        let lines = matrix.chunks_exact(width);
                        lines.map(|line| product(block, line)).collect::<Vec<_>>()
                    })
                    .collect()
            }
        }
    }
}
