//! Whether energies and forces of single frames can be right.

use crate::error::DataError;
use crate::frames::{Frames, length};
use crate::units::{BOHR, HARTREE, Quantity};

/// Largest force on an atom, eV/angstrom: the atomic unit of force, 1 hartree/bohr. The force of
/// that size lasts over a tenth of a bohr only where atoms overlap; thermal frames stay below a
/// third of it.
const LARGEST: f64 = HARTREE / BOHR;

/// An energy or a force component that is not finite after the conversion.
pub(crate) fn finite(set: &Frames<'_>, frame: usize) -> Option<DataError> {
    let forces = set.forces(frame).unwrap_or_default();
    for (atom, force) in forces.iter().enumerate() {
        if let Some(value) = force.iter().find(|x| !x.is_finite()) {
            let site = set.site(frame).inside(&format!("atom {atom}"));
            return Some(site.not_finite(Quantity::Force, *value));
        }
    }
    let energy = set.energies.map(|energies| energies[frame])?;
    (!energy.is_finite()).then(|| set.site(frame).not_finite(Quantity::Energy, energy))
}

/// A force beyond the bound.
pub(crate) fn force(set: &Frames<'_>, frame: usize) -> Option<DataError> {
    let forces = set.forces(frame)?;
    let (atom, size) = forces
        .iter()
        .map(|&force| length(force))
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    (size > LARGEST).then(|| {
        let site = set.site(frame).inside(&format!("atom {atom}"));
        let what = format!(
            "a force of {size:.1} eV/A, beyond {LARGEST:.1} eV/A (1 hartree/bohr, the atomic unit)"
        );
        site.implausible(what)
    })
}
