//! Batches of molecules in a padded dense layout.

use burn::tensor::{Device, Int, Tensor, TensorData};
use twirl_layers::{MAX_ATOMIC_NUMBER, cutoff, matmul};

use crate::{EquivariantError, NeighbourList};

/// One molecule on the host.
#[derive(Debug, Clone, Copy)]
pub struct Molecule<'a> {
    /// Atomic numbers, one per atom.
    pub species: &'a [u8],
    /// Positions in angstrom.
    pub positions: &'a [[f64; 3]],
    /// Neighbours of each atom.
    pub neighbours: &'a NeighbourList,
}

/// A batch of `batch` molecules, padded to `atoms` atoms of `neighbours` neighbours each.
///
/// Rows run over molecules, then atoms, then neighbours. Padded atoms have atomic number 0, and
/// padded edges point at their own atom; masks are 1 for what is real and 0 for padding.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Molecules.
    pub batch: usize,
    /// Atoms per molecule, with padding.
    pub atoms: usize,
    /// Neighbours per atom, with padding.
    pub neighbours: usize,
    /// Atomic numbers `[batch * atoms]`.
    pub species: Tensor<1, Int>,
    /// Positions in angstrom `[batch * atoms, 3]`.
    pub positions: Tensor<2>,
    /// Vectors in angstrom from each atom to its neighbours `[batch * atoms * neighbours, 3]`, 0 at
    /// padded edges. They are taken in f64 before rounding: the difference of two rounded
    /// positions has lost the digits that the molecule's extent costs.
    pub offsets: Tensor<2>,
    /// Row of each neighbour, in `0..batch * atoms`: `[batch * atoms * neighbours]`.
    pub index: Tensor<1, Int>,
    /// `[batch * atoms, 1]`.
    pub atom_mask: Tensor<2>,
    /// `[batch * atoms * neighbours, 1]`.
    pub edge_mask: Tensor<2>,
    /// Distance in angstrom at which the influence of a neighbour ends.
    pub cutoff: f64,
}

/// Geometry of the edges of a [`Cloud`], with E = batch * atoms * neighbours.
#[derive(Debug, Clone)]
pub struct Edges {
    /// Distance in angstrom `[E, 1]`; the cutoff at padded edges.
    pub distance: Tensor<2>,
    /// Unit vector from atom to neighbour `[E, 3]`; 0 at padded edges.
    pub unit: Tensor<2>,
    /// Smooth envelope of the distance `[E, 1]`; 0 at padded edges.
    pub envelope: Tensor<2>,
}

impl Cloud {
    /// Pads molecules to a common size, at least `least = [atoms, neighbours]`.
    ///
    /// Each molecule is centred on the mean of its atoms in f64 before positions are rounded to the
    /// float type of the device, so that a distant origin costs no digits.
    ///
    /// # Errors
    /// [`EquivariantError::Empty`], [`EquivariantError::Length`], [`EquivariantError::Species`],
    /// [`EquivariantError::Coordinate`] and [`EquivariantError::Cutoff`].
    pub fn from_host(
        molecules: &[Molecule],
        cutoff: f64,
        least: [usize; 2],
        device: &Device,
    ) -> Result<Self, EquivariantError> {
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(EquivariantError::Cutoff { cutoff });
        }
        if molecules.is_empty() {
            return Err(EquivariantError::Empty { molecule: 0 });
        }
        for (place, molecule) in molecules.iter().enumerate() {
            check(place, molecule)?;
        }
        let largest = |size: fn(&Molecule) -> usize, least: usize| {
            molecules.iter().map(size).max().unwrap_or(0).max(least)
        };
        let atoms = largest(|molecule| molecule.species.len(), least[0]);
        let neighbours = largest(|molecule| molecule.neighbours.most(), least[1].max(1));

        let rows = molecules.len() * atoms;
        let mut species = vec![0_i64; rows];
        let mut positions = vec![0.0; rows * 3];
        let mut atom_mask = vec![0.0; rows];
        let mut edge_mask = vec![0.0; rows * neighbours];
        let mut offsets = vec![0.0; rows * neighbours * 3];
        let mut index: Vec<i64> = (0..rows * neighbours)
            .map(|edge| (edge / neighbours) as i64)
            .collect();
        for (place, molecule) in molecules.iter().enumerate() {
            let centre = centroid(molecule.positions);
            for (atom, position) in molecule.positions.iter().enumerate() {
                let row = place * atoms + atom;
                species[row] = i64::from(molecule.species[atom]);
                atom_mask[row] = 1.0;
                for axis in 0..3 {
                    positions[row * 3 + axis] = position[axis] - centre[axis];
                }
                for (slot, &other) in molecule.neighbours.of(atom).iter().enumerate() {
                    index[row * neighbours + slot] = (place * atoms + other) as i64;
                    edge_mask[row * neighbours + slot] = 1.0;
                    for axis in 0..3 {
                        offsets[(row * neighbours + slot) * 3 + axis] =
                            molecule.positions[other][axis] - position[axis];
                    }
                }
            }
        }
        let float = |values: Vec<f64>, width: usize| {
            let rows = values.len() / width;
            Tensor::from_data(TensorData::new(values, [rows, width]), device)
        };
        let int = |values: Vec<i64>| {
            let rows = values.len();
            Tensor::from_data(TensorData::new(values, [rows]), device)
        };
        Ok(Self {
            batch: molecules.len(),
            atoms,
            neighbours,
            species: int(species),
            positions: float(positions, 3),
            offsets: float(offsets, 3),
            index: int(index),
            atom_mask: float(atom_mask, 1),
            edge_mask: float(edge_mask, 1),
            cutoff,
        })
    }

    /// The same cloud with molecule b turned by `rotations[b]` about the origin; `[batch, 3, 3]`.
    ///
    /// # Panics
    /// If there is not one matrix per molecule.
    #[must_use]
    pub fn rotated(&self, rotations: Tensor<3>) -> Self {
        assert_eq!(rotations.dims(), [self.batch, 3, 3], "Cloud::rotated");
        let rows = self.batch * self.atoms;
        let transposed = rotations.swap_dims(1, 2);
        let turn = |vectors: Tensor<2>, rows: usize| {
            let vectors = vectors.reshape([self.batch, rows / self.batch, 3]);
            matmul(vectors, transposed.clone()).reshape([rows, 3])
        };
        Self {
            positions: turn(self.positions.clone(), rows),
            offsets: turn(self.offsets.clone(), rows * self.neighbours),
            ..self.clone()
        }
    }

    /// Distances, directions and envelopes.
    #[must_use]
    pub fn edges(&self) -> Edges {
        let offset = self.offsets.clone();
        let padded = -self.edge_mask.clone() + 1.0;
        let squared = (offset.clone() * offset.clone()).sum_dim(1);
        let distance = (squared + padded * (self.cutoff * self.cutoff)).sqrt();
        Edges {
            unit: offset / distance.clone(),
            envelope: cutoff(distance.clone(), self.cutoff) * self.edge_mask.clone(),
            distance,
        }
    }
}

fn check(place: usize, molecule: &Molecule) -> Result<(), EquivariantError> {
    let atoms = molecule.species.len();
    if atoms == 0 {
        return Err(EquivariantError::Empty { molecule: place });
    }
    for (what, found) in [
        ("positions", molecule.positions.len()),
        ("neighbour lists", molecule.neighbours.atoms()),
    ] {
        if found != atoms {
            return Err(EquivariantError::Length {
                molecule: place,
                what,
                found,
                atoms,
            });
        }
    }
    for (atom, &number) in molecule.species.iter().enumerate() {
        if !(1..=MAX_ATOMIC_NUMBER).contains(&usize::from(number)) {
            return Err(EquivariantError::Species {
                molecule: place,
                atom,
                number,
            });
        }
        let position = molecule.positions[atom];
        if let Some(&value) = position.iter().find(|value| !value.is_finite()) {
            return Err(EquivariantError::Coordinate { atom, value });
        }
    }
    Ok(())
}

fn centroid(positions: &[[f64; 3]]) -> [f64; 3] {
    let count = positions.len() as f64;
    std::array::from_fn(|axis| positions.iter().map(|point| point[axis]).sum::<f64>() / count)
}
