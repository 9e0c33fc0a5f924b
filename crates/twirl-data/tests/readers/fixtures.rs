//! Small valid files of every format, made in memory, which tests then damage.

#![allow(
    dead_code,
    reason = "shared by the tests and the bench, each of which uses a part"
)]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use hdf5_writer::{
    AttributeBuilder, DatasetBuilder, FILTER_DEFLATE, FILTER_SHUFFLE, FilterDescription,
    Hdf5Builder, WriteOptions,
};

/// One frame: water, bent, in angstrom, displaced a little from frame to frame; no two are alike.
pub(crate) const NUMBERS: [u8; 3] = [8, 1, 1];

pub(crate) fn water(frame: usize) -> [[f64; 3]; 3] {
    let step = 0.001 * (frame % 40) as f64;
    let aside = 0.0021 * (frame / 40) as f64;
    [
        [0.0, 0.0, 0.0],
        [0.96 + step, 0.0, 0.0],
        [-0.24 - aside, 0.93 - step, 0.0],
    ]
}

pub(crate) fn force(frame: usize) -> [[f64; 3]; 3] {
    let size = 0.5 + 0.01 * (frame % 40) as f64;
    [[size, -size, 0.25], [-size, 0.0, 0.0], [0.0, size, -0.25]]
}

pub(crate) fn energy(frame: usize) -> f64 {
    -2079.0 - 0.125 * (frame % 40) as f64
}

/// Extended XYZ of `frames` frames of water.
pub(crate) fn xyz(frames: usize) -> String {
    let mut out = String::new();
    for frame in 0..frames {
        let spec = "Properties=species:S:1:pos:R:3:forces:R:3";
        writeln!(out, "3\n{spec} energy={} pbc=\"F F F\"", energy(frame)).expect("text");
        for (symbol, (p, f)) in ["O", "H", "H"]
            .iter()
            .zip(water(frame).iter().zip(force(frame)))
        {
            writeln!(
                out,
                "{symbol} {} {} {} {} {} {}",
                p[0], p[1], p[2], f[0], f[1], f[2]
            )
            .expect("text");
        }
    }
    out
}

fn flat(frames: usize, of: impl Fn(usize) -> [[f64; 3]; 3]) -> Vec<f64> {
    (0..frames)
        .flat_map(|frame| of(frame).into_iter().flatten())
        .collect()
}

/// A `.npy` file of 8-byte floats.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).expect("a short header");
    [
        b"\x93NUMPY\x01\x00",
        length.to_le_bytes().as_slice(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

pub(crate) fn floats(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A zip archive of named members, deflated or stored.
pub(crate) fn zip(members: &[(&str, Vec<u8>)], deflate: bool) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = if deflate {
        zip::CompressionMethod::Deflated
    } else {
        zip::CompressionMethod::Stored
    };
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("an archive").into_inner()
}

pub(crate) fn npz_members(frames: usize) -> Vec<(&'static str, Vec<u8>)> {
    let vectors = format!("({frames}, 3, 3)");
    let energies: Vec<f64> = (0..frames).map(energy).collect();
    let kcal: f64 = 0.043_364_104_241_800_93;
    let scaled = |values: Vec<f64>| {
        values
            .iter()
            .map(|value| value / kcal)
            .collect::<Vec<f64>>()
    };
    vec![
        ("nuclear_charges.npy", npy("|u1", "(3,)", &NUMBERS)),
        (
            "coords.npy",
            npy("<f8", &vectors, &floats(&flat(frames, water))),
        ),
        (
            "energies.npy",
            npy("<f8", &format!("({frames},)"), &floats(&scaled(energies))),
        ),
        (
            "forces.npy",
            npy("<f8", &vectors, &floats(&scaled(flat(frames, force)))),
        ),
    ]
}

/// rMD17-like archive of `frames` frames of water in kcal/mol.
pub(crate) fn npz(frames: usize) -> Vec<u8> {
    zip(&npz_members(frames), false)
}

fn deflated(dataset: DatasetBuilder, chunk: Vec<u64>) -> DatasetBuilder {
    let filter = |id, client_data| FilterDescription {
        id,
        name: None,
        client_data,
    };
    dataset
        .chunked(chunk)
        .filter(filter(FILTER_SHUFFLE, vec![4]))
        .filter(filter(FILTER_DEFLATE, vec![4]))
}

/// The parts of a project file, each open to damage before [`Project::bytes`].
pub(crate) struct Project {
    pub(crate) offset: Vec<i64>,
    pub(crate) numbers: Vec<u8>,
    pub(crate) position: Vec<f32>,
    pub(crate) force: Vec<f32>,
    pub(crate) energy: Vec<f64>,
    pub(crate) split: Vec<u8>,
    pub(crate) molecule: Vec<i32>,
    pub(crate) bond: Vec<i32>,
    pub(crate) bond_offset: Vec<i64>,
    pub(crate) smiles: Vec<String>,
    pub(crate) charge: Vec<i32>,
}

impl Project {
    /// `frames` frames of water, every tenth validation, every tenth test.
    pub(crate) fn new(frames: usize) -> Self {
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        Self {
            offset: (0..=frames).map(|frame| 3 * frame as i64).collect(),
            numbers: NUMBERS.repeat(frames),
            position: single(flat(frames, water)),
            force: single(flat(frames, force)),
            energy: (0..frames).map(energy).collect(),
            split: (0..frames)
                .map(|frame| [0, 1, 2, 0, 0, 0, 0, 0, 0, 0][frame % 10])
                .collect(),
            molecule: vec![0; frames],
            bond: vec![0, 1, 1, 0, 2, 1],
            bond_offset: vec![0, 2],
            smiles: vec!["O".to_owned()],
            charge: vec![0],
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let rows = |name: &str, values: &[f32]| {
            let rows = values.len() as u64 / 3;
            let dataset = DatasetBuilder::typed_data(name, vec![rows, 3], values).expect(name);
            deflated(dataset, vec![rows.clamp(1, 4096), 3])
        };
        let builder = Hdf5Builder::new()
            .group_attribute("meta", AttributeBuilder::fixed_string("name", "fixture"))
            .group_attribute(
                "meta",
                AttributeBuilder::fixed_string("level_of_theory", "none"),
            )
            .group_attribute("meta", AttributeBuilder::fixed_string("licence", "CC0-1.0"))
            .dataset(vector("offset", &self.offset))
            .dataset(vector("atomic_number", &self.numbers))
            .dataset(rows("position", &self.position))
            .dataset(rows("force", &self.force))
            .dataset(vector("energy", &self.energy))
            .dataset(vector("split", &self.split))
            .dataset(vector("molecule_index", &self.molecule))
            .dataset(vector("molecule/charge", &self.charge))
            .dataset(vector("molecule/bond_offset", &self.bond_offset))
            .dataset(
                DatasetBuilder::typed_data(
                    "molecule/bond",
                    vec![self.bond.len() as u64 / 3, 3],
                    &self.bond,
                )
                .expect("bond"),
            )
            .dataset(
                DatasetBuilder::fixed_string_data(
                    "molecule/smiles",
                    vec![self.smiles.len() as u64],
                    &self.smiles,
                )
                .expect("smiles"),
            );
        encode(builder)
    }
}

pub(crate) fn encode(builder: Hdf5Builder) -> Vec<u8> {
    builder
        .into_plan()
        .expect("a plan")
        .encode(WriteOptions::default())
        .expect("bytes")
}

fn vector<T: hdf5_writer::H5WriteElement>(name: &str, values: &[T]) -> DatasetBuilder {
    DatasetBuilder::typed_data(name, vec![values.len() as u64], values).expect(name)
}

/// Bohr in angstrom and hartree in eV, CODATA 2018, to write atomic units.
const BOHR: f64 = 0.529_177_210_903;
const HARTREE: f64 = 27.211_386_245_988;

/// SPICE-like file: `groups` groups of `frames` conformations of water in atomic units.
pub(crate) fn spice(groups: usize, frames: usize, smiles: &str) -> Hdf5Builder {
    let shape = vec![frames as u64, 3, 3];
    let position = |group: usize| -> Vec<f32> {
        let of = |frame| water(group * frames + frame);
        flat(frames, of).iter().map(|x| (x / BOHR) as f32).collect()
    };
    let gradient: Vec<f32> = flat(frames, force)
        .iter()
        .map(|x| (-x * BOHR / HARTREE) as f32)
        .collect();
    let energy: Vec<f64> = (0..frames).map(|frame| energy(frame) / HARTREE).collect();
    let units = |text| AttributeBuilder::fixed_string("units", text);
    (0..groups).fold(Hdf5Builder::new(), |builder, group| {
        let name = |array: &str| format!("m{group}/{array}");
        builder
            .dataset(vector(&name("atomic_numbers"), &[8_i16, 1, 1]))
            .dataset(
                DatasetBuilder::typed_data(name("conformations"), shape.clone(), &position(group))
                    .expect("conformations")
                    .attribute(units("bohr")),
            )
            .dataset(
                DatasetBuilder::typed_data(name("dft_total_gradient"), shape.clone(), &gradient)
                    .expect("gradient")
                    .attribute(units("hartree/bohr")),
            )
            .dataset(vector(&name("dft_total_energy"), &energy).attribute(units("hartree")))
            .dataset(
                DatasetBuilder::vlen_string_data(name("smiles"), vec![1], &[smiles])
                    .expect("smiles"),
            )
    })
}

/// Map of water whose hydrogens are written.
pub(crate) const WATER_SMILES: &str = "[H:2][O:1][H:3]";
