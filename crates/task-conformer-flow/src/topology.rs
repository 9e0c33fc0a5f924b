//! What is known of a molecule before its geometry: atoms, bonds, and what follows from them.

use nalgebra::{DMatrix, SymmetricEigen};
use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::Stream;
use twirl_data::{Bond, BondOrder};

use crate::geometry::centred;
use crate::schedule::Prior;

/// Numbers per atom: heavy neighbours / 4, hydrogens / 4, aromatic, in a ring.
pub(crate) const ATOM_FEATURES: usize = 4;

/// Kinds of bond, in the order of [`BondOrder`].
pub(crate) const BOND_KINDS: usize = 4;

/// Kinds of pair: the atom itself; the four bonds; two, three, four, five, six or more bonds away;
/// not connected.
pub(crate) const PAIR_KINDS: usize = 11;

const UNREACHED: usize = usize::MAX;

/// The bond graph of a molecule.
#[derive(Debug, Clone)]
pub struct Topology {
    species: Vec<u8>,
    bonds: Vec<Bond>,
    features: Vec<[f64; ATOM_FEATURES]>,
    pairs: Vec<u8>,
    connected: bool,
    /// `[atoms, atoms - 1]`: columns `u_k / sqrt(lambda_k)` of the Laplacian's eigenvectors.
    springs: DMatrix<f64>,
}

/// Number of a bond's kind, from 0.
pub(crate) fn kind(order: BondOrder) -> usize {
    match order {
        BondOrder::Single => 0,
        BondOrder::Double => 1,
        BondOrder::Triple => 2,
        BondOrder::Aromatic => 3,
    }
}

impl Topology {
    /// The graph of `species` (atomic numbers) and `bonds`, which name atoms below their count.
    pub fn new(species: &[u8], bonds: &[Bond]) -> Self {
        let atoms = species.len();
        let mut around = vec![Vec::new(); atoms];
        for bond in bonds {
            around[bond.first].push(bond.second);
            around[bond.second].push(bond.first);
        }
        let distances: Vec<Vec<usize>> = (0..atoms).map(|from| walk(&around, from, None)).collect();
        let connected = distances
            .first()
            .is_none_or(|row| row.iter().all(|&steps| steps != UNREACHED));
        let mut pairs = vec![0; atoms * atoms];
        for (row, steps) in pairs.chunks_exact_mut(atoms.max(1)).zip(&distances) {
            for (pair, &steps) in row.iter_mut().zip(steps) {
                *pair = match steps {
                    0 | 1 => 0,
                    UNREACHED => 10,
                    far => 3 + far.min(6) as u8,
                };
            }
        }
        let mut features = vec![[0.0; ATOM_FEATURES]; atoms];
        for bond in bonds {
            let code = 1 + kind(bond.order) as u8;
            pairs[bond.first * atoms + bond.second] = code;
            pairs[bond.second * atoms + bond.first] = code;
            let ring = walk(&around, bond.first, Some(bond))[bond.second] != UNREACHED;
            for (here, there) in [(bond.first, bond.second), (bond.second, bond.first)] {
                features[here][usize::from(species[there] == 1)] += 0.25;
                if bond.order == BondOrder::Aromatic {
                    features[here][2] = 1.0;
                }
                if ring {
                    features[here][3] = 1.0;
                }
            }
        }
        let springs = if connected {
            springs(atoms, bonds)
        } else {
            DMatrix::zeros(0, 0)
        };
        Self {
            species: species.to_vec(),
            bonds: bonds.to_vec(),
            features,
            pairs,
            connected,
            springs,
        }
    }

    /// Number of atoms.
    pub fn atoms(&self) -> usize {
        self.species.len()
    }

    /// Atomic numbers.
    pub fn species(&self) -> &[u8] {
        &self.species
    }

    /// Bonds.
    pub fn bonds(&self) -> &[Bond] {
        &self.bonds
    }

    /// Whether every atom is reached from every other by bonds.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    pub(crate) fn features(&self) -> &[[f64; ATOM_FEATURES]] {
        &self.features
    }

    /// Kind of every pair, `[atoms, atoms]`.
    pub(crate) fn pairs(&self) -> &[u8] {
        &self.pairs
    }

    /// A centred source sample of size `scale` (angstrom).
    ///
    /// # Panics
    /// For the harmonic prior of a graph that is not connected, whose size is infinite.
    pub fn source(&self, prior: Prior, scale: f64, stream: &mut Stream) -> Vec<[f64; 3]> {
        let atoms = self.atoms();
        match prior {
            Prior::Gaussian => centred(&normals(atoms, scale, stream)),
            Prior::Harmonic => {
                assert!(self.connected, "harmonic prior of a graph in pieces");
                let drawn = normals(atoms - 1, scale, stream);
                (0..atoms)
                    .map(|atom| {
                        let mut place = [0.0; 3];
                        for (mode, vector) in drawn.iter().enumerate() {
                            for (sum, value) in place.iter_mut().zip(vector) {
                                *sum += self.springs[(atom, mode)] * value;
                            }
                        }
                        place
                    })
                    .collect()
            }
        }
    }

    /// Covariance of a coordinate of [`Topology::source`], `[atoms, atoms]`.
    pub(crate) fn covariance(&self, prior: Prior, scale: f64) -> DMatrix<f64> {
        let atoms = self.atoms();
        let unit = match prior {
            Prior::Gaussian => DMatrix::identity(atoms, atoms).add_scalar(-1.0 / atoms as f64),
            Prior::Harmonic => &self.springs * self.springs.transpose(),
        };
        unit * (scale * scale)
    }
}

/// Independent normal vectors of standard deviation `scale` per component.
pub(crate) fn normals(count: usize, scale: f64, stream: &mut Stream) -> Vec<[f64; 3]> {
    (0..count)
        .map(|_| std::array::from_fn(|_| scale * stream.sample::<f64, _>(StandardNormal)))
        .collect()
}

/// Bonds from `from` to every atom, breadth first, without passing `closed`.
fn walk(around: &[Vec<usize>], from: usize, closed: Option<&Bond>) -> Vec<usize> {
    let mut steps = vec![UNREACHED; around.len()];
    steps[from] = 0;
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(here) = queue.pop_front() {
        for &there in &around[here] {
            let barred = closed.is_some_and(|bond| {
                [(bond.first, bond.second), (bond.second, bond.first)].contains(&(here, there))
            });
            if !barred && steps[there] == UNREACHED {
                steps[there] = steps[here] + 1;
                queue.push_back(there);
            }
        }
    }
    steps
}

/// The square root of the pseudo-inverse of the Laplacian, without the constant vector.
fn springs(atoms: usize, bonds: &[Bond]) -> DMatrix<f64> {
    let mut laplacian = DMatrix::<f64>::zeros(atoms, atoms);
    for bond in bonds {
        let (a, b) = (bond.first, bond.second);
        laplacian[(a, a)] += 1.0;
        laplacian[(b, b)] += 1.0;
        laplacian[(a, b)] -= 1.0;
        laplacian[(b, a)] -= 1.0;
    }
    let eigen = SymmetricEigen::new(laplacian);
    let mut order: Vec<usize> = (0..atoms).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    DMatrix::from_fn(atoms, atoms.saturating_sub(1), |atom, mode| {
        let mode = order[mode + 1];
        eigen.eigenvectors[(atom, mode)] / eigen.eigenvalues[mode].sqrt()
    })
}
