//! The project's HDF5; the layout is in the README of this crate.

use std::path::Path;

use hdf5_writer::{
    AttributeBuilder, DatasetBuilder, FILTER_DEFLATE, FILTER_SHUFFLE, FilterDescription,
    H5WriteElement, Hdf5Builder, WriteOptions,
};

use crate::dataset::DataSet;
use crate::error::{DataError, Result};
use crate::site::one_line;
use crate::split::Split;
use crate::write::target::Target;

/// Rows of a chunk.
const ROWS: u64 = 1 << 14;

/// Writes a data set as the project's HDF5: angstrom, eV, eV/angstrom, 8-byte floats, its split.
///
/// # Errors
/// [`DataError`] where the file cannot be written. Nothing is written then.
pub fn write_project(path: impl AsRef<Path>, data: &DataSet) -> Result<()> {
    let file = Target::new(path.as_ref());
    let bytes = encode(data).map_err(|error| DataError::Unsupported {
        path: one_line(&path.as_ref().display().to_string()),
        record: "file".to_owned(),
        what: format!("cannot be encoded: {}", one_line(&error.to_string())),
        remedy: "write extended XYZ".to_owned(),
    })?;
    file.write(&bytes)
}

type Encoded<T> = std::result::Result<T, hdf5_writer::Error>;

fn encode(data: &DataSet) -> Encoded<Vec<u8>> {
    let contents = data.contents();
    let mut builder = Hdf5Builder::new();
    let meta = [
        ("name", Some(data.name())),
        ("level_of_theory", data.level()),
        ("licence", data.licence()),
    ];
    for (name, text) in meta {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let attribute = AttributeBuilder::fixed_string(name, text);
            builder = builder.group_attribute("meta", attribute);
        }
    }
    let offset: Vec<i64> = contents
        .offset
        .iter()
        .map(|&offset| offset as i64)
        .collect();
    let molecule: Vec<i64> = contents
        .molecule
        .iter()
        .map(|&index| index as i64)
        .collect();
    let mut split = vec![0_u8; data.len()];
    for part in Split::ALL {
        for &frame in data.split(part) {
            split[frame] = part as u8;
        }
    }
    builder = builder
        .dataset(column("offset", &offset)?)
        .dataset(column("atomic_number", &contents.numbers)?)
        .dataset(rows("position", &contents.positions)?)
        .dataset(column("molecule_index", &molecule)?)
        .dataset(column("split", &split)?);
    if let Some(forces) = &contents.forces {
        builder = builder.dataset(rows("force", forces)?);
    }
    if let Some(energies) = &contents.energies {
        builder = builder.dataset(column("energy", energies)?);
    }
    let molecules = data.molecules();
    let smiles = molecules.iter().map(|molecule| molecule.smiles.as_deref());
    let smiles: Vec<&str> = smiles.map(Option::unwrap_or_default).collect();
    let charge: Vec<i32> = molecules.iter().map(|molecule| molecule.charge).collect();
    let (mut bond_offset, mut bonds) = (vec![0_i64], Vec::new());
    for molecule in molecules {
        for bond in &molecule.bonds {
            bonds.extend([bond.first as i64, bond.second as i64, bond.order.code()]);
        }
        bond_offset.push(bonds.len() as i64 / 3);
    }
    let count = vec![molecules.len() as u64];
    builder = builder
        .dataset(DatasetBuilder::vlen_string_data(
            "molecule/smiles",
            count,
            &smiles,
        )?)
        .dataset(column("molecule/charge", &charge)?);
    if !bonds.is_empty() {
        let shape = vec![bonds.len() as u64 / 3, 3];
        builder = builder
            .dataset(column("molecule/bond_offset", &bond_offset)?)
            .dataset(DatasetBuilder::typed_data("molecule/bond", shape, &bonds)?);
    }
    builder.into_plan()?.encode(WriteOptions::default())
}

fn column<T: H5WriteElement>(name: &str, values: &[T]) -> Encoded<DatasetBuilder> {
    let dataset = DatasetBuilder::typed_data(name, vec![values.len() as u64], values)?;
    Ok(deflated(
        dataset,
        vec![(values.len() as u64).clamp(1, ROWS)],
        size_of::<T>(),
    ))
}

fn rows(name: &str, values: &[[f64; 3]]) -> Encoded<DatasetBuilder> {
    let count = values.len() as u64;
    let dataset = DatasetBuilder::typed_data(name, vec![count, 3], values.as_flattened())?;
    Ok(deflated(
        dataset,
        vec![count.clamp(1, ROWS), 3],
        size_of::<f64>(),
    ))
}

fn deflated(dataset: DatasetBuilder, chunk: Vec<u64>, width: usize) -> DatasetBuilder {
    let filter = |id, client_data| FilterDescription {
        id,
        name: None,
        client_data,
    };
    dataset
        .chunked(chunk)
        .filter(filter(FILTER_SHUFFLE, vec![width as u32]))
        .filter(filter(FILTER_DEFLATE, vec![4]))
}
