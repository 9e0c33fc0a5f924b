//! Batches of molecules, atom after atom.

use burn::tensor::{Device, Int, Tensor, TensorData};
use twirl_layers::{MAX_ATOMIC_NUMBER, Slots, cutoff, gather, matmul_full};

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

/// A batch of molecules, whose atoms follow one another without padding. Each of the A atoms has K
/// slots for neighbours; E = A K edges.
///
/// Empty slots point at their own atom; the mask of edges is 1 for what is real and 0 for them.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Molecules.
    pub batch: usize,
    /// Atoms of the largest molecule.
    pub largest: usize,
    /// Atomic numbers `[A]`.
    pub species: Tensor<1, Int>,
    /// Positions in angstrom `[A, 3]`.
    pub positions: Tensor<2>,
    /// Vectors in angstrom from each atom to its neighbours `[E, 3]`, 0 at empty slots. They are taken
    /// in f64 before rounding: the difference of two rounded positions has lost the digits that the
    /// molecule's extent costs.
    pub offsets: Tensor<2>,
    /// Which atoms are neighbours.
    pub slots: Slots,
    /// `[E, 1]`.
    pub edge_mask: Tensor<2>,
    /// Distance in angstrom at which the influence of a neighbour ends.
    pub cutoff: f64,
    /// Molecule of each atom `[A]`.
    molecule: Tensor<1, Int>,
    /// An atom for each place of `[batch, largest]`, and 1 where it belongs there, else 0.
    places: Tensor<1, Int>,
    held: Tensor<3>,
}

/// Geometry of the E edges of a [`Cloud`].
#[derive(Debug, Clone)]
pub struct Edges {
    /// Distance in angstrom `[E, 1]`; the cutoff at empty slots.
    pub distance: Tensor<2>,
    /// Unit vector from atom to neighbour `[E, 3]`; 0 at empty slots.
    pub unit: Tensor<2>,
    /// Smooth envelope of the distance `[E, 1]`; 0 at empty slots.
    pub envelope: Tensor<2>,
}

impl Cloud {
    /// Copies molecules to the device. There are slots for the most neighbours of an atom, at least
    /// for `least[1]`, and [`Cloud::padded`] has room for the most atoms, at least for `least[0]`.
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
        let widest = largest(|molecule| molecule.species.len(), least[0]);
        let slots = largest(|molecule| molecule.neighbours.most(), least[1].max(1));

        let sizes: Vec<usize> = molecules.iter().map(|one| one.species.len()).collect();
        let rows: usize = sizes.iter().sum();
        let (mut species, mut owner) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut positions = Vec::with_capacity(rows * 3);
        let mut offsets = Vec::with_capacity(rows * slots * 3);
        let mut edge_mask = Vec::with_capacity(rows * slots);
        let mut neighbours = Vec::with_capacity(rows);
        let (mut places, mut held) = (Vec::new(), Vec::new());
        for (place, molecule) in molecules.iter().enumerate() {
            let (first, atoms) = (species.len(), molecule.species.len());
            let centre = centroid(molecule.positions);
            for (atom, position) in molecule.positions.iter().enumerate() {
                species.push(i64::from(molecule.species[atom]));
                owner.push(place as i64);
                positions.extend((0..3).map(|axis| position[axis] - centre[axis]));
                let around = molecule.neighbours.of(atom);
                for &other in around {
                    let other = molecule.positions[other];
                    offsets.extend((0..3).map(|axis| other[axis] - position[axis]));
                }
                edge_mask.resize(edge_mask.len() + around.len(), 1.0);
                edge_mask.resize(species.len() * slots, 0.0);
                offsets.resize(species.len() * slots * 3, 0.0);
                neighbours.push(around.iter().map(|other| first + other).collect());
            }
            places.extend((0..widest).map(|place| (first + place.min(atoms - 1)) as i64));
            held.extend((0..widest).map(|place| f64::from(u8::from(place < atoms))));
        }
        let float = |values: Vec<f64>, width: usize| {
            let rows = values.len() / width;
            Tensor::from_data(TensorData::new(values, [rows, width]), device)
        };
        let int = |values: Vec<i64>| {
            let rows = values.len();
            Tensor::from_data(TensorData::new(values, [rows]), device)
        };
        let held: Tensor<2> = float(held, 1);
        Ok(Self {
            batch: molecules.len(),
            largest: widest,
            species: int(species),
            positions: float(positions, 3),
            offsets: float(offsets, 3),
            slots: Slots::new(sizes, &neighbours, slots, device),
            edge_mask: float(edge_mask, 1),
            cutoff,
            molecule: int(owner),
            places: int(places),
            held: held.reshape([molecules.len(), widest, 1]),
        })
    }

    /// Number of atoms of all molecules.
    #[must_use]
    pub fn atoms(&self) -> usize {
        self.slots.counts().len()
    }

    /// Slots for neighbours of each atom.
    #[must_use]
    pub fn neighbours(&self) -> usize {
        self.slots.slots()
    }

    /// Values of atoms `[A, channels]` molecule by molecule, `[batch, largest, channels]`, 0 at padding.
    ///
    /// # Panics
    /// If there is not one row per atom.
    #[must_use]
    pub fn padded(&self, values: Tensor<2>) -> Tensor<3> {
        self.placed(values) * self.held.clone()
    }

    /// Means of values `[A, channels]` over the atoms of every molecule, `[batch, 1, channels]`.
    ///
    /// # Panics
    /// If there is not one row per atom.
    #[must_use]
    pub fn mean(&self, values: Tensor<2>) -> Tensor<3> {
        let share = self.held.clone() / self.held.clone().sum_dim(1);
        (self.placed(values) * share).sum_dim(1)
    }

    fn placed(&self, values: Tensor<2>) -> Tensor<3> {
        let [rows, channels] = values.dims();
        assert_eq!(rows, self.atoms(), "Cloud: one row per atom");
        let rows = gather(values, self.places.clone());
        rows.reshape([self.batch, self.largest, channels])
    }

    /// The same cloud with molecule b turned by `rotations[b]` about the origin; `[batch, 3, 3]`.
    ///
    /// # Panics
    /// If there is not one matrix per molecule.
    #[must_use]
    pub fn rotated(&self, rotations: Tensor<3>) -> Self {
        assert_eq!(rotations.dims(), [self.batch, 3, 3], "Cloud::rotated");
        let transposed = rotations.swap_dims(1, 2).reshape([self.batch, 9]);
        let of_atoms = gather(transposed, self.molecule.clone()).reshape([self.atoms(), 3, 3]);
        let turn = |vectors: Tensor<2>| {
            let count = vectors.dims()[0];
            let vectors = vectors.reshape([self.atoms(), count / self.atoms(), 3]);
            matmul_full(vectors, of_atoms.clone()).reshape([count, 3])
        };
        Self {
            positions: turn(self.positions.clone()),
            offsets: turn(self.offsets.clone()),
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
