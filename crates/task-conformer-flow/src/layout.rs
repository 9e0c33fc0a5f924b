//! Where the atoms of a batch are: one after another in networks, padded to B molecules of N atoms in
//! what goes in and out.

use burn::tensor::{Device, Int, Tensor, TensorData};
use twirl_layers::{Spans, gather};

/// Places of A atoms, and of the P ordered pairs of atoms of one molecule, each with itself too.
#[derive(Debug, Clone)]
pub struct Layout {
    sizes: Vec<usize>,
    /// Atoms of the largest molecule.
    most: usize,
    /// The atoms of each molecule attend to one another.
    spans: Spans,
    /// Molecule of each atom `[A]`.
    molecule: Tensor<1, Int>,
    /// Place of each atom among those of all molecules with padding `[A]`.
    place: Tensor<1, Int>,
    /// An atom for each place `[B * N]`, and 1 where it belongs there `[B, N, 1]`.
    atom: Tensor<1, Int>,
    held: Tensor<3>,
}

impl Layout {
    /// Molecules of these numbers of atoms.
    #[must_use]
    pub fn new(sizes: Vec<usize>, device: &Device) -> Self {
        let most = sizes.iter().copied().max().unwrap_or(0);
        let (mut molecule, mut place) = (Vec::new(), Vec::new());
        let (mut atom, mut held) = (Vec::new(), Vec::new());
        for (number, &size) in sizes.iter().enumerate() {
            let first = molecule.len();
            molecule.extend(std::iter::repeat_n(number as i64, size));
            place.extend((0..size).map(|index| (number * most + index) as i64));
            let last = size.saturating_sub(1);
            atom.extend((0..most).map(|index| (first + index.min(last)) as i64));
            held.extend((0..most).map(|index| f64::from(u8::from(index < size))));
        }
        let int = |values: Vec<i64>| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        Self {
            spans: Spans::within(&sizes),
            molecule: int(molecule),
            place: int(place),
            atom: int(atom),
            held: Tensor::from_data(TensorData::new(held, [sizes.len(), most, 1]), device),
            most,
            sizes,
        }
    }

    /// Every molecule `times` times, one round after another.
    #[must_use]
    pub fn repeated(&self, times: usize) -> Self {
        Self::new(self.sizes.repeat(times), &self.held.device())
    }

    /// `[B, N]`.
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        [self.sizes.len(), self.most]
    }

    /// The atoms of each molecule attend to one another; pairs are numbered molecule by molecule, then
    /// by first and second atom.
    #[must_use]
    pub fn spans(&self) -> &Spans {
        &self.spans
    }

    /// `[B, N, channels]` to `[A, channels]`.
    ///
    /// # Panics
    /// If the first axes are not B and N.
    #[must_use]
    pub fn packed(&self, values: Tensor<3>) -> Tensor<2> {
        let [count, most, channels] = values.dims();
        assert_eq!([count, most], self.dims(), "Layout::packed");
        gather(values.reshape([count * most, channels]), self.place.clone())
    }

    /// `[A, channels]` to `[B, N, channels]`, 0 at padding.
    ///
    /// # Panics
    /// If there is not one row per atom.
    #[must_use]
    pub fn padded(&self, values: Tensor<2>) -> Tensor<3> {
        let [atoms, channels] = values.dims();
        assert_eq!(atoms, self.sizes.iter().sum::<usize>(), "Layout::padded");
        let rows = gather(values, self.atom.clone());
        rows.reshape([self.sizes.len(), self.most, channels]) * self.held.clone()
    }

    /// Values of molecules `[B, channels]` at their atoms `[A, channels]`.
    #[must_use]
    pub fn at_atoms(&self, values: Tensor<2>) -> Tensor<2> {
        gather(values, self.molecule.clone())
    }

    /// Rows of the first and the second atom of every pair `[P]`.
    #[must_use]
    pub fn pairs(&self) -> [Tensor<1, Int>; 2] {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut start = 0;
        for &size in &self.sizes {
            for one in start..start + size {
                first.extend(std::iter::repeat_n(one as i64, size));
                second.extend((start..start + size).map(|other| other as i64));
            }
            start += size;
        }
        [first, second].map(|values| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), &self.held.device())
        })
    }
}
