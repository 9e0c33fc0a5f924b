//! The turns that map a cubic lattice onto itself.

use burn::tensor::Tensor;
use twirl_core::{FiniteGroup, Rotation, tolerance};

/// A rotation of the cube about the centre of a lattice, as a permutation and flips of its axes.
///
/// A turn R acts on a field by `(R f)(x) = f(R^-1 x)`: no value changes, so the action is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatticeTurn {
    /// The old axis that becomes axis `i`.
    axes: [usize; 3],
    /// Whether axis `i` is reversed then.
    flips: [bool; 3],
}

impl LatticeTurn {
    /// The turn that a rotation is, if it maps the lattice onto itself: every entry of its matrix
    /// is 0, 1 or -1 within f64 agreement. Improper rotations are allowed.
    #[must_use]
    pub fn of(rotation: &Rotation) -> Option<Self> {
        let matrix = rotation.matrix();
        let (mut axes, mut flips) = ([0; 3], [false; 3]);
        for (row, entries) in matrix.iter().enumerate() {
            let near = |value: f64, to: f64| (value - to).abs() <= tolerance::F64.agreement;
            let axis = entries.iter().position(|entry| near(entry.abs(), 1.0))?;
            let rest = entries.iter().enumerate();
            if !rest
                .filter(|(column, _)| *column != axis)
                .all(|(_, &entry)| near(entry, 0.0))
            {
                return None;
            }
            axes[row] = axis;
            flips[row] = entries[axis] < 0.0;
        }
        Some(Self { axes, flips })
    }

    /// The 24 proper turns, identity first, in the order of [`FiniteGroup::Octahedral`].
    ///
    /// # Panics
    /// Never: every element of the octahedral group is a turn.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let elements = FiniteGroup::Octahedral.elements();
        let turn = |element| Self::of(element).expect("an octahedral matrix has entries 0, 1, -1");
        elements.iter().map(turn).collect()
    }

    /// Turns fields `[batch, channels, n, n, n]`.
    ///
    /// # Panics
    /// If the lattice is not a cube.
    #[must_use]
    pub fn apply(&self, field: Tensor<5>) -> Tensor<5> {
        let [_, _, x, y, z] = field.dims();
        assert!(
            x == y && y == z,
            "LatticeTurn: a lattice of {x} x {y} x {z}"
        );
        let axes = self.axes.map(|axis| axis + 2);
        let mut turned = field;
        if self.axes != [0, 1, 2] {
            turned = turned.permute([0, 1, axes[0], axes[1], axes[2]]);
        }
        let flipped = (0..3).filter(|&axis| self.flips[axis]);
        for axis in flipped {
            turned = turned.flip([axis + 2]);
        }
        turned
    }

    /// The inverse turn.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let (mut axes, mut flips) = ([0; 3], [false; 3]);
        for axis in 0..3 {
            axes[self.axes[axis]] = axis;
            flips[self.axes[axis]] = self.flips[axis];
        }
        Self { axes, flips }
    }

    /// `self` after `first`.
    #[must_use]
    pub fn compose(&self, first: &Self) -> Self {
        Self {
            axes: self.axes.map(|axis| first.axes[axis]),
            flips: std::array::from_fn(|axis| self.flips[axis] ^ first.flips[self.axes[axis]]),
        }
    }

    /// Where the lattice point `index` of an `n^3` lattice is taken from: `R^-1 index`.
    pub(crate) fn source(&self, index: [usize; 3], n: usize) -> [usize; 3] {
        let mut source = [0; 3];
        for axis in 0..3 {
            source[self.axes[axis]] = if self.flips[axis] {
                n - 1 - index[axis]
            } else {
                index[axis]
            };
        }
        source
    }
}
