//! A molecule by what a file says of it.

use crate::error::Result;
use crate::molecule::Molecule;
use crate::site::Site;
use crate::smiles;

/// A molecule of which a file gives a SMILES, perhaps, and a charge, perhaps. The charge is else
/// that of the SMILES; bonds come from a SMILES that maps every atom.
pub(in crate::format) fn described(
    site: &Site<'_>,
    smiles: Option<String>,
    charge: Option<i32>,
    numbers: &[u8],
) -> Result<Molecule> {
    let mut molecule = Molecule {
        charge: charge.unwrap_or(0),
        ..Molecule::default()
    };
    let Some(text) = smiles else {
        return Ok(molecule);
    };
    let parsed = smiles::parse(&text).map_err(|what| site.smiles(&text, what))?;
    let bonds = parsed
        .mapped_bonds(numbers)
        .map_err(|what| site.smiles(&text, what))?;
    molecule.bonds = bonds.unwrap_or_default();
    molecule.charge = charge.unwrap_or_else(|| parsed.charge());
    molecule.smiles = Some(text);
    Ok(molecule)
}
