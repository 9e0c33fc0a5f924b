//! What is predicted: the dipole of a molecule's partial charges.

mod charges;

use twirl_data::DataSet;

/// One line for the list of tasks.
pub const ABOUT: &str = "dipole of a molecule from charges that its bonds decide";

/// Charge of the electron times angstrom, 4.803 debye.
pub const UNIT: &str = "e A";

/// `sum_i q_i x_i` of a frame, with charges from its bonds, which no arm is told. They sum to zero, so
/// the dipole does not move with the molecule. It is no quantum-mechanical dipole: induction along
/// bonds is in it, polarisation through space is not.
///
/// # Errors
/// If the bonds are unknown, the molecule is charged, or an element has no parameters.
pub fn label(data: &DataSet, item: usize) -> Result<[f64; 3], String> {
    let molecule = &data.molecules()[data.molecule(item)];
    let (numbers, positions) = (data.atomic_numbers(item), data.positions(item));
    if molecule.bonds.is_empty() && numbers.len() > 1 {
        return Err("its bonds are unknown, and charges come from bonds".into());
    }
    if molecule.charge != 0 {
        return Err(format!(
            "its charge is {}: a dipole has no origin",
            molecule.charge
        ));
    }
    let mut dipole = [0.0; 3];
    for (q, position) in charges::charges(numbers, &molecule.bonds)?
        .iter()
        .zip(positions)
    {
        (0..3).for_each(|axis| dipole[axis] += q * position[axis]);
    }
    Ok(dipole)
}
