//! The finite rotation groups of the Platonic solids, used as exact designs on SO(3).

use nalgebra::Matrix3;
use serde::{Deserialize, Serialize};

use crate::rotation::Rotation;
use crate::symmetry::Symmetry;

/// A finite subgroup of SO(3).
///
/// The average over a group of degree `t` equals the Haar average for every function on SO(3)
/// that is a polynomial of degree at most `t` in the matrix entries: `sum_h chi_l(h) = 0` for
/// `l = 1..=t`. A mean of predictions needs their degree, a mean of squares twice that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FiniteGroup {
    /// 12 rotations of the tetrahedron, exact to degree 2.
    Tetrahedral,
    /// 24 rotations of the cube, exact to degree 3; every matrix entry is 0, 1 or -1.
    Octahedral,
    /// 60 rotations of the icosahedron, exact to degree 5.
    Icosahedral,
}

impl FiniteGroup {
    /// The name as written in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tetrahedral => "tetrahedral",
            Self::Octahedral => "octahedral",
            Self::Icosahedral => "icosahedral",
        }
    }

    /// Number of rotations in the group.
    #[must_use]
    pub const fn order(self) -> usize {
        match self {
            Self::Tetrahedral => 12,
            Self::Octahedral => 24,
            Self::Icosahedral => 60,
        }
    }

    /// Largest degree up to which group averages are Haar averages.
    #[must_use]
    pub const fn degree(self) -> usize {
        match self {
            Self::Tetrahedral => 2,
            Self::Octahedral => 3,
            Self::Icosahedral => 5,
        }
    }

    /// All rotations of the group, identity first, in a fixed order.
    #[must_use]
    pub fn elements(self) -> Vec<Rotation> {
        match self {
            Self::Tetrahedral => {
                signed_permutations(|even, minus_signs| even && minus_signs % 2 == 0)
            }
            Self::Octahedral => {
                signed_permutations(|even, minus_signs| even == (minus_signs % 2 == 0))
            }
            Self::Icosahedral => icosians(),
        }
    }

    /// The group under a symmetry: its rotations, followed under O(3) by their negatives.
    #[must_use]
    pub fn elements_under(self, symmetry: Symmetry) -> Vec<Rotation> {
        let mut elements = self.elements();
        if symmetry == Symmetry::O3 {
            let negatives: Vec<_> = elements.iter().map(|&element| -element).collect();
            elements.extend(negatives);
        }
        elements
    }

    /// Number of elements under a symmetry: doubled under O(3).
    #[must_use]
    pub const fn order_under(self, symmetry: Symmetry) -> usize {
        self.order() * symmetry.parities()
    }
}

const PERMUTATIONS: [([usize; 3], bool); 6] = [
    ([0, 1, 2], true),
    ([1, 2, 0], true),
    ([2, 0, 1], true),
    ([1, 0, 2], false),
    ([0, 2, 1], false),
    ([2, 1, 0], false),
];

fn signed_permutations(keep: impl Fn(bool, u32) -> bool) -> Vec<Rotation> {
    let mut rotations = Vec::new();
    for (permutation, even) in PERMUTATIONS {
        for signs in 0_u32..8 {
            if keep(even, signs.count_ones()) {
                let mut matrix = Matrix3::zeros();
                for (row, &column) in permutation.iter().enumerate() {
                    matrix[(row, column)] = if signs >> row & 1 == 1 { -1.0 } else { 1.0 };
                }
                rotations.push(Rotation::from_entries(matrix));
            }
        }
    }
    rotations
}

/// The 120 unit icosians modulo sign: the 24 Hurwitz units and the even permutations of
/// `(0, 1, 1/phi, phi) / 2` with all signs (Conway and Sloane, Sphere Packings, ch. 8).
fn icosians() -> Vec<Rotation> {
    const EVEN: [[usize; 4]; 12] = [
        [0, 1, 2, 3],
        [0, 2, 3, 1],
        [0, 3, 1, 2],
        [1, 0, 3, 2],
        [1, 2, 0, 3],
        [1, 3, 2, 0],
        [2, 0, 1, 3],
        [2, 1, 3, 0],
        [2, 3, 0, 1],
        [3, 0, 2, 1],
        [3, 1, 0, 2],
        [3, 2, 1, 0],
    ];
    let golden = f64::midpoint(1.0, 5.0_f64.sqrt());
    let mut quaternions = vec![[1.0, 0.0, 0.0, 0.0]];
    quaternions
        .extend((1..4).map(|axis| std::array::from_fn(|k| if k == axis { 1.0 } else { 0.0 })));
    let sign = |signs: u32, k: usize| if signs >> k & 1 == 1 { -1.0 } else { 1.0 };
    quaternions.extend((0..8).map(|signs| std::array::from_fn(|k| 0.5 * sign(signs << 1, k))));
    let shape = [0.0, 0.5, 0.5 / golden, 0.5 * golden];
    for permutation in EVEN {
        for signs in 0..4 {
            // Signs act on places 1..4 of `shape`; its first non-zero place keeps a plus sign.
            quaternions.push(permutation.map(|place| shape[place] * sign(signs << 2, place)));
        }
    }
    quaternions
        .into_iter()
        .map(Rotation::from_quaternion)
        .collect()
}
