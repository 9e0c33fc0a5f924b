//! What is written.

use crate::dataset::DataSet;
use crate::molecule::Bond;

/// A molecule to be written: angstrom, eV, eV/angstrom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Geometry {
    /// Free text on one line: the key `comment` of extended XYZ, the title of SDF.
    pub comment: String,
    /// SMILES, if known: the key or data item `smiles`.
    pub smiles: Option<String>,
    /// Total charge in units of e, written where it is not zero.
    pub charge: i32,
    /// Atomic numbers, `[n]`.
    pub atomic_numbers: Vec<u8>,
    /// Positions, `[n, 3]`, angstrom.
    pub positions: Vec<[f64; 3]>,
    /// Energy, eV, if known.
    pub energy: Option<f64>,
    /// Forces, `[n, 3]`, eV/angstrom, if known.
    pub forces: Option<Vec<[f64; 3]>>,
    /// Bonds.
    pub bonds: Vec<Bond>,
}

impl Geometry {
    /// Frame `frame` of a data set, with everything that is known of it.
    ///
    /// # Panics
    /// Past the last frame.
    pub fn of(data: &DataSet, frame: usize) -> Self {
        let molecule = &data.molecules()[data.molecule(frame)];
        Self {
            comment: molecule
                .name
                .clone()
                .unwrap_or_else(|| molecule.formula.clone()),
            smiles: molecule.smiles.clone(),
            charge: molecule.charge,
            atomic_numbers: data.atomic_numbers(frame).to_vec(),
            positions: data.positions(frame).to_vec(),
            energy: data.energy(frame),
            forces: data.forces(frame).map(<[_]>::to_vec),
            bonds: molecule.bonds.clone(),
        }
    }
}
