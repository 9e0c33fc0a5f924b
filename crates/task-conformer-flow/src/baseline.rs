//! `RDKit`'s conformers of the held-out embedded molecules, made by
//! `data-scripts/rdkit_conformers.py`.

use std::collections::BTreeMap;

use serde::Deserialize;
use twirl_data::DataSet;

#[derive(Deserialize)]
struct File {
    /// sha256 of the data set to which the conformers belong.
    data: String,
    /// By SMILES: positions of every conformer in thousandths of an angstrom, atoms in the order of
    /// the data set.
    conformers: BTreeMap<String, Vec<Vec<i32>>>,
}

/// Conformers by SMILES, angstrom; `None` for any data set but the embedded one.
pub(crate) fn conformers(data: &DataSet) -> Option<BTreeMap<String, Vec<Vec<[f64; 3]>>>> {
    let file: File = serde_json::from_str(include_str!("../baseline/rdkit.json"))
        .expect("the file is part of the program and read by its tests");
    if file.data != data.sha256() {
        return None;
    }
    let positions = |values: Vec<i32>| -> Vec<[f64; 3]> {
        values
            .chunks_exact(3)
            .map(|place| [0, 1, 2].map(|axis| f64::from(place[axis]) / 1000.0))
            .collect()
    };
    let molecule =
        |(smiles, all): (String, Vec<Vec<i32>>)| (smiles, all.into_iter().map(positions).collect());
    Some(file.conformers.into_iter().map(molecule).collect())
}
