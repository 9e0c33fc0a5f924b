//! Where the edges of a batch are.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::attention::Spans;

/// Edges of a batch of molecules whose atoms follow one another. Each atom has as many slots as any
/// other; the first are edges from neighbours in its molecule, the rest name the atom itself.
#[derive(Debug, Clone)]
pub struct Slots {
    host: Arc<Host>,
    index: Tensor<1, Int>,
}

#[derive(Debug)]
struct Host {
    /// Atoms of each molecule.
    sizes: Vec<usize>,
    /// Neighbours of each atom.
    counts: Vec<usize>,
    /// Row of the neighbour in every slot.
    senders: Vec<usize>,
    slots: usize,
    among: Spans,
    onto: Spans,
}

/// The rows of one molecule.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// First atom of the molecule.
    pub first: usize,
    /// Atoms.
    pub atoms: usize,
    /// Neighbours of each of its atoms.
    pub counts: &'a [usize],
    /// Rows of the neighbours, counted from the first atom of the batch.
    pub senders: &'a [usize],
    /// Slots of each atom.
    pub slots: usize,
}

impl Slots {
    /// Molecules of `sizes` atoms each, and the rows of the neighbours of every atom in the batch.
    ///
    /// # Panics
    /// If the sizes do not add up to the number of atoms, an atom has more neighbours than there are
    /// slots, or a neighbour belongs to another molecule.
    #[must_use]
    pub fn new(
        sizes: Vec<usize>,
        neighbours: &[Vec<usize>],
        slots: usize,
        device: &Device,
    ) -> Self {
        assert_eq!(
            sizes.iter().sum::<usize>(),
            neighbours.len(),
            "Slots: atoms of the molecules"
        );
        let mut senders = Vec::with_capacity(neighbours.len() * slots);
        let mut first = 0;
        for &size in &sizes {
            let molecule = first..first + size;
            for atom in molecule.clone() {
                let held = &neighbours[atom];
                assert!(
                    held.len() <= slots && held.iter().all(|other| molecule.contains(other)),
                    "Slots: neighbours of atom {atom}"
                );
                senders.extend_from_slice(held);
                senders.resize((atom + 1) * slots, atom);
            }
            first += size;
        }
        let counts: Vec<usize> = neighbours.iter().map(Vec::len).collect();
        let rows: Vec<i64> = senders.iter().map(|&row| row as i64).collect();
        let edges = rows.len();
        Self {
            index: Tensor::from_data(TensorData::new(rows, [edges]), device),
            host: Arc::new(Host {
                among: Spans::among_slots(&counts, slots),
                onto: Spans::onto_slots(&counts, slots),
                sizes,
                counts,
                senders,
                slots,
            }),
        }
    }

    /// Atoms of each molecule.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.host.sizes
    }

    /// Neighbours of each atom.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.host.counts
    }

    /// Slots of each atom.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.host.slots
    }

    /// Row of the neighbour in every slot `[atoms * slots]`.
    #[must_use]
    pub fn index(&self) -> Tensor<1, Int> {
        self.index.clone()
    }

    /// The edges of each atom attend to one another.
    #[must_use]
    pub fn among(&self) -> &Spans {
        &self.host.among
    }

    /// Each atom attends to its edges.
    #[must_use]
    pub fn onto(&self) -> &Spans {
        &self.host.onto
    }

    /// The molecules.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let host = &*self.host;
        let mut first = 0;
        host.sizes.iter().map(move |&atoms| {
            first += atoms;
            let range = first - atoms..first;
            Piece {
                first: range.start,
                atoms,
                senders: &host.senders[range.start * host.slots..range.end * host.slots],
                counts: &host.counts[range],
                slots: host.slots,
            }
        })
    }

    /// Divides rows of `width` numbers for every atom into those of the molecules.
    #[must_use]
    pub fn divide<'a, T>(&self, mut values: &'a mut [T], width: usize) -> Vec<&'a mut [T]> {
        let parts = self.host.sizes.iter().map(|size| {
            let (part, rest) = std::mem::take(&mut values).split_at_mut(size * width);
            values = rest;
            part
        });
        parts.collect()
    }

    /// Calls `run` for every molecule with what belongs to it, on several threads where `work`, the
    /// multiplications of all together, is worth it. Molecules share no rows, so bits do not depend
    /// on threads.
    pub fn each<W: Send>(
        &self,
        work: usize,
        of_molecules: Vec<W>,
        run: impl Fn(Piece<'_>, W) + Sync,
    ) {
        let pairs: Vec<_> = self.pieces().zip(of_molecules).collect();
        if work < 1 << 19 {
            for (piece, work) in pairs {
                run(piece, work);
            }
        } else {
            pairs
                .into_par_iter()
                .for_each(|(piece, work)| run(piece, work));
        }
    }
}
